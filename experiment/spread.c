/* SPDX-License-Identifier: Apache-2.0 */
/* Each route beside itself before the faults. */
#include "experiment/spread.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "experiment/compare.h"
#include "experiment/totals.h"

/* All windows of the record, merged. */
static void
windows_of(const struct record *part, struct periods *to)
{
	*to = (struct periods){0};
	for (size_t i = 0; i < part->routes_count; i++) {
		const struct route *r = &part->routes[i];

		for (size_t k = 0; k < r->windows_count; k++) {
			to->items = xrealloc(to->items, (to->count + 1) *
							    sizeof(*to->items));
			to->items[to->count++] = (struct period){
			    r->windows[k].from_us, r->windows[k].to_us};
		}
	}
	periods_merge(to);
}

/* Do calls of `route` lead, directly or through others, to `dependency`? */
static bool
leads_to(const struct record *part, size_t route, size_t dependency)
{
	size_t at = part->routes[dependency].edge;

	for (size_t i = 0; i < part->routes_count && at != RECORD_NONE; i++) {
		if (at == route)
			return true;
		at = part->routes[at].edge;
	}
	return false;
}

static bool
is_sibling(const struct record *part, size_t route)
{
	for (size_t i = 0; i < part->routes_count; i++) {
		if (part->routes[i].windows_count > 0 &&
		    (i == route || leads_to(part, route, i) ||
		     leads_to(part, i, route)))
			return false;
	}
	return true;
}

static bool
is_worse(const struct totals *base, const struct totals *now, int64_t noise_us)
{
	const struct totals *both[] = {base, now};
	struct digest d[2];

	for (size_t i = 0; i < 2; i++) {
		struct totals_quantile p95 = totals_at(both[i], 0.95);

		d[i] = (struct digest){
		    .n = both[i]->n,
		    .failed = both[i]->failed,
		    .p95_us = p95.us,
		    .p95_ci_us = p95.ci_us,
		};
	}
	return digest_is_worse(&d[0], &d[1], noise_us);
}

size_t
spread_find(const struct record *part, struct spread **to)
{
	struct period before = {INT64_MIN, INT64_MAX};
	struct periods during;

	windows_of(part, &during);
	if (during.count > 0)
		before.to_us = during.items[0].from_us;
	*to = xcalloc(part->routes_count + 1, sizeof(**to));
	for (size_t i = 0; i < part->routes_count; i++) {
		const struct route *r = &part->routes[i];
		struct spread *s = &(*to)[i];
		struct totals base, now;

		totals_calls(&r->calls, &(struct periods){&before, 1}, &base);
		totals_calls(&r->calls, &during, &now);
		s->route = r->name;
		s->faulted = r->windows_count > 0;
		s->sibling = is_sibling(part, i);
		s->observed = base.n >= COMPARE_MIN && now.n >= COMPARE_MIN;
		s->worse = s->observed &&
		    is_worse(&base, &now, part->noise_us);
		totals_fini(&base);
		totals_fini(&now);
	}
	periods_fini(&during);
	return part->routes_count;
}
