/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from one plan to the next, for logs and events. */
#ifndef PROXY_PLAN_DIFF_H
#define PROXY_PLAN_DIFF_H

#include "base/attr.h"
#include "proxy/plan.h"

enum plan_change {
	CHANGE_ROUTE_ADDED,
	CHANGE_ROUTE_UPDATED, /* in what is not its faults */
	CHANGE_ROUTE_REMOVED,
	CHANGE_FAULT_ARMED, /* new, enabled, or its conditions changed */
	CHANGE_FAULT_UPDATED, /* other parameters, live */
	CHANGE_FAULT_CLEARED,
	CHANGE_PARTITION_UP,
	CHANGE_PARTITION_DOWN,
};

/* One change; names are interned or borrowed from the plans. */
struct plan_change_item {
	enum plan_change change;
	const char *route; /* NULL for partitions */
	const char *fault; /* or the partition's name; NULL for routes */
	const char *kind;
};

/* The word for it in logs, events and the API; constant. */
const char *plan_change_word(enum plan_change change) PURE;
/* Calls `tell` for every change; `before` may be NULL (nothing there). */
void plan_diff(const struct plan *before, const struct plan *after,
    void (*tell)(void *arg, const struct plan_change_item *item), void *arg);

#endif
