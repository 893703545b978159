/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays, and the little that all verdicts ask of them. */
#include "experiment/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/xalloc.h"

void
record_fini(struct record *r)
{
	for (size_t i = 0; i < r->routes_count; i++) {
		free(r->routes[i].calls.items);
		free(r->routes[i].connections.items);
		free(r->routes[i].windows);
	}
	free(r->routes);
	*r = (struct record){0};
}

size_t
record_find(const struct record *r, const char *name)
{
	for (size_t i = 0; i < r->routes_count; i++) {
		if (r->routes[i].name == name)
			return i;
	}
	for (size_t i = 0; i < r->routes_count; i++) {
		if (strcmp(r->routes[i].name, name) == 0)
			return i;
	}
	return RECORD_NONE;
}

struct route *
record_route(struct record *r, const char *name)
{
	size_t at;

	/* Names are interned, and the same route often comes again. */
	if (r->latest < r->routes_count && r->routes[r->latest].name == name)
		return &r->routes[r->latest];
	at = record_find(r, name);
	r->latest = at != RECORD_NONE ? at : r->routes_count;
	if (at != RECORD_NONE)
		return &r->routes[at];
	r->routes = xrealloc(r->routes,
	    (r->routes_count + 1) * sizeof(*r->routes));
	r->routes[r->routes_count] = (struct route){
	    .name = intern(name), .edge = RECORD_NONE};
	return &r->routes[r->routes_count++];
}

struct call *
record_add(struct calls *calls)
{
	if (calls->count == calls->room) {
		calls->room = calls->room > 0 ? calls->room * 2 : 64;
		calls->items = xrealloc(calls->items,
		    calls->room * sizeof(*calls->items));
	}
	calls->items[calls->count] = (struct call){.attempt = -1};
	return &calls->items[calls->count++];
}

void
record_arm(struct route *route, const struct window *window)
{
	/* One that was changed goes on. */
	for (size_t i = 0; i < route->windows_count; i++) {
		struct window *w = &route->windows[i];

		if (w->to_us == INT64_MAX && w->kind == window->kind &&
		    strcmp(w->fault, window->fault) == 0)
			return;
	}
	route->windows = xrealloc(route->windows,
	    (route->windows_count + 1) * sizeof(*route->windows));
	route->windows[route->windows_count++] = *window;
}

void
record_clear(struct route *route, const char *fault, int64_t at_us,
    size_t line)
{
	for (size_t i = 0; i < route->windows_count; i++) {
		struct window *w = &route->windows[i];

		if (w->to_us != INT64_MAX || strcmp(w->fault, fault) != 0)
			continue;
		w->to_us = at_us;
		w->line_to = line;
	}
}

static int
by_start(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* Those that came last are put among those in order: few, and near the end. */
static void
sort(struct calls *calls)
{
	struct call *items = calls->items, *fresh;
	size_t n = calls->count - calls->sorted, from = calls->sorted;
	size_t to = calls->count;

	if (n == 0)
		return;
	qsort(items + from, n, sizeof(*items), by_start);
	fresh = xmalloc(n * sizeof(*items));
	memcpy(fresh, items + from, n * sizeof(*items));
	while (n > 0) {
		bool older = from > 0 &&
		    by_start(&items[from - 1], &fresh[n - 1]) > 0;

		items[--to] = older ? items[--from] : fresh[--n];
	}
	calls->sorted = calls->count;
	free(fresh);
}

/* A route into a service causes the calls on the routes out of it. */
static void
find_edge(struct record *r, struct route *route)
{
	size_t found = RECORD_NONE;

	if (route->edge != RECORD_NONE || route->from == NULL)
		return;
	for (size_t i = 0; i < r->routes_count; i++) {
		const struct route *other = &r->routes[i];

		if (other == route || other->to == NULL ||
		    strcmp(other->to, route->from) != 0)
			continue;
		if (found != RECORD_NONE)
			return; /* which one is not to be told */
		found = i;
	}
	route->edge = found;
}

void
record_finish(struct record *r)
{
	for (size_t i = 0; i < r->routes_count; i++) {
		struct route *route = &r->routes[i];

		sort(&route->calls);
		sort(&route->connections);
		for (size_t k = 0; k < route->windows_count; k++) {
			struct window *w = &route->windows[k];

			if (w->to_us != INT64_MAX)
				continue;
			w->lasts = true;
			w->to_us = r->end_us;
		}
		find_edge(r, route);
	}
}

int64_t
record_baseline_end(const struct record *r)
{
	int64_t end_us = r->baseline_to_us != 0 ? r->baseline_to_us : INT64_MAX;

	for (size_t i = 0; i < r->routes_count; i++) {
		const struct route *route = &r->routes[i];

		for (size_t k = 0; k < route->windows_count; k++)
			end_us = MIN(end_us, route->windows[k].from_us);
	}
	return end_us;
}

bool
route_is_twin(const struct route *route, const struct route *other)
{
	return other != route && route->to != NULL &&
	    other->to == route->to &&
	    (route->from == NULL || other->from == NULL ||
		route->from == other->from);
}

bool
call_is_same(const struct call *a, const struct call *b)
{
	return (a->id != 0 && a->id == b->id) ||
	    (a->trace != 0 && a->trace == b->trace) ||
	    (a->token != 0 && a->token == b->token);
}

size_t
calls_from(const struct calls *calls, int64_t at_us)
{
	size_t lo = 0, hi = calls->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (calls->items[mid].start_us < at_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

double
calls_rate(const struct calls *calls, int64_t from_us, int64_t to_us)
{
	return (double)(calls_from(calls, to_us) -
		   calls_from(calls, from_us)) * 1e6 /
	    (double)MAX(to_us - from_us, 1);
}
