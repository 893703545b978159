/* SPDX-License-Identifier: Apache-2.0 */
/* Why each fault acts on a flow, or does not: of live flows on their worker's
 * thread, of others from their number alone. */
#include <string.h>

#include "base/intern.h"
#include "control/v1_call.h"
#include "faults/condition.h"
#include "faults/explain.h"
#include "proxy/session.h"
#include "proxy/worker.h"

/* What is asked for; whoever has it answers into `out`. */
struct question {
	uint64_t session;  /* 0: a flow by route and number */
	const char *route; /* interned */
	uint64_t flow;
	atomic_bool found;
	struct str *out;
};

static void
put_known(struct jsonw *w, const char *key, enum known known)
{
	jsonw_key(w, key);
	if (known == KNOWN_NOT)
		jsonw_null(w);
	else
		jsonw_bool(w, known == KNOWN_YES);
}

static void
put_fault(struct jsonw *w, const struct flow *f,
	  const struct armed_fault *fault, bool live)
{
	struct explanation e;

	explain(f, fault, live, &e);
	jsonw_object(w);
	jsonw_put_string(w, "fault", fault->name);
	jsonw_put_string(w, "type", fault->ops->kind.name);
	jsonw_put_uint(w, "flow", f->number);
	jsonw_put_bool(w, "in_force", e.in_force);
	put_known(w, "matched", e.matched);
	put_known(w, "counted", e.counted);
	jsonw_put_double(w, "draw", e.draw);
	jsonw_put_double(w, "probability", fault->conf->conditions.probability);
	jsonw_put_bool(w, "drawn", e.drawn);
	put_known(w, "applies", e.applies);
	jsonw_put_bool(w, "active", e.active);
	jsonw_put_string(
	    w, "verdict",
	    e.verdict != VERDICT_NONE ? event_verdict_name(e.verdict) : NULL);
	jsonw_put_string(w, "why", e.why);
	jsonw_put_string(w, "key", e.key);
	jsonw_object_end(w);
}

static void
put_faults(struct jsonw *w, const struct flow *f, bool live)
{
	for (size_t i = 0; f->route != NULL && i < f->route->faults_count;
	     i++) {
		const struct armed_fault *fault = &f->route->faults[i];

		if (flow_considers(f, fault))
			put_fault(w, f, condition_armed(f, fault), live);
	}
}

static void
put_flows(struct str *to, const struct flow *const *flows, size_t count,
	  bool live)
{
	const struct flow *last = flows[count - 1];
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_put_string(&w, "route", last->route_name);
	jsonw_put_uint(&w, "flow", last->number);
	jsonw_put_string(&w, "type", v1_flow_type((enum flow_type)last->type));
	jsonw_key(&w, "session");
	if (last->session != 0)
		jsonw_uint(&w, last->session);
	else
		jsonw_null(&w);
	jsonw_put_bool(&w, "live", live);
	jsonw_key(&w, "faults");
	jsonw_array(&w);
	for (size_t i = 0; i < count; i++)
		put_faults(&w, flows[i], live);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}

/* --- on the workers' threads --- */

static void
ask_session(struct worker *w, void *arg)
{
	struct question *q = arg;
	struct session *s = worker_session(w, q->session);
	const struct flow *flows[SESSION_FLOWS];
	size_t n;

	if (s == NULL)
		return;
	n = s->ops->flows(s, flows);
	q->found = true;
	if (n > 0)
		put_flows(q->out, flows, n, true);
}

static void
ask_flow(struct worker *w, void *arg)
{
	const struct flow *flows[SESSION_FLOWS];
	struct question *q = arg;
	struct session *s;

	TAILQ_FOREACH (s, &w->sessions, entry) {
		size_t n = s->ops->flows(s, flows);

		for (size_t i = 0; i < n; i++) {
			if (flows[i]->route_name != q->route ||
			    flows[i]->number != q->flow ||
			    flows[i]->type == FLOW_CONNECTION)
				continue;
			/* A route that was made anew counts from 0 again. */
			if (!atomic_exchange(&q->found, true))
				put_flows(q->out, &flows[i], 1, true);
			return;
		}
	}
}

/* --- calls --- */

bool
v1_session_explain(struct v1_call *call)
{
	struct question q = {.out = &call->out};

	if (!v1_number(call, call->names[0], &q.session))
		return false;
	server_ask(state_server(call->v1->parts.state), ask_session, &q);
	if (!q.found)
		return v1_unknown(call, "session", call->names[0], NULL);
	if (call->out.len > 0)
		return true;
	return v1_fail(
	    call, 404, NULL,
	    "session %s has no flow at the moment; expected one that is at "
	    "work",
	    call->names[0]);
}

/* What the numbered flows of a route are. */
static enum flow_type
flow_type_of(enum conf_protocol protocol)
{
	switch (protocol) {
	case PROTOCOL_TCP:
		return FLOW_STREAM;
	case PROTOCOL_HTTP:
	case PROTOCOL_REDIS:
	case PROTOCOL_POSTGRES:
	case PROTOCOL_MYSQL:
		return FLOW_EXCHANGE;
	case PROTOCOL_UDP:
	case PROTOCOL_DNS:
	case PROTOCOL_COUNT:
		return FLOW_DATAGRAM;
	}
	return FLOW_STREAM;
}

/* A flow that has ended is known by its number. */
static bool
explain_ended(struct v1_call *call, const struct question *q)
{
	struct server *server = state_server(call->v1->parts.state);
	struct armed_route *r = plan_route(server_plan(server), q->route);
	struct engine engine = {.clock = call->v1->parts.clock,
				.seed = server_seed(server)};
	struct flow f = {
	    .engine = &engine,
	    .route = r,
	    .route_name = q->route,
	    .number = q->flow,
	};
	const struct flow *flow = &f;
	unsigned long long had =
	    r == NULL ? 0 : atomic_load(&r->shared->next_flow);

	if (had == 0)
		return v1_fail(call, 404, NULL,
			       "route \"%.80s\" has had no flow yet; expected "
			       "traffic first", q->route);
	if (q->flow >= had)
		return v1_fail(call, 404, NULL,
			       "route \"%.80s\" has had no flow %s yet; "
			       "expected a number from 0 to %llu",
			       q->route, call->names[1], had - 1);
	f.type = (uint8_t)flow_type_of((enum conf_protocol)r->conf->protocol);
	put_flows(&call->out, &flow, 1, false);
	return true;
}

bool
v1_flow_explain(struct v1_call *call)
{
	struct question q = {.out = &call->out};

	if (v1_route(call, v1_model(call)) == SIZE_MAX ||
	    !v1_number(call, call->names[1], &q.flow))
		return false;
	q.route = intern(call->names[0]);
	server_ask(state_server(call->v1->parts.state), ask_flow, &q);
	return q.found || explain_ended(call, &q);
}
