/* SPDX-License-Identifier: Apache-2.0 */
/* The member "state" of routes, faults and partitions: what is, beside what
 * was asked for. Figures are added up over the workers. */
#include <string.h>

#include "base/deadline.h"
#include "control/v1_call.h"

static const struct armed_route *
armed_route(struct v1 *v1, const char *name)
{
	const struct plan *plan = server_plan(state_server(v1->parts.state));

	return plan != NULL ? plan_route(plan, name) : NULL;
}

static void
put_origin(struct jsonw *w, bool from_api)
{
	jsonw_put_string(w, "origin", from_api ? "api" : "file");
}

/* The lease that something depends on, if it still runs. */
static void
put_lease(struct v1 *v1, struct jsonw *w, const struct conf_leased *leased)
{
	uint64_t number = leased->made != 0 ? leased->made : leased->enabled;
	const char *id = NULL;

	for (size_t i = 0; number != 0 && i < v1->leases.count; i++) {
		if (v1->leases.items[i]->number == number)
			id = v1->leases.items[i]->id;
	}
	jsonw_put_string(w, "lease", id);
}

/* Seconds until then; null: it does not end by itself. */
static void
put_ends(struct v1 *v1, struct jsonw *w, int64_t ends_us)
{
	int64_t left = ends_us - clock_now(v1->parts.clock);

	if (ends_us != DEADLINE_NEVER && left >= 0) {
		v1_put_seconds(w, "ends_in", left);
		return;
	}
	jsonw_key(w, "ends_in");
	jsonw_null(w);
}

static int64_t
fault_ends(const struct armed_fault *f)
{
	int64_t for_us = f->conf->conditions.for_us;

	return for_us > 0 ? f->shared->armed_us + for_us : DEADLINE_NEVER;
}

/* --- routes --- */

static void
put_both(struct jsonw *w, const char *key, const uint64_t *bytes)
{
	jsonw_key(w, key);
	jsonw_object(w);
	jsonw_put_uint(w, "upstream", bytes[LINK_UP]);
	jsonw_put_uint(w, "downstream", bytes[LINK_DOWN]);
	jsonw_object_end(w);
}

static uint64_t
requests_of(const struct route_counts *counts)
{
	const struct http_counts *http = counters_get_http(counts);
	uint64_t sum = 0;

	for (int faulted = 0; http != NULL && faulted < 2; faulted++) {
		for (unsigned code = 0; code < CODE_COUNT; code++)
			sum += counter_get(&http->requests[faulted][code]);
	}
	return sum;
}

static void
put_traffic(struct jsonw *w, const struct armed_route *route)
{
	uint64_t received[2] = {0}, sent[2] = {0}, accepted = 0, requests = 0;
	const struct route_counts *c =
	    route == NULL ? NULL : counters_first(&route->shared->counters);

	for (; c != NULL; c = c->next) {
		for (int dir = 0; dir < 2; dir++) {
			received[dir] += counter_get(&c->received[dir]);
			sent[dir] += counter_get(&c->sent[dir]);
		}
		accepted += counter_get(&c->accepted);
		requests += requests_of(c);
	}
	jsonw_put_uint(w, "accepted", accepted);
	put_both(w, "received_bytes", received);
	put_both(w, "sent_bytes", sent);
	jsonw_put_uint(w, "requests", requests);
}

void
v1_put_route_state(struct v1 *v1, struct jsonw *w, const struct conf_route *r)
{
	const struct armed_route *route = armed_route(v1, r->name);
	const char *listening = NULL;

	if (route != NULL && r->enabled)
		listening =
		    server_listening(state_server(v1->parts.state), route);
	jsonw_key(w, "state");
	jsonw_object(w);
	put_origin(w, r->from_api);
	put_lease(v1, w, &r->leased);
	jsonw_put_string(w, "listening", listening);
	jsonw_put_int(w, "sessions",
		      route == NULL ? 0
				    : atomic_load(&route->shared->connections));
	put_traffic(w, route);
	jsonw_object_end(w);
}

/* --- faults --- */

static const struct armed_fault *
armed_fault(const struct armed_route *route, const char *name)
{
	for (size_t i = 0; route != NULL && i < route->faults_count; i++) {
		if (strcmp(route->faults[i].name, name) == 0)
			return &route->faults[i];
	}
	return NULL;
}

/* What the faults of one kind did on a route. */
struct done {
	uint64_t injected, skipped[SKIP_COUNT], held;
	struct histogram_sum delay, error;
};

static void
add_done(struct done *to, const struct route_counts *counts, const char *kind)
{
	const struct fault_counts *f = counters_first_fault(counts);

	for (; f != NULL; f = f->next) {
		if (f->kind != kind)
			continue;
		to->injected += counter_get(&f->injected);
		to->held += counter_get(&f->held);
		for (int i = 0; i < SKIP_COUNT; i++)
			to->skipped[i] += counter_get(&f->skipped[i]);
		histogram_read(&f->delay, &to->delay);
		histogram_read(&f->error, &to->error);
	}
}

static void
put_delay(struct jsonw *w, const struct done *done)
{
	uint64_t count = histogram_count(&done->delay);
	double n = count > 0 ? (double)count : 1;

	jsonw_key(w, "delay");
	jsonw_object(w);
	jsonw_put_uint(w, "count", count);
	jsonw_put_double(
	    w, "asked_mean_us",
	    ((double)done->delay.sum_us - (double)done->error.sum_us) / n);
	jsonw_put_double(w, "achieved_mean_us", (double)done->delay.sum_us / n);
	jsonw_object_end(w);
}

static void
put_done(struct jsonw *w, const struct armed_route *route, const char *kind)
{
	static const char *const reasons[] = {
#define X(id, word) word,
	    SKIP_WORDS(X)
#undef X
	};
	const struct route_counts *c =
	    route == NULL ? NULL : counters_first(&route->shared->counters);
	struct done done = {0};

	for (; c != NULL; c = c->next)
		add_done(&done, c, kind);
	jsonw_put_uint(w, "injected", done.injected);
	jsonw_key(w, "skipped");
	jsonw_object(w);
	for (int i = 0; i < SKIP_COUNT; i++)
		jsonw_put_uint(w, reasons[i], done.skipped[i]);
	jsonw_object_end(w);
	/* The workers' figures are read one after the other. */
	jsonw_put_int(w, "held", MAX((int64_t)done.held, 0));
	put_delay(w, &done);
}

void
v1_put_fault_state(struct v1 *v1, struct jsonw *w, const struct conf_route *r,
		   const struct conf_fault *f)
{
	const struct armed_route *route = armed_route(v1, r->name);
	const struct armed_fault *armed = armed_fault(route, f->name);
	int64_t next = DEADLINE_NEVER;
	bool in_force =
	    armed != NULL && r->enabled &&
	    condition_in_force(armed, clock_now(v1->parts.clock), &next);

	jsonw_key(w, "state");
	jsonw_object(w);
	put_origin(w, f->from_api);
	put_lease(v1, w, &f->leased);
	jsonw_put_bool(w, "in_force", in_force);
	put_ends(v1, w,
		 armed != NULL && f->enabled ? fault_ends(armed)
					     : DEADLINE_NEVER);
	jsonw_put_int(w, "active",
		      armed == NULL ? 0 : atomic_load(&armed->shared->active));
	put_done(w, route, f->kind->name);
	jsonw_object_end(w);
}

/* --- partitions --- */

bool
v1_partition_active(struct v1 *v1, const struct conf_partition *p,
		    int64_t *ends_us)
{
	const struct plan *plan = server_plan(state_server(v1->parts.state));
	int64_t now_us = clock_now(v1->parts.clock), next = DEADLINE_NEVER;
	bool found = false, active = false;

	*ends_us = DEADLINE_NEVER;
	for (size_t i = 0; plan != NULL && i < plan->routes_count; i++) {
		const struct armed_route *r = &plan->routes[i];

		for (size_t k = 0; k < r->faults_count; k++) {
			if (!conf_partition_made(r->faults[k].name, p->name))
				continue;
			found = true;
			active |=
			    condition_in_force(&r->faults[k], now_us, &next);
			*ends_us = MIN(*ends_us, fault_ends(&r->faults[k]));
		}
	}
	return found ? active : p->enabled;
}

void
v1_put_partition_state(struct v1 *v1, struct jsonw *w,
		       const struct conf_partition *p)
{
	int64_t ends_us;
	bool active = v1_partition_active(v1, p, &ends_us);

	jsonw_key(w, "state");
	jsonw_object(w);
	put_origin(w, p->from_api);
	put_lease(v1, w, &p->leased);
	jsonw_put_bool(w, "active", active);
	put_ends(v1, w, ends_us);
	jsonw_object_end(w);
}
