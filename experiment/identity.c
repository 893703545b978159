/* SPDX-License-Identifier: Apache-2.0 */
/* Calls in order of time join the chain of their key whose last attempt failed
 * and is over; a success, or too long a silence, closes a chain. */
#include "experiment/identity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define REPEATS_MAX  0.01 /* in the baseline, for L3 */
#define BASELINE_MIN 30	  /* calls, for L3 */
#define SAID_MIN     0.9  /* share of calls that must carry a counter or id */
#define NONE	     UINT32_MAX
#define LOOK_BACK    1024 /* calls on the edge that may be under way */

/* --- a map from keys to the last place of that key ------------------------ */

struct map {
	uint64_t *keys; /* 0: free */
	uint32_t *values;
	size_t mask;
};

static void
map_init(struct map *m, size_t keys)
{
	size_t size = 16;

	while (size < keys * 2)
		size *= 2;
	m->keys = xcalloc(size, sizeof(*m->keys));
	m->values = xcalloc(size, sizeof(*m->values));
	m->mask = size - 1;
}

static void
map_fini(struct map *m)
{
	free(m->keys);
	free(m->values);
}

/* The place of the key; NONE if it is new. */
static uint32_t *
map_at(struct map *m, uint64_t key)
{
	size_t i;

	key = key != 0 ? key : 1;
	i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & m->mask;
	while (m->keys[i] != 0 && m->keys[i] != key)
		i = (i + 1) & m->mask;
	if (m->keys[i] == 0) {
		m->keys[i] = key;
		m->values[i] = NONE;
	}
	return &m->values[i];
}

/* --- health checks -------------------------------------------------------- */

struct beat {
	size_t count;
	int64_t last_us;
	double sum, square;
};

static bool
is_steady(const struct beat *b, size_t calls)
{
	double n = (double)b->count - 1, mean = b->sum / n;
	double variance = b->square / n - mean * mean;

	return b->count >= 10 && b->count * 2 < calls && mean >= 500000 &&
	    sqrt(MAX(variance, 0)) < 0.05 * mean;
}

size_t
identity_checks(const struct calls *calls, bool *skip)
{
	struct beat *beats = xcalloc(calls->count + 1, sizeof(*beats));
	struct map map;
	size_t found = 0;
	uint32_t used = 0;

	map_init(&map, calls->count);
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];
		uint32_t *at = map_at(&map, c->request);
		struct beat *b;

		if (*at == NONE)
			*at = used++;
		b = &beats[*at];
		if (b->count++ > 0) {
			double gap = (double)(c->start_us - b->last_us);

			b->sum += gap;
			b->square += gap * gap;
		}
		b->last_us = c->start_us;
	}
	for (size_t i = 0; i < calls->count; i++) {
		uint32_t at = *map_at(&map, calls->items[i].request);

		skip[i] = calls->items[i].probe ||
		    is_steady(&beats[at], calls->count);
		found += skip[i];
	}
	map_fini(&map);
	free(beats);
	return found;
}

/* --- the rung ------------------------------------------------------------- */

struct work {
	const struct scope *s;
	struct chains *to;
	bool *skip;	/* by call */
	uint64_t *keys; /* by call */
	uint32_t *next; /* by call: the chain's next attempt */
	uint32_t *older; /* by chain: another open one of its key */
	uint32_t *last;	/* by chain: its last attempt */
	uint32_t *head;	/* by chain: its first attempt */
};

/* The share of calls that say of themselves which request they are. */
static double
said(const struct work *w, enum identity_level level)
{
	const struct calls *calls = &w->s->route->calls;
	size_t n = 0, yes = 0;

	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		if (w->skip[i])
			continue;
		n++;
		yes += level == LEVEL_COUNTER
		    ? c->attempt >= 0
		    : c->id != 0 || c->trace != 0;
	}
	return n > 0 ? (double)yes / (double)n : 0;
}

static uint64_t
mix(uint64_t a, uint64_t b)
{
	return (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) *
	    0xff51afd7ed558ccdu;
}

static uint64_t
key_of(const struct call *c, enum identity_level level)
{
	if (level <= LEVEL_ID && c->id != 0)
		return mix(c->id, 1);
	/* One trace makes many calls. */
	if (level <= LEVEL_ID && c->trace != 0)
		return mix(c->trace, c->request);
	return mix(c->request, c->client);
}

/* How many calls of the baseline have a key that was there within the window?
 * Returns false if there are too few to say. */
static bool
measure_repeats(struct work *w)
{
	const struct calls *calls = &w->s->route->calls;
	size_t until = calls_from(calls, w->s->baseline_to_us);
	size_t n = 0, again = 0;
	struct map map;

	map_init(&map, until);
	for (size_t i = 0; i < until; i++) {
		const struct call *c = &calls->items[i];
		uint32_t *at;

		if (w->skip[i])
			continue;
		at = map_at(&map, key_of(c, LEVEL_FINGERPRINT));
		again += *at != NONE && c->start_us -
			calls->items[*at].start_us <= IDENTITY_WINDOW_US;
		*at = (uint32_t)i;
		n++;
	}
	map_fini(&map);
	w->to->baseline = n;
	w->to->repeats = n > 0 ? (double)again / (double)n : 1;
	return n >= BASELINE_MIN;
}

/* How many of the first `end` calls on the edge were under way at that time?
 * `key` becomes the latest one's. ends[k]: until when any of the first k + 1
 * lives. */
static size_t
count_holders(const struct calls *edge, const int64_t *ends, size_t end,
    int64_t at_us, uint64_t *key)
{
	size_t stop = end > LOOK_BACK ? end - LOOK_BACK : 0, n = 0;

	/* More than one are as bad as many. */
	for (size_t k = end; k-- > stop && ends[k] >= at_us && n < 2;) {
		if (edge->items[k].closed_us < at_us)
			continue;
		if (n++ == 0)
			*key = k + 2;
	}
	return n;
}

/* Each call's one edge call, as its key; false: they overlap too often. */
static bool
nest(struct work *w)
{
	const struct calls *calls = &w->s->route->calls;
	const struct calls *edge;
	size_t unsure = 0, end = 0;
	int64_t *ends, last_us = INT64_MIN;

	if (w->s->edge == NULL || w->s->edge->calls.count == 0)
		return false;
	edge = &w->s->edge->calls;
	ends = xcalloc(edge->count, sizeof(*ends));
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		for (; end < edge->count &&
		     edge->items[end].start_us <= c->start_us; end++) {
			last_us = MAX(last_us, edge->items[end].closed_us);
			ends[end] = last_us;
		}
		unsure += count_holders(edge, ends, end, c->start_us,
			      &w->keys[i]) != 1;
	}
	free(ends);
	return calls->count > 0 &&
	    (double)unsure / (double)calls->count < REPEATS_MAX;
}

static enum identity_level
choose(struct work *w)
{
	const struct calls *calls = &w->s->route->calls;
	bool enough = measure_repeats(w);
	enum identity_level level = LEVEL_RATIO;

	if (said(w, LEVEL_COUNTER) >= SAID_MIN && said(w, LEVEL_ID) >= SAID_MIN)
		level = LEVEL_COUNTER;
	else if (said(w, LEVEL_ID) >= SAID_MIN)
		level = LEVEL_ID;
	else if (enough && w->to->repeats < REPEATS_MAX)
		level = LEVEL_FINGERPRINT;
	else if (nest(w))
		return LEVEL_NESTING;
	for (size_t i = 0; i < calls->count; i++)
		w->keys[i] = key_of(&calls->items[i], level);
	return level;
}

/* --- chains --------------------------------------------------------------- */

/* The oldest-ended open chain of the key that call i may join, or NONE. */
static uint32_t
joinable(struct work *w, uint32_t newest, size_t i)
{
	const struct call *items = w->s->route->calls.items;
	const struct call *c = &items[i];
	uint32_t best = NONE;

	for (uint32_t k = newest; k != NONE; k = w->older[k]) {
		const struct call *last = &items[w->last[k]];

		if (c->start_us - last->start_us > 2 * IDENTITY_WINDOW_US)
			break;
		if (!call_failed(last) || w->next[w->last[k]] != NONE)
			continue;
		if (last->end_us > c->start_us + w->s->record->noise_us ||
		    c->start_us - last->end_us > IDENTITY_WINDOW_US)
			continue;
		if (best == NONE || last->end_us <
			items[w->last[best]].end_us)
			best = k;
	}
	return best;
}

/* An attempt of the same request still runs. */
static bool
overlaps(const struct work *w, uint32_t newest, size_t i)
{
	const struct call *items = w->s->route->calls.items;

	return newest != NONE && w->to->level <= LEVEL_ID &&
	    items[w->last[newest]].end_us >
	    items[i].start_us + w->s->record->noise_us;
}

static void
link_calls(struct work *w)
{
	const struct calls *calls = &w->s->route->calls;
	struct map map;

	map_init(&map, calls->count);
	for (size_t i = 0; i < calls->count; i++) {
		uint32_t *newest, chain;

		w->next[i] = NONE;
		if (w->skip[i])
			continue;
		newest = map_at(&map, w->keys[i]);
		if (overlaps(w, *newest, i)) {
			w->to->hedges++;
			continue;
		}
		chain = w->to->level < LEVEL_RATIO ? joinable(w, *newest, i)
						   : NONE;
		if (chain == NONE) {
			chain = (uint32_t)w->to->count++;
			w->head[chain] = (uint32_t)i;
			w->older[chain] = *newest;
			*newest = chain;
		} else {
			w->next[w->last[chain]] = (uint32_t)i;
		}
		w->last[chain] = (uint32_t)i;
	}
	map_fini(&map);
}

static void
collect(struct work *w)
{
	struct chains *to = w->to;
	const struct calls *calls = &w->s->route->calls;
	size_t used = 0;

	to->items = xcalloc(to->count + 1, sizeof(*to->items));
	to->calls = xcalloc(calls->count + 1, sizeof(*to->calls));
	for (size_t k = 0; k < to->count; k++) {
		to->items[k].first = used;
		for (uint32_t i = w->head[k]; i != NONE; i = w->next[i])
			to->calls[used++] = &calls->items[i];
		to->items[k].length = used - to->items[k].first;
	}
}

void
chains_build(const struct scope *s, struct chains *to)
{
	size_t n = s->route->calls.count + 1;
	struct work w = {.s = s, .to = to};

	*to = (struct chains){0};
	w.skip = xcalloc(n, sizeof(*w.skip));
	w.keys = xcalloc(n, sizeof(*w.keys));
	w.next = xcalloc(n * 4, sizeof(*w.next));
	w.older = w.next + n;
	w.last = w.older + n;
	w.head = w.last + n;
	identity_checks(&s->route->calls, w.skip);
	for (size_t i = 0; i < s->route->calls.count; i++)
		w.skip[i] |= s->route->calls.items[i].method == NULL;
	to->level = choose(&w);
	link_calls(&w);
	collect(&w);
	free(w.skip);
	free(w.keys);
	free(w.next);
}

void
chains_fini(struct chains *c)
{
	free(c->items);
	free(c->calls);
	*c = (struct chains){0};
}

const char *
identity_name(enum identity_level level)
{
	static const char *const names[] = {"", "L1", "L2", "L3", "L4", "L5"};

	return names[level];
}
