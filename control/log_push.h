/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the log's lines go to Loki beside the descriptor, as the group loki
 * says. It begins before everything that has something to say, and ends behind
 * it. Control thread only. */
#ifndef CONTROL_LOG_PUSH_H
#define CONTROL_LOG_PUSH_H

#include "config/model.h"
#include "telemetry/counts.h"

struct log_push;

/* As the model says, from now on. Returns owned. */
struct log_push *log_push_new(const struct conf_model *model);
/* From now on it is as the model says; what did not change goes on. What is
 * wrong is logged, and nothing pushed then. */
void log_push_apply(struct log_push *p, const struct conf_model *model);
/* What was lost, and room for what the rest of telemetry loses. Borrowed. */
struct telemetry_counts *log_push_counts(const struct log_push *p);
/* Sends what is there; waits for that as courier_end() does. NULL is
 * accepted. */
void log_push_free(struct log_push *p, int64_t wait_us);

#endif
