/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of one kind, merged. */
#include "experiment/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

static int
by_time(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

static void
merge(struct scope *s)
{
	size_t kept = 0;

	if (s->windows_count > 1)
		qsort(s->windows, s->windows_count, sizeof(*s->windows),
		    by_time);
	for (size_t i = 0; i < s->windows_count; i++) {
		struct window *last = &s->windows[kept - (kept > 0)];
		const struct window *w = &s->windows[i];

		if (kept == 0 || w->from_us > last->to_us) {
			s->windows[kept++] = *w;
			continue;
		}
		last->to_us = MAX(last->to_us, w->to_us);
		last->line_to = MAX(last->line_to, w->line_to);
		last->lasts |= w->lasts;
	}
	s->windows_count = kept;
}

void
scope_init(struct scope *s, const struct record *record, size_t route,
    const char *kind)
{
	const struct route *r = &record->routes[route];

	*s = (struct scope){.record = record, .route = r, .kind = kind,
	    .baseline_to_us = record_baseline_end(record)};
	s->edge = r->edge != RECORD_NONE ? &record->routes[r->edge] : NULL;
	s->windows = xcalloc(r->windows_count + 1, sizeof(*s->windows));
	for (size_t i = 0; i < r->windows_count; i++) {
		if (kind == NULL || r->windows[i].kind == kind)
			s->windows[s->windows_count++] = r->windows[i];
	}
	merge(s);
}

void
scope_fini(struct scope *s)
{
	free(s->windows);
	s->windows = NULL;
}

const struct window *
scope_window(const struct scope *s, int64_t at_us)
{
	size_t lo = 0, hi = s->windows_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->windows[mid].to_us <= at_us)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->windows_count && s->windows[lo].from_us <= at_us
	    ? &s->windows[lo]
	    : NULL;
}

bool
scope_overlaps(const struct scope *s, const struct route *r)
{
	for (size_t i = 0; i < r->windows_count; i++) {
		for (size_t k = 0; k < s->windows_count; k++) {
			if (r->windows[i].from_us < s->windows[k].to_us &&
			    s->windows[k].from_us < r->windows[i].to_us)
				return true;
		}
	}
	return false;
}

const struct route *
scope_other_fault(const struct scope *s)
{
	for (size_t i = 0; i < s->record->routes_count; i++) {
		const struct route *r = &s->record->routes[i];

		if (r != s->route && scope_overlaps(s, r))
			return r;
	}
	return NULL;
}

double
scope_seconds(const struct scope *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->windows_count; i++)
		sum += (double)(s->windows[i].to_us - s->windows[i].from_us) /
		    1e6;
	return sum;
}

struct verdict *
scope_verdict(const struct scope *s, struct verdicts *to, const char *mech,
    const char *method)
{
	struct verdict *v = verdicts_add(to, mech, method);

	v->route = s->route->name;
	v->fault = s->kind;
	for (size_t i = 0; i < s->windows_count; i++)
		verdict_window(v, &s->windows[i]);
	return v;
}
