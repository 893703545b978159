/* SPDX-License-Identifier: Apache-2.0 */
/* A line and an event for each change. */
#include "proxy/tell_change.h"

#include "base/intern.h"
#include "base/log.h"

static const struct {
	const char *msg;
	enum event_type type; /* EVENT_TYPE_COUNT: no event */
} changes[] = {
    [CHANGE_ROUTE_ADDED] = {"route added", EVENT_TYPE_COUNT},
    [CHANGE_ROUTE_UPDATED] = {"route updated", EVENT_TYPE_COUNT},
    [CHANGE_ROUTE_REMOVED] = {"route removed", EVENT_TYPE_COUNT},
    [CHANGE_FAULT_ARMED] = {"fault armed", EVENT_FAULT_ARMED},
    [CHANGE_FAULT_UPDATED] = {"fault updated", EVENT_FAULT_ARMED},
    [CHANGE_FAULT_CLEARED] = {"fault cleared", EVENT_FAULT_CLEARED},
    [CHANGE_PARTITION_UP] = {"partition up", EVENT_PARTITION_UP},
    [CHANGE_PARTITION_DOWN] = {"partition healed", EVENT_PARTITION_DOWN},
};

void
tell_change(void *arg, const struct plan_change_item *item)
{
	const struct telling *t = arg;
	bool ends = item->change == CHANGE_FAULT_CLEARED ||
	    item->change == CHANGE_PARTITION_DOWN;
	bool partition = item->change == CHANGE_PARTITION_UP ||
	    item->change == CHANGE_PARTITION_DOWN;
	struct event_record e = {
	    .type = changes[item->change].type,
	    .time_us = ends ? t->to_us : t->from_us,
	    .route = intern(item->route),
	    .fault = intern(item->fault),
	    .kind = item->kind,
	    .what = plan_change_word(item->change),
	};

	log_line(LOG_INFO, plan_change_word(item->change),
	    changes[item->change].msg, LOG_STR("route", item->route),
	    LOG_STR(partition ? "partition" : "fault", item->fault),
	    LOG_STR("type", item->kind), LOG_END);
	if (t->events != NULL && e.type != EVENT_TYPE_COUNT)
		event_buffer_add(t->events, &e);
}
