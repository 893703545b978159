/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting is by time, the same for all routes: a call on the edge without
 * those that it led to would look as if a breaker had skipped it. A fault that
 * was armed before what is left looks as if it were armed a little later, so
 * that no request is judged whose first attempts are forgotten. */
#include "experiment/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/record_event.h"
#include "experiment/stat.h"

#define LATE_SAMPLES 120 /* of a second each, and worker */
#define SETTLE_US    10000000
#define QUIET_US     60000000
#define LOOK_EVERY   1024 /* events */

struct live {
	struct record record;
	size_t limit;
	int64_t start_us;
	size_t line; /* events so far */
	double late_us[LATE_SAMPLES];
	size_t late_count; /* so far; a ring */
	int64_t failed_us; /* the latest failure; 0: none */
	/* What live_news() told. */
	size_t told_line;
	int64_t told_us;
};

struct live *
live_new(size_t calls, int64_t start_us)
{
	struct live *l = xcalloc(1, sizeof(*l));

	l->limit = MAX(calls, 16);
	l->start_us = start_us;
	return l;
}

void
live_free(struct live *l)
{
	if (l == NULL)
		return;
	record_fini(&l->record);
	free(l);
}

size_t
live_count(const struct live *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->record.routes_count; i++)
		n += l->record.routes[i].calls.count +
		    l->record.routes[i].connections.count;
	return n;
}

/* --- forgetting ----------------------------------------------------------- */

/* Calls that began in [from_us, to_us), all routes; they are in order. */
static size_t
count_within(const struct live *l, int64_t from_us, int64_t to_us)
{
	size_t n = 0;

	for (size_t i = 0; i < l->record.routes_count; i++) {
		const struct route *r = &l->record.routes[i];

		n += calls_from(&r->calls, to_us) -
		    calls_from(&r->calls, from_us);
		n += calls_from(&r->connections, to_us) -
		    calls_from(&r->connections, from_us);
	}
	return n;
}

/* The earliest time from which on no more than `keep` began before to_us. */
static int64_t
cut_for(const struct live *l, int64_t to_us, size_t keep)
{
	int64_t lo = 0, hi = MIN(to_us, l->record.end_us + 1);

	while (lo < hi) {
		int64_t mid = lo + (hi - lo) / 2;

		if (count_within(l, mid, to_us) > keep)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Those before base_us, and within [gap_us, cut_us). */
static void
drop_calls(struct calls *calls, int64_t base_us, int64_t gap_us,
    int64_t cut_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < calls->count; i++) {
		int64_t at_us = calls->items[i].start_us;

		if (at_us >= cut_us || (at_us >= base_us && at_us < gap_us))
			calls->items[kept++] = calls->items[i];
	}
	calls->count = calls->sorted = kept;
}

static void
clip_windows(struct route *r, int64_t cut_us, int64_t settled_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->windows_count; i++) {
		struct window w = r->windows[i];

		if (w.from_us < cut_us) {
			w.from_us = settled_us;
			w.clipped = true;
		}
		if (w.from_us < w.to_us)
			r->windows[kept++] = w;
	}
	r->windows_count = kept;
}

static void
forget(struct live *l)
{
	int64_t first_us = record_baseline_end(&l->record);
	int64_t cut_us = cut_for(l, INT64_MAX, l->limit / 2);
	int64_t gap_us = MIN(first_us, cut_us);
	int64_t base_us = cut_for(l, gap_us, l->limit / 4);
	int64_t settled_us = cut_us +
	    MIN(SETTLE_US, (l->record.end_us - cut_us) / 4);

	for (size_t i = 0; i < l->record.routes_count; i++) {
		struct route *r = &l->record.routes[i];

		drop_calls(&r->calls, base_us, gap_us, cut_us);
		drop_calls(&r->connections, base_us, gap_us, cut_us);
		clip_windows(r, cut_us, settled_us);
	}
	/* A window that was clipped does not say any more when it began. */
	l->record.baseline_to_us = 0;
	if (record_baseline_end(&l->record) != INT64_MAX && first_us < cut_us)
		l->record.baseline_to_us = first_us;
}

void
live_forget(struct live *l, bool (*is_gone)(void *arg, const char *name),
    void *arg)
{
	struct record *r = &l->record;
	size_t kept = 0;

	for (size_t i = 0; i < r->routes_count; i++) {
		struct route *route = &r->routes[i];

		route->edge = RECORD_NONE; /* places change */
		if (!is_gone(arg, route->name)) {
			r->routes[kept++] = *route;
			continue;
		}
		free(route->calls.items);
		free(route->connections.items);
		free(route->windows);
	}
	r->routes_count = kept;
	r->latest = 0;
}

/* --- growing -------------------------------------------------------------- */

void
live_arm(struct live *l, const char *route, const char *fault,
    const char *kind, int64_t now_us)
{
	record_arm(record_route(&l->record, route),
	    &(struct window){.fault = fault, .kind = kind,
		.from_us = now_us - l->start_us, .to_us = INT64_MAX,
		.line = l->line, .clipped = true});
}

bool
live_wants_look(const struct live *l, int64_t now_us)
{
	for (size_t i = 0; i < l->record.routes_count; i++) {
		if (l->record.routes[i].windows_count > 0)
			return true;
	}
	return (l->failed_us != 0 && l->failed_us + QUIET_US >= now_us) ||
	    live_count(l) > 2 * l->limit;
}

void
live_relate(struct live *l, const char *route, const char *from,
    const char *to)
{
	struct route *r = record_route(&l->record, route);

	if (r->from != from || r->to != to)
		r->edge = RECORD_NONE;
	r->from = from;
	r->to = to;
}

/* --- looking -------------------------------------------------------------- */

static int
by_flow(const void *a, const void *b)
{
	const struct event_record *x = a, *y = b;

	if (x->route != y->route)
		return (uintptr_t)x->route < (uintptr_t)y->route ? -1 : 1;
	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	/* Types are constant words. */
	return (x->flow_type > y->flow_type) - (x->flow_type < y->flow_type);
}

/* The constant that the events have for that word; NULL: none has it. */
static const char *
type_in(const struct event_record *open, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(open[i].flow_type, word) == 0)
			return open[i].flow_type;
	}
	return NULL;
}

/* Flows whose end was taken meanwhile: what was asked is out of date. */
static void
cross_out(const char *route, const struct calls *calls, const char *word,
    struct event_record *open, size_t count)
{
	struct event_record key = {
	    .route = route, .flow_type = type_in(open, count, word)};

	for (size_t i = calls->sorted;
	     key.flow_type != NULL && i < calls->count; i++) {
		struct event_record *found;

		key.flow = calls->items[i].flow;
		found = bsearch(&key, open, count, sizeof(*open), by_flow);
		if (found != NULL)
			found->duration_us = -1;
	}
}

static int64_t
noise_us(const struct live *l)
{
	size_t n = MIN(l->late_count, LATE_SAMPLES);
	double sorted[LATE_SAMPLES];

	if (n == 0)
		return 0;
	memcpy(sorted, l->late_us, n * sizeof(*sorted));
	stat_sort(sorted, n);
	return (int64_t)stat_quantile(sorted, n, 0.95);
}

const struct record *
live_begin(struct live *l, struct event_record *open, size_t count,
    int64_t now_us)
{
	struct record *r = &l->record;

	if (count > 1)
		qsort(open, count, sizeof(*open), by_flow);
	for (size_t i = 0; count > 0 && i < r->routes_count; i++) {
		const struct route *route = &r->routes[i];

		cross_out(route->name, &route->calls, "exchange", open, count);
		cross_out(route->name, &route->connections, "stream", open,
		    count);
		cross_out(route->name, &route->connections, "connection", open,
		    count);
	}
	for (size_t i = 0; i < count; i++) {
		if (open[i].duration_us >= 0)
			record_take(r, &open[i], l->start_us, l->line + 1);
	}
	r->end_us = MAX(r->end_us, now_us - l->start_us);
	r->noise_us = noise_us(l);
	record_finish(r);
	return r;
}

/* Calls under way come again, or end. */
static void
drop_open(const struct live *l, struct calls *calls)
{
	size_t kept = 0;

	for (size_t i = 0; i < calls->count; i++) {
		if (calls->items[i].line > l->line)
			continue;
		if (kept < i)
			calls->items[kept] = calls->items[i];
		kept++;
	}
	calls->count = calls->sorted = kept;
}

void
live_end(struct live *l)
{
	for (size_t i = 0; i < l->record.routes_count; i++) {
		struct route *r = &l->record.routes[i];

		drop_open(l, &r->calls);
		drop_open(l, &r->connections);
		for (size_t k = 0; k < r->windows_count; k++) {
			if (!r->windows[k].lasts)
				continue;
			r->windows[k].lasts = false;
			r->windows[k].to_us = INT64_MAX;
		}
	}
	if (live_count(l) > l->limit)
		forget(l);
}

/* --- taking --------------------------------------------------------------- */

/* Not done, or with a status of failure. */
static bool
has_failed(const struct event_record *e)
{
	return e->what == NULL || strcmp(e->what, "done") != 0 ||
	    event_is_failure(e);
}

void
live_take(struct live *l, const struct event_record *e)
{
	l->line++;
	if (e->type == EVENT_LATENESS) {
		l->late_us[l->late_count++ % LATE_SAMPLES] = e->amount;
		return;
	}
	record_take(&l->record, e, l->start_us, l->line);
	if (e->type == EVENT_FLOW_CLOSE && has_failed(e))
		l->failed_us = e->time_us;
	/* Nobody has looked for long. */
	if (l->line % LOOK_EVERY == 0 && live_count(l) > 3 * l->limit) {
		record_finish(&l->record);
		live_end(l);
	}
}

/* --- telling -------------------------------------------------------------- */

/* Was it not there when it was looked for last? */
static bool
is_fresh(const struct live *l, const struct reaction *r)
{
	return r->line > 0 ? r->line > l->told_line && r->line <= l->line
			   : r->at_us > l->told_us;
}

void
live_news(struct live *l, const struct live_teller *to)
{
	struct reactions found = {0};

	reactions_find(&l->record, &found);
	for (size_t i = 0; i < found.count; i++) {
		if (is_fresh(l, &found.items[i]))
			to->reaction(to->arg, &found.items[i]);
	}
	for (size_t i = 0; i < l->record.routes_count; i++)
		to->breaker(to->arg, &l->record.routes[i],
		    found.breakers[i]);
	reactions_fini(&found);
	l->told_line = l->line;
	l->told_us = l->record.end_us;
}
