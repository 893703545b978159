/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: from when to when which fault or partition was in force. Whatever
 * is told about faults from outside (alerts) is matched with them, and Grafana
 * shows them. Made of the events of the control thread; what flaps is one
 * window as long as it is enabled. Those that are over are remembered for a
 * while, and all of them are bounded. */
#ifndef TELEMETRY_WINDOWS_H
#define TELEMETRY_WINDOWS_H

#include <stddef.h>

#include "base/clock.h"
#include "observe/event.h"

#define WINDOWS_MAX	1024
#define WINDOW_KEPT_US	INT64_C(900000000) /* once it is over */
/* An alert may come so long after what caused it is over. */
#define WINDOW_LATE_US	INT64_C(120000000)
/* … and seem so much earlier, by another machine's clock. */
#define WINDOW_EARLY_US INT64_C(2000000)

/* What the configuration says about a fault or partition. */
struct window_facts {
	int64_t for_us; /* it ends by itself; 0: it does not */
	bool flaps;
	bool enabled; /* it is there, and it is to act */
	const char *experiment; /* that it is part of; interned; or NULL */
	const char *from, *to; /* services; interned; NULL: unnamed */
	const char *services; /* of a partition, "\na\nb\n"; interned; NULL:
				 none */
};

struct fault_window {
	uint64_t number;   /* from 1, never used again */
	const char *route; /* interned; NULL: a partition */
	const char *fault; /* or the partition; interned */
	const char *kind;  /* NULL: a partition */
	const char *experiment, *from, *to, *services; /* as the facts say */
	int64_t start_us, end_us; /* monotonic; end 0: it is not over */
	int64_t planned_us; /* it will end by itself; 0: nobody knows */
};

struct windows_settings {
	const struct clock *clock; /* borrowed */
	/* What is configured now; route NULL: about a partition. */
	void (*facts)(void *arg, const char *route, const char *fault,
	    struct window_facts *to);
	/* A window opened (end_us 0) or is over; borrowed for the call. */
	void (*changed)(void *arg, const struct fault_window *w);
	void *arg;
};

struct windows;

/* What it needs to hear. */
#define WINDOWS_EVENTS                                                         \
	(EVENT_BIT(EVENT_FAULT_ARMED) | EVENT_BIT(EVENT_FAULT_CLEARED) |       \
	    EVENT_BIT(EVENT_PARTITION_UP) | EVENT_BIT(EVENT_PARTITION_DOWN))

/* No window. Borrows what the settings name. Returns owned. */
struct windows *windows_new(const struct windows_settings *settings);
/* NULL is accepted. */
void windows_free(struct windows *all);
/* An event_sink_fn; `windows` is a struct windows. */
void windows_consume(void *windows, const struct event_record *event);
/* Calls `each` for every window that is not over. */
void windows_each(const struct windows *all,
    void (*each)(void *arg, const struct fault_window *w), void *arg);
/* What something is about that may be due to a fault; NULL: it does not say. */
struct window_place {
	const char *route, *service;
	const char *from, *to; /* services of the route */
};

/* The newest window that something at at_us (monotonic) may be due to: one on
 * that route, of a service of that name, or a partition that one of its
 * services is part of. Borrowed until the next event; NULL: there is none. */
const struct fault_window *windows_match(const struct windows *all,
    const struct window_place *place, int64_t at_us);

/* The newest window of the fault that acted on a flow, or of the partition that
 * made it; `close` is the flow's end. Borrowed and NULL as above. */
const struct fault_window *windows_of(const struct windows *all,
    const struct event_record *close);

#endif
