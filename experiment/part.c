/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of what a period holds. */
#include "experiment/part.h"

#include "base/attr.h"

static void
take_calls(const struct calls *whole, int64_t baseline_us,
	   const int64_t period_us[2], struct calls *to)
{
	size_t before = calls_from(whole, baseline_us);
	size_t from = MAX(calls_from(whole, period_us[0]), before);
	size_t end = calls_from(whole, period_us[1]);

	for (size_t i = 0; i < before; i++)
		*record_add(to) = whole->items[i];
	for (size_t i = from; i < end; i++)
		*record_add(to) = whole->items[i];
}

/* One of before may live on into the period. */
static void
take_connections(const struct calls *whole, int64_t baseline_us,
		 const int64_t period_us[2], struct calls *to)
{
	for (size_t i = 0; i < whole->count; i++) {
		const struct call *c = &whole->items[i];

		if (c->start_us < baseline_us ||
		    (c->start_us < period_us[1] &&
		     MAX(c->end_us, c->closed_us) >= period_us[0]))
			*record_add(to) = *c;
	}
}

void
part_take(const struct record *whole, int64_t baseline_us,
	  const int64_t period_us[2], struct record *to)
{
	for (size_t i = 0; i < whole->routes_count; i++) {
		const struct route *from = &whole->routes[i];
		struct route *r = record_route(to, from->name);

		r->from = from->from;
		r->to = from->to;
		r->edge = from->edge;
		take_calls(&from->calls, baseline_us, period_us, &r->calls);
		take_connections(&from->connections, baseline_us, period_us,
				 &r->connections);
		for (size_t k = 0; k < from->windows_count; k++) {
			struct window w = from->windows[k];

			if (w.from_us < period_us[0] ||
			    w.from_us >= period_us[1])
				continue;
			w.lasts |= w.to_us > period_us[1];
			w.to_us = MIN(w.to_us, period_us[1]);
			record_arm(r, &w);
		}
	}
	to->end_us = MIN(whole->end_us, period_us[1]);
	to->steady_us = whole->steady_us;
	to->steady_p95 = whole->steady_p95;
	to->noise_us = whole->noise_us;
	to->lost = whole->lost;
}
