/* SPDX-License-Identifier: Apache-2.0 */
/* By what both calls say, else by their times: an attempt begins while the
 * call that it is for is under way. */
#include "experiment/inbound.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/identity.h"

#define LOOK_BACK 1024 /* inbound calls that may be under way */

/* The inbound call that this attempt belongs to: one that says the same id,
 * else, of those alive, the latest without an attempt, else the latest.
 * ends[i]: until when any of the first i + 1 lives. */
static struct inbound *
cause(struct inbounds *in, const int64_t *ends, size_t end,
    const struct call *c)
{
	size_t stop = end > LOOK_BACK ? end - LOOK_BACK : 0;
	struct inbound *free_one = NULL, *latest = NULL;

	for (size_t i = end; i-- > stop && ends[i] >= c->start_us;) {
		struct inbound *b = &in->items[i];

		if (b->call->closed_us < c->start_us)
			continue;
		if (call_is_same(b->call, c))
			return b;
		if (latest == NULL)
			latest = b;
		if (free_one == NULL && b->attempts == 0)
			free_one = b;
	}
	return free_one != NULL ? free_one : latest;
}

/* The calls on the edge. Returns until when they live; owned. */
static int64_t *
take_edge(const struct calls *edge, struct inbounds *in)
{
	bool *skip = xcalloc(edge->count + 1, sizeof(*skip));
	int64_t *ends = xcalloc(edge->count + 1, sizeof(*ends));
	int64_t last_us = INT64_MIN;

	in->items = xcalloc(edge->count + 1, sizeof(*in->items));
	identity_checks(edge, skip);
	for (size_t i = 0; i < edge->count; i++) {
		if (skip[i])
			continue;
		last_us = MAX(last_us, edge->items[i].closed_us);
		ends[in->count] = last_us;
		in->items[in->count++].call = &edge->items[i];
	}
	free(skip);
	return ends;
}

/* One that is under way may still lead to an attempt; one that went elsewhere
 * was not skipped, but failed over. */
static void
drop_unclear(struct inbounds *in)
{
	size_t kept = 0;

	for (size_t i = 0; i < in->count; i++) {
		if (in->items[i].attempt != NULL ||
		    (in->items[i].call->outcome != CALL_OPEN &&
			!in->items[i].elsewhere))
			in->items[kept++] = in->items[i];
	}
	in->count = kept;
}

size_t
inbounds_from(const struct inbounds *in, int64_t at_us)
{
	size_t lo = 0, hi = in->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (in->items[mid].call->start_us < at_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static double
skip_share(const struct scope *s, const struct inbounds *in)
{
	size_t n = inbounds_from(in, s->baseline_to_us), skipped = 0;

	for (size_t i = 0; i < n; i++)
		skipped += in->items[i].attempt == NULL;
	if (n == 0)
		return 0.5;
	/* Of a few calls the share is not known well: its upper bound. */
	return MIN(MAX(3.0 / (double)n,
		       skipped == 0 ? 0 : stat_wilson(skipped, n).hi),
	    0.95);
}

/* Attempts of one route; `own`: the one that the scope is about. */
static void
match(const struct calls *calls, bool own, const int64_t *ends,
    struct inbounds *to)
{
	bool *skip = xcalloc(calls->count + 1, sizeof(*skip));
	size_t end = 0;

	identity_checks(calls, skip);
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];
		struct inbound *b;

		while (end < to->count &&
		    to->items[end].call->start_us <= c->start_us)
			end++;
		b = skip[i] ? NULL : cause(to, ends, end, c);
		if (b == NULL)
			continue;
		b->attempts++;
		b->elsewhere |= !own;
		if (own && b->attempt == NULL &&
		    (to->client == 0 || c->client == to->client))
			b->attempt = c;
	}
	free(skip);
}

void
inbounds_match(const struct scope *s, uint64_t client, struct inbounds *to)
{
	int64_t *ends;

	*to = (struct inbounds){.client = client};
	ends = take_edge(&s->edge->calls, to);
	match(&s->route->calls, true, ends, to);
	for (size_t i = 0; i < s->record->routes_count; i++) {
		const struct route *r = &s->record->routes[i];

		if (route_is_twin(s->route, r))
			match(&r->calls, false, ends, to);
	}
	drop_unclear(to);
	to->skip_share = skip_share(s, to);
	free(ends);
}

void
inbounds_fini(struct inbounds *in)
{
	free(in->items);
	*in = (struct inbounds){0};
}
