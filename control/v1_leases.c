/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/leases, and what the end of one lifts. */
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "config/field.h"
#include "config/json_out.h"
#include "control/v1_call.h"

/* What a lease without a ttl gets. */
#define TTL_DEFAULT "10s"

/* --- the end --- */

/* What depends on a lease is taken out, or stopped where that is enough or
 * (`gently`) as much as can be done. Returns how much there was. */
static size_t
lift_faults(struct conf_route *r, uint64_t number)
{
	size_t count = 0;

	for (size_t i = r->faults_count; i-- > 0;) {
		struct conf_fault *f = &r->faults[i];

		count +=
		    f->leased.made == number || f->leased.enabled == number;
		if (f->leased.made == number)
			conf_route_remove_fault(r, i);
		else if (f->leased.enabled == number)
			f->enabled = false;
	}
	return count;
}

static size_t
lift_routes(struct conf_model *draft, uint64_t number, bool gently)
{
	size_t count = 0;

	for (size_t i = draft->routes_count; i-- > 0;) {
		struct conf_route *r = &draft->routes[i];
		bool made = r->leased.made == number;

		count += lift_faults(r, number);
		count += made || r->leased.enabled == number;
		if (made && !gently)
			conf_model_remove_route(draft, i);
		else if (made || r->leased.enabled == number)
			r->enabled = false;
	}
	return count;
}

static size_t
lift_partitions(struct conf_model *draft, uint64_t number)
{
	size_t count = 0;

	for (size_t i = draft->partitions_count; i-- > 0;) {
		struct conf_partition *p = &draft->partitions[i];

		count +=
		    p->leased.made == number || p->leased.enabled == number;
		if (p->leased.made == number)
			conf_model_remove_partition(draft, i);
		else if (p->leased.enabled == number)
			p->enabled = false;
	}
	return count;
}

/* False: it was refused, because something else relies on a route that would
 * go; `gently` only disables it. */
static bool
lift(struct v1 *v1, uint64_t number, bool gently, size_t *count)
{
	struct conf_model *draft = state_draft(v1->parts.state);
	struct conf_diag diag = {0};
	bool ok = true;

	*count =
	    lift_routes(draft, number, gently) + lift_partitions(draft, number);
	if (*count > 0)
		ok = state_commit(v1->parts.state, draft, &diag);
	else
		conf_model_unref(draft);
	conf_diag_fini(&diag);
	return ok;
}

void
v1_lift(struct v1 *v1, const struct lease *lease, const char *why)
{
	size_t count;
	bool ok = lift(v1, lease->number, false, &count) ||
		  lift(v1, lease->number, true, &count);

	log_line(ok ? LOG_INFO : LOG_ERROR,
		 lease->name != NULL ? "experiment_end" : "lease_expired",
		 "lease ended, what depends on it is lifted",
		 LOG_STR("lease", lease->id),
		 LOG_STR("experiment", lease->name), LOG_STR("why", why),
		 LOG_UINT("lifted", count), LOG_END);
}

void
v1_leases_tick(struct v1 *v1)
{
	int64_t next, wait_us;
	struct timeval wait;

	event_del(v1->lease_ev);
	if (v1->draining) /* everything was lifted already */
		return;
	next = leases_run(&v1->leases);
	if (next == DEADLINE_NEVER)
		return;
	wait_us = MAX(next - clock_now(v1->parts.clock), 0) + 500;
	wait.tv_sec = wait_us / 1000000;
	wait.tv_usec = wait_us % 1000000;
	event_add(v1->lease_ev, &wait);
}

/* --- calls --- */

struct lease_body {
	char *name;
	int64_t ttl_us;
};

static const struct conf_field fields[] = {
    {.name = "ttl",
     .type = CONF_DURATION,
     .bare = 1000,
     .min = LEASE_TTL_MIN_US,
     .max = LEASE_TTL_MAX_US,
     .def = TTL_DEFAULT,
     .offset = offsetof(struct lease_body, ttl_us),
     .help = "How long it runs without being renewed"},
    {.name = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct lease_body, name),
     .help = "The experiment that it is for: what logs, metrics, "
	     "traces and annotations call it"},
    CONF_FIELD_END,
};

static void
put_lease(struct jsonw *w, const struct lease *l)
{
	struct lease_body body = {l->name, l->ttl_us}, none = {0};
	struct conf_writer to = {.w = *w, .defaults = true};

	jsonw_object(&to.w);
	jsonw_put_string(&to.w, "lease", l->id);
	conf_put_fields(&to, fields, &body, &none);
	v1_put_seconds(&to.w, "expires_in", lease_left(l));
	jsonw_object_end(&to.w);
	*w = to.w;
}

static void
show(struct v1_call *call, const struct lease *l)
{
	struct jsonw w;

	jsonw_init(&w, &call->out);
	put_lease(&w, l);
}

static struct lease *
find(struct v1_call *call)
{
	struct lease *l = lease_find(&call->v1->leases, call->names[0]);

	if (l == NULL)
		v1_unknown(call, "lease", call->names[0], NULL);
	return l;
}

static bool
read_body(struct v1_call *call, struct lease_body *to)
{
	const struct v1_part part = {fields, to};
	struct v1_reader r;

	if (call->body == NULL)
		return true;
	if (!v1_body(call, &r, false, "a lease"))
		return false;
	v1_read_fields(&r, call->body, &part, 1, "a lease");
	return v1_body_end(call, &r);
}

bool
v1_leases_list(struct v1_call *call)
{
	struct jsonw w;

	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	jsonw_key(&w, "leases");
	jsonw_array(&w);
	for (size_t i = 0; i < call->v1->leases.count; i++)
		put_lease(&w, call->v1->leases.items[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	return true;
}

static bool
grant(struct v1_call *call, const struct lease_body *body)
{
	const struct lease *l;

	if (call->dry_run)
		return v1_dry_action(call);
	l = lease_grant(&call->v1->leases, body->ttl_us, body->name);
	if (l == NULL)
		return v1_fail(
		    call, 409, NULL,
		    "there are %d leases already; expected some to end first",
		    LEASES_MAX);
	log_line(LOG_INFO,
		 l->name != NULL ? "experiment_start" : "lease_granted",
		 "lease granted", LOG_STR("lease", l->id),
		 LOG_STR("experiment", l->name),
		 LOG_INT("ttl_ms", l->ttl_us / 1000), LOG_END);
	call->made = xstrdup(l->id);
	v1_leases_tick(call->v1);
	show(call, l);
	return true;
}

bool
v1_lease_create(struct v1_call *call)
{
	struct lease_body body = {0};
	bool ok;

	conf_fields_default(fields, &body);
	ok = read_body(call, &body) && grant(call, &body);
	conf_fields_fini(fields, &body);
	return ok;
}

bool
v1_lease_show(struct v1_call *call)
{
	const struct lease *l = find(call);

	if (l == NULL)
		return false;
	show(call, l);
	return true;
}

bool
v1_lease_renew(struct v1_call *call)
{
	struct lease *l = find(call);
	struct lease_body body = {0};
	bool ok;

	if (l == NULL)
		return false;
	conf_fields_default(fields, &body);
	body.ttl_us = l->ttl_us;
	ok = read_body(call, &body);
	if (ok && call->dry_run) {
		v1_dry_action(call);
	} else if (ok) {
		lease_renew(l, body.ttl_us);
		show(call, l);
	}
	conf_fields_fini(fields, &body);
	v1_leases_tick(call->v1);
	return ok;
}

bool
v1_lease_delete(struct v1_call *call)
{
	struct lease *l = find(call);

	if (l == NULL)
		return false;
	if (call->dry_run)
		return v1_dry_action(call);
	v1_lift(call->v1, l, "given back");
	lease_end(l);
	v1_leases_tick(call->v1);
	return true;
}
