/* SPDX-License-Identifier: Apache-2.0 */
/* From events into a record: those of a journal that was read, or those that
 * happen now. A verdict needs the ends of flows and the arming of faults; all
 * else is passed over. */
#ifndef EXPERIMENT_RECORD_EVENT_H
#define EXPERIMENT_RECORD_EVENT_H

#include "experiment/record.h"
#include "observe/event.h"

/* The types that are not passed over, as EVENT_BIT()s; with the lateness of
 * timers and gaps, which callers see to. */
#define RECORD_EVENTS                                                          \
	(EVENT_BIT(EVENT_FLOW_CLOSE) | EVENT_BIT(EVENT_FAULT_ARMED) |          \
	    EVENT_BIT(EVENT_FAULT_CLEARED) | EVENT_BIT(EVENT_LATENESS) |       \
	    EVENT_BIT(EVENT_GAP))

/* Does the end of a flow tell of an answer that is the server's failure? */
bool event_is_failure(const struct event_record *e);
/* Adds what the event tells, whose times count from start_us on; `line` is the
 * evidence. Names in it must be interned or constant. */
void record_take(struct record *to, const struct event_record *e,
    int64_t start_us, size_t line);

#endif
