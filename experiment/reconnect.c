/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that a fault ended, and what their client did next: the pause
 * runs from our end to its next connection. */
#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/backoff.h"
#include "experiment/scope.h"

#define CUT_MIN	  5   /* connections that the fault ended */
#define SEED	  0x5eed
#define OVERLAP   0.1 /* share that began while another one was open */

struct series {
	double *pauses;	 /* owned */
	size_t *at;	 /* owned: rows of them, a client and window each */
	size_t rows;
	size_t *next;	 /* owned: by connection, its client's next one */
	size_t cut, followed, beside;
	double seconds;	 /* from the first to the last attempt, summed up */
	size_t gave_up;
	size_t line_first, line_last;
};

static bool
was_cut(const struct scope *s, const struct call *c)
{
	return c->kind == s->kind && c->outcome == CALL_RESET &&
	    scope_window(s, c->closed_us) != NULL;
}

static void
note_line(struct series *r, size_t line)
{
	if (r->line_first == 0 || line < r->line_first)
		r->line_first = line;
	r->line_last = MAX(r->line_last, line);
}

struct place {
	uint64_t client;
	size_t at;
};

static int
by_client(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* For every connection the next one of its client; itself: none. Owned. */
static size_t *
successors(const struct calls *all)
{
	struct place *places = xcalloc(all->count + 1, sizeof(*places));
	size_t *next = xcalloc(all->count + 1, sizeof(*next));

	for (size_t i = 0; i < all->count; i++)
		places[i] = (struct place){all->items[i].client, i};
	if (all->count > 1)
		qsort(places, all->count, sizeof(*places), by_client);
	for (size_t i = 0; i < all->count; i++) {
		bool last = i + 1 == all->count ||
		    places[i + 1].client != places[i].client;

		next[places[i].at] = places[last ? i : i + 1].at;
	}
	free(places);
	return next;
}

/* Follows one client from connection i on, as long as the fault cuts it.
 * `seen` are those that were looked at. */
static void
follow(const struct scope *s, size_t i, bool *seen, struct series *r)
{
	const struct calls *all = &s->route->connections;
	size_t used = r->at[r->rows], from = used;
	int64_t start_us = all->items[i].closed_us;
	const struct window *w = scope_window(s, start_us);
	const struct call *c = &all->items[i], *next;

	for (;;) {
		seen[c - all->items] = true;
		note_line(r, c->line);
		r->cut++;
		next = &all->items[r->next[c - all->items]];
		if (next == c)
			next = NULL;
		if (next == NULL || next->start_us >= w->to_us)
			break;
		r->followed++;
		r->beside += next->start_us < c->closed_us;
		r->pauses[used++] =
		    (double)MAX(next->start_us - c->closed_us, 0);
		if (!was_cut(s, next) || seen[next - all->items])
			break;
		c = next;
	}
	r->seconds += (double)(c->closed_us - start_us) / 1e6;
	r->gave_up += next == NULL && used > from && w->to_us - c->closed_us >
		3 * (int64_t)r->pauses[used - 1];
	if (used > from)
		r->at[++r->rows] = used;
}

static void
collect(const struct scope *s, struct series *r)
{
	const struct calls *all = &s->route->connections;
	bool *seen = xcalloc(all->count + 1, sizeof(*seen));

	*r = (struct series){0};
	r->pauses = xcalloc(all->count + 1, sizeof(*r->pauses));
	r->at = xcalloc(all->count + 2, sizeof(*r->at));
	r->next = successors(all);
	for (size_t i = 0; i < all->count; i++) {
		if (!seen[i] && was_cut(s, &all->items[i]))
			follow(s, i, seen, r);
	}
	free(seen);
}

static void
say(const struct scope *s, const struct series *r, struct verdict *v)
{
	double noise_us = (double)s->record->noise_us;
	struct backoff b;

	verdict_number(v, "attempts", (double)r->followed);
	if (r->seconds > 0)
		verdict_number(v, "per_s", (double)r->followed / r->seconds);
	verdict_number(v, "gave_up", (double)r->gave_up);
	if ((double)r->beside > OVERLAP * (double)r->followed) {
		verdict_say(v, STATE_PARTIAL, "%zu connections followed %zu "
		    "that were cut, several of one address at a time: pauses "
		    "cannot be told", r->followed, r->cut);
		verdict_wants(v, "clients of different addresses");
		return;
	}
	backoff_classify(&(struct stat_rows){r->pauses, r->at, r->rows},
	    noise_us, SEED, &b);
	backoff_put_facts(&b, v);
	verdict_say(v, STATE_CONFIRMED, "%zu connections followed %zu that "
	    "were cut, in %zu series", r->followed, r->cut, r->rows);
	if (b.shape > BACKOFF_IMMEDIATE)
		verdict_is_too_fine(v, b.first_us, noise_us, "pauses");
	if (b.shape == BACKOFF_INCREASING || b.shape == BACKOFF_UNKNOWN)
		verdict_wants(v, "five outages, or more clients");
}

void
reconnect_judge(const struct scope *s, struct verdicts *to)
{
	struct series r;
	struct verdict *v;

	collect(s, &r);
	if (r.cut > 0) {
		v = scope_verdict(s, to, "reconnect", "accepts/2");
		v->n = r.cut;
		verdict_line(v, r.line_first);
		verdict_line(v, r.line_last);
		if (r.followed > 0)
			say(s, &r, v);
		else if (r.cut >= CUT_MIN)
			verdict_say(v, STATE_ABSENT, "nobody came back after "
			    "%zu connections had been cut", r.cut);
		else
			verdict_say(v, STATE_INCONCLUSIVE, "nobody came back "
			    "after %zu connections, which are too few", r.cut);
		if (v->state == STATE_INCONCLUSIVE)
			verdict_wants(v, "%d connections that are cut",
			    CUT_MIN);
	}
	free(r.pauses);
	free(r.at);
	free(r.next);
}
