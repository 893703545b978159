/* SPDX-License-Identifier: Apache-2.0 */
/* Which faults and partitions of a plan are in force at a moment: time moves
 * them (for, on, off) without any change of the configuration. */
#ifndef PROXY_PLAN_CLOCK_H
#define PROXY_PLAN_CLOCK_H

#include "proxy/plan_diff.h"

struct plan_clock;

/* Begins with what is in force at now_us; borrows the plan. Returns owned. */
struct plan_clock *plan_clock_new(const struct plan *plan, int64_t now_us);
/* Tells what came into and went out of force since the last look, and returns
 * when to look again (DEADLINE_NEVER: not at all). */
int64_t plan_clock_look(struct plan_clock *c, int64_t now_us,
    void (*tell)(void *arg, const struct plan_change_item *item), void *arg);
/* Did the model's n-th partition cut when it was last looked at? */
bool plan_clock_partition_up(const struct plan_clock *c, size_t n);
/* NULL is accepted. */
void plan_clock_free(struct plan_clock *c);

#endif
