/* SPDX-License-Identifier: Apache-2.0 */
/* Counts are those of now, calls and verdicts those of the look. */
#include "control/observer_put.h"

#include <string.h>

#include "base/json.h"

static void
put_counts(struct jsonw *w, const struct observed *o)
{
	struct histogram_sum waits = {0};
	uint64_t all = 0;

	jsonw_key(w, "retries");
	jsonw_object(w);
	for (int i = 0; i < RETRY_CAUSE_COUNT; i++) {
		uint64_t n = counter_get(&o->retries[i]);

		all += n;
		if (n > 0)
			jsonw_put_uint(w, retry_cause_name(i), n);
	}
	jsonw_put_uint(w, "total", all);
	jsonw_object_end(w);
	jsonw_put_uint(w, "recovered", counter_get(&o->saved));
	jsonw_put_uint(w, "given_up", counter_get(&o->stopped));
	histogram_read(&o->waits, &waits);
	jsonw_put_uint(w, "left", histogram_count(&waits));
	jsonw_put_string(w, "breaker", breaker_state_name(o->breaker));
	if (o->recovery_s >= 0)
		jsonw_put_double(w, "recovery_s", o->recovery_s);
}

/* What was found of a route that was not there yet is nothing. */
static struct look_route
found_of(const struct look *look, const char *route)
{
	for (size_t i = 0; i < look->routes_count; i++) {
		if (look->routes[i].name == route)
			return look->routes[i];
	}
	return (struct look_route){.name = route};
}

static void
put_route(struct jsonw *w, const struct look *look, const struct observed *o)
{
	struct look_route found = found_of(look, o->route);

	jsonw_object(w);
	jsonw_put_string(w, "route", o->route);
	jsonw_put_uint(w, "calls", found.calls);
	put_counts(w, o);
	jsonw_key(w, "verdicts");
	jsonw_raw(w, found.verdicts != NULL ? view_of(found.verdicts)
					    : (struct view)VIEW("[]"));
	jsonw_object_end(w);
}

static void
put_measurement(struct jsonw *w, const struct look *look)
{
	jsonw_key(w, "measurement");
	jsonw_object(w);
	jsonw_put_int(w, "noise_us", look->noise_us);
	jsonw_put_uint(w, "lost", look->lost);
	jsonw_put_double(w, "seconds", (double)look->end_us / 1e6);
	jsonw_put_uint(w, "calls", look->calls);
	jsonw_object_end(w);
}

void
observer_put(struct str *to, const struct look *look,
    const struct observed_routes *routes, const char *only)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_put_bool(&w, "observing", look != NULL);
	if (look != NULL)
		put_measurement(&w, look);
	jsonw_key(&w, "routes");
	jsonw_array(&w);
	for (size_t i = 0; look != NULL && i < routes->count; i++) {
		const char *name = routes->items[i]->route;

		if (only == NULL || strcmp(only, name) == 0)
			put_route(&w, look, routes->items[i]);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}
