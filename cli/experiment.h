/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about experiments share. */
#ifndef CLI_EXPERIMENT_H
#define CLI_EXPERIMENT_H

#include "cli/options.h"
#include "config/model.h"

/* The model of a file that holds an experiment. Returns it counted, or NULL and
 * at least one error in diag. */
struct conf_model *experiment_read(const char *path, struct conf_diag *diag);
/* The same; what was found is said on stderr. */
struct conf_model *experiment_load(const char *path);

/* One of its verbs (cmd_experiment_schedule.c). */
extern const struct command command_experiment_schedule;

#endif
