/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mechanisms. */
#include "experiment/judge.h"

#include "base/attr.h"
#include "experiment/scope.h"

static void (*const mechanisms[])(const struct scope *, struct verdicts *) = {
    retry_judge,
    timeouts_judge,
    breaker_judge,
    reconnect_judge,
    fallback_judge,
    blast_judge,
    bulkhead_judge,
    recovery_judge,
    metastable_judge,
    failover_judge,
    honesty_judge,
    data_loss_judge,
};

/* Was this kind met on the route before window `at`? */
static bool
is_known(const struct route *r, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (r->windows[i].kind == r->windows[at].kind)
			return true;
	}
	return false;
}

void
judge_route(const struct record *record, size_t route, struct verdicts *to)
{
	const struct route *r = &record->routes[route];

	for (size_t k = 0; k < r->windows_count; k++) {
		struct scope s;

		if (is_known(r, k))
			continue;
		scope_init(&s, record, route, r->windows[k].kind);
		for (size_t m = 0; m < COUNT_OF(mechanisms); m++)
			mechanisms[m](&s, to);
		scope_fini(&s);
	}
}

void
judge_record(const struct record *record, struct verdicts *to)
{
	for (size_t i = 0; i < record->routes_count; i++)
		judge_route(record, i, to);
}
