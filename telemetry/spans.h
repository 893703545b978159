/* SPDX-License-Identifier: Apache-2.0 */
/* From events to spans: what a flow said at its end, and what faults did to it
 * before, become the spans of a trace.
 *
 *	HTTP	SERVER "GET shop"  towards the client, with what faults did
 *		  └ CLIENT "GET"   towards the upstream, if it was called
 *	TCP	CLIENT "tcp db"    one for a connection; "udp db" likewise
 */
#ifndef TELEMETRY_SPANS_H
#define TELEMETRY_SPANS_H

#include "observe/event.h"
#include "observe/otlp.h"

struct spans;

struct spans_settings {
	/* Gets every span, borrowed for the call. */
	void (*add)(void *arg, const struct otlp_span *span);
	void *arg;
	/* Which experiment the fault was part of that acted on a flow, by the
	 * flow's end; interned; NULL: none. NULL: nobody knows. */
	const char *(*experiment)(const void *of,
	    const struct event_record *close);
	const void *of;
	const char *run; /* beside an experiment: faultwire.run.id; borrowed */
	/* From a monotonic time to one since 1970, both µs. */
	int64_t (*wall_us)(int64_t monotonic_us);
};

/* Returns owned. */
struct spans *spans_new(const struct spans_settings *settings);
/* What it needs to hear of flows that are kept. */
#define SPANS_EVENTS                                                           \
	(EVENT_BIT(EVENT_EFFECT) | EVENT_BIT(EVENT_MEASURE) |                  \
	    EVENT_BIT(EVENT_FLOW_CLOSE))
/* An event_sink_fn; `spans` is a struct spans. */
void spans_consume(void *spans, const struct event_record *event);
/* NULL is accepted. */
void spans_free(struct spans *s);

#endif
