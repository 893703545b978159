/* SPDX-License-Identifier: Apache-2.0 */
/* The last failed attempts, in a table that forgets: a new one takes the place
 * of whatever was there. */
#include "telemetry/retries.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define PLACES 1024 /* a power of two */

struct attempt {
	const char *route; /* NULL: an empty place */
	uint64_t request;
	unsigned char trace_id[TRACE_ID_SIZE];
	unsigned char span_id[SPAN_ID_SIZE];
	int count;	/* of attempts before it */
	int64_t end_us; /* it was over */
};

struct retries {
	struct attempt places[PLACES];
};

struct retries *
retries_new(void)
{
	return xcalloc(1, sizeof(struct retries));
}

void
retries_free(struct retries *r)
{
	free(r);
}

static struct attempt *
place_of(struct retries *r, const struct event_record *e)
{
	uint64_t id;

	memcpy(&id, e->trace->in.trace_id, sizeof(id));
	return &r->places[((id ^ e->who.request) * 0x9e3779b97f4a7c15u >> 40) %
	    PLACES];
}

static bool
is_same(const struct attempt *a, const struct event_record *e)
{
	return a->route == e->route && a->request == e->who.request &&
	    memcmp(a->trace_id, e->trace->in.trace_id, TRACE_ID_SIZE) == 0;
}

void
retries_look(struct retries *r, const struct event_record *e,
    struct retry *to)
{
	struct attempt *a = place_of(r, e);
	int64_t start_us = e->time_us - (int64_t)e->duration_us;
	const unsigned char *span_id = e->trace->call_us != 0
	    ? e->trace->client_id
	    : e->trace->server_id;

	*to = (struct retry){.count = MAX(e->who.attempt, 0)};
	if (is_same(a, e) && start_us >= a->end_us) {
		to->count = MAX(to->count, a->count + 1);
		memcpy(to->span_id, a->span_id, SPAN_ID_SIZE);
	}
	if (e->status > 0 && e->status < 500 && e->status != 429) {
		if (is_same(a, e))
			a->route = NULL;
		return;
	}
	a->route = e->route;
	a->request = e->who.request;
	memcpy(a->trace_id, e->trace->in.trace_id, TRACE_ID_SIZE);
	memcpy(a->span_id, span_id, SPAN_ID_SIZE);
	a->count = to->count;
	a->end_us = e->time_us;
}
