/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/sessions: each worker tells of its own, on its own thread. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "config/pattern.h"
#include "config/tables.h"
#include "control/v1_call.h"
#include "faults/condition.h"
#include "proxy/session.h"
#include "proxy/worker.h"

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX     20000

/* One session, as text within its worker's. */
struct item {
	uint64_t number;
	size_t at, len;
	unsigned worker;
};

/* What one worker tells. */
struct part {
	struct str text;
	struct item *items; /* owned */
	size_t count, total;
};

struct query {
	const char *route; /* interned; NULL: any */
	bool has_client;
	struct conf_cidr client;
	uint64_t limit, after;
	const char *const *protocols;
	struct part *parts; /* owned; one a worker */
};

void
v1_put_client(struct jsonw *w, const struct session *s)
{
	char host[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 10];

	if (s->client_port == 0) {
		jsonw_put_string(w, "client", "unix");
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(&s->client)) {
		inet_ntop(AF_INET, &s->client.s6_addr[12], host, sizeof(host));
		snprintf(text, sizeof(text), "%s:%u", host, s->client_port);
	} else {
		inet_ntop(AF_INET6, &s->client, host, sizeof(host));
		snprintf(text, sizeof(text), "[%s]:%u", host, s->client_port);
	}
	jsonw_put_string(w, "client", text);
}

/* --- on the workers' threads --- */

static void
put_faults(struct jsonw *w, const struct flow *f)
{
	jsonw_key(w, "faults");
	jsonw_array(w);
	for (size_t i = 0; f->route != NULL && i < f->route->faults_count;
	     i++) {
		const struct decision *d = f->decisions;

		while (d != NULL && d->fault != f->route->faults[i].shared)
			d = d->next;
		if (d != NULL && d->active)
			jsonw_string(w, f->route->faults[i].name);
	}
	jsonw_array_end(w);
}

static void
put_flow(struct jsonw *w, const struct flow *f)
{
	static const char *const types[] = {
	    [FLOW_STREAM] = "stream",
	    [FLOW_CONNECTION] = "connection",
	    [FLOW_EXCHANGE] = "exchange",
	};

	jsonw_object(w);
	jsonw_put_uint(w, "flow", f->number);
	jsonw_put_string(w, "type", types[f->type]);
	jsonw_put_uint(w, "bytes_up", f->links[LINK_UP].fed);
	jsonw_put_uint(w, "bytes_down", f->links[LINK_DOWN].fed);
	jsonw_put_uint(w, "held_up", f->links[LINK_UP].held);
	jsonw_put_uint(w, "held_down", f->links[LINK_DOWN].held);
	put_faults(w, f);
	jsonw_object_end(w);
}

static void
put_session(struct jsonw *w, const struct session *s, const struct query *q)
{
	const struct worker *worker = s->worker;
	const struct plan_listener *l =
	    worker->plan != NULL ? plan_listener(worker->plan, s->listener)
				 : NULL;
	const struct flow *flows[SESSION_FLOWS];
	size_t n = s->ops->flows(s, flows);

	jsonw_object(w);
	jsonw_put_uint(w, "session", s->number);
	jsonw_put_string(w, "route", s->route);
	v1_put_client(w, s);
	jsonw_put_double(w, "age",
			 (double)(worker_now(worker) - s->start_us) / 1e6);
	jsonw_put_string(w, "protocol",
			 l != NULL ? q->protocols[l->protocol] : NULL);
	jsonw_key(w, "flows");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		put_flow(w, flows[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static bool
is_asked_for(const struct session *s, const struct query *q)
{
	return (q->route == NULL || s->route == q->route) &&
	       (!q->has_client || conf_cidr_contains(&q->client, &s->client));
}

static void
ask_sessions(struct worker *w, void *arg)
{
	const struct query *q = arg;
	struct part *p = &q->parts[w->index];
	struct session *s;
	struct jsonw json;
	size_t at;

	p->items = xcalloc(MIN(q->limit, w->sessions_count), sizeof(*p->items));
	TAILQ_FOREACH (s, &w->sessions, entry) {
		if (!is_asked_for(s, q))
			continue;
		p->total++;
		if (s->number <= q->after || p->count >= q->limit)
			continue;
		at = p->text.len;
		jsonw_init(&json, &p->text);
		put_session(&json, s, q);
		p->items[p->count++] =
		    (struct item){s->number, at, p->text.len - at, w->index};
	}
}

/* --- the list --- */

static int
by_number(const void *a, const void *b)
{
	uint64_t x = ((const struct item *)a)->number;
	uint64_t y = ((const struct item *)b)->number;

	return x < y ? -1 : x > y;
}

/* The first ones of all, by number. */
static void
put_list(struct jsonw *w, const struct query *q, size_t workers)
{
	struct item *all;
	size_t count = 0, total = 0;

	for (size_t i = 0; i < workers; i++)
		count += q->parts[i].count;
	all = xcalloc(count, sizeof(*all));
	count = 0;
	for (size_t i = 0; i < workers; i++) {
		memcpy(&all[count], q->parts[i].items,
		       q->parts[i].count * sizeof(*all));
		count += q->parts[i].count;
		total += q->parts[i].total;
	}
	qsort(all, count, sizeof(*all), by_number);
	jsonw_key(w, "sessions");
	jsonw_array(w);
	for (size_t i = 0; i < count && i < q->limit; i++)
		jsonw_raw(w, (struct view){q->parts[all[i].worker].text.text +
					       all[i].at,
					   all[i].len});
	jsonw_array_end(w);
	jsonw_put_uint(w, "total", total);
	free(all);
}

static bool
read_query(struct v1_call *call, struct query *q)
{
	const char *client = v1_query(call, "client");
	const char *route = v1_query(call, "route");
	struct error err;

	q->limit = LIMIT_DEFAULT;
	if (!v1_query_number(call, "limit", LIMIT_MAX, &q->limit) ||
	    !v1_query_number(call, "after", UINT64_MAX, &q->after))
		return false;
	if (client != NULL && !conf_cidr_parse(client, &q->client, &err))
		return v1_fail(call, 400, "client", "client: %s", err.text);
	q->has_client = client != NULL;
	if (route == NULL)
		return true;
	call->names[0] = route;
	if (v1_route(call, v1_model(call)) == SIZE_MAX)
		return false;
	q->route = intern(route);
	return true;
}

bool
v1_sessions_list(struct v1_call *call)
{
	struct server *server = state_server(call->v1->parts.state);
	size_t workers = server_workers(server);
	struct query q = {
	    .protocols =
		conf_field_find(conf_route_fields, "protocol")->choices,
	};
	struct jsonw w;

	if (!read_query(call, &q))
		return false;
	q.parts = xcalloc(workers, sizeof(*q.parts));
	server_ask(server, ask_sessions, &q);
	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	put_list(&w, &q, workers);
	jsonw_object_end(&w);
	for (size_t i = 0; i < workers; i++) {
		str_fini(&q.parts[i].text);
		free(q.parts[i].items);
	}
	free(q.parts);
	return true;
}

/* --- ending one --- */

struct ending {
	uint64_t number;
	bool reset, dry;
	atomic_bool found;
};

static void
ask_end(struct worker *w, void *arg)
{
	struct ending *e = arg;
	struct session *s = worker_session(w, e->number);
	const struct flow *flows[SESSION_FLOWS];

	if (s == NULL)
		return;
	e->found = true;
	if (e->dry)
		return;
	if (e->reset && s->ops->flows(s, flows) > 0)
		flows[0]->ops->end((struct flow *)flows[0], END_RST);
	else
		s->ops->close(s, CLOSE_ASKED);
}

bool
v1_session_delete(struct v1_call *call)
{
	const char *how = v1_query(call, "how");
	struct ending e = {.dry = call->dry_run};

	if (!v1_number(call, call->names[0], &e.number))
		return false;
	e.reset = how != NULL && strcmp(how, "rst") == 0;
	if (how != NULL && !e.reset && strcmp(how, "fin") != 0)
		return v1_fail(call, 400, "how",
			       "how: \"%.40s\" is unknown; expected fin or rst",
			       how);
	server_ask(state_server(call->v1->parts.state), ask_end, &e);
	if (!e.found)
		return v1_unknown(call, "session", call->names[0], NULL);
	return !call->dry_run || v1_dry_action(call);
}
