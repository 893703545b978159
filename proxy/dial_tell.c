/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of dials: words, counts, events. */
#include "proxy/dial.h"

#include <errno.h>

#include "faults/flow_trace.h"
#include "proxy/worker.h"

/* "ok", … */
static const char *
name_of(enum dial_result result)
{
	static const char *const words[] = {
#define X(id, word, error) word,
	    DIAL_RESULTS(X)
#undef X
	};

	return words[result];
}

const char *
dial_result_error(enum dial_result result)
{
	static const char *const errors[] = {
#define X(id, word, error) error,
	    DIAL_RESULTS(X)
#undef X
	};

	return errors[result];
}

void
dial_count(struct route_counts *counts, enum dial_result result, int64_t us)
{
	static const enum connect_result results[] = {
	    [DIAL_OK] = CONNECT_OK,
	    [DIAL_REFUSED] = CONNECT_REFUSED,
	    [DIAL_RESET] = CONNECT_RESET,
	    [DIAL_TIMEOUT] = CONNECT_TIMEOUT,
	    [DIAL_UNREACHABLE] = CONNECT_UNREACHABLE,
	    [DIAL_DNS] = CONNECT_DNS,
	    [DIAL_TLS] = CONNECT_TLS,
	    [DIAL_LOOP] = CONNECT_LOOP,
	};

	counter_add(&counts->connects[results[result]], 1);
	if (result == DIAL_OK)
		histogram_add(&counts->connect, &histogram_durations, us);
}

void
dial_tell(struct flow *f, enum dial_result result, int64_t since_us)
{
	struct event_record e;

	if (result != DIAL_OK)
		flow_trace_unreached(f, name_of(result));
	if (!flow_event(f, EVENT_CONNECT, &e))
		return;
	e.what = name_of(result);
	e.duration_us = (double)(e.time_us - since_us);
	flow_emit(f, &e);
}

enum dial_result
dial_result_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT:
		return DIAL_REFUSED;
	case ECONNRESET:
		return DIAL_RESET;
	case ETIMEDOUT:
		return DIAL_TIMEOUT;
	case EDEADLK:
		return DIAL_LOOP;
	default:
		return DIAL_UNREACHABLE;
	}
}
