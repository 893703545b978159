/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/sessions: each worker tells of its own, on its own thread. It copies
 * figures, no more, for its sessions wait meanwhile. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "config/tables.h"
#include "control/v1_call.h"
#include "faults/condition.h"
#include "proxy/session.h"
#include "proxy/worker.h"

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX     20000

/* One flow as it was when it was asked about. */
struct flow_row {
	uint64_t number, fed[2];
	size_t held[2];
	size_t faults, faults_count; /* within the part's names */
	uint8_t type;
};

/* One session likewise. Workers copy, the control thread writes. */
struct row {
	uint64_t number;
	const char *route; /* interned, or NULL */
	struct in6_addr client;
	uint16_t port;
	int protocol; /* -1: not known any more */
	int64_t age_us;
	struct flow_row flows[SESSION_FLOWS];
	size_t flows_count;
	unsigned worker;
};

/* What one worker tells. */
struct part {
	struct row *rows; /* owned */
	size_t count, total;
	const char **names; /* owned; interned: of faults at work */
	size_t names_count, names_room;
};

struct query {
	const char *route; /* interned; NULL: any */
	bool has_client;
	struct conf_cidr client;
	uint64_t limit, after;
	struct part *parts; /* owned; one a worker */
};

static void
put_client(struct jsonw *w, const struct in6_addr *client, uint16_t port)
{
	char host[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 10];

	if (port == 0) {
		jsonw_put_string(w, "client", "unix");
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(client)) {
		inet_ntop(AF_INET, &client->s6_addr[12], host, sizeof(host));
		snprintf(text, sizeof(text), "%s:%u", host, port);
	} else {
		inet_ntop(AF_INET6, client, host, sizeof(host));
		snprintf(text, sizeof(text), "[%s]:%u", host, port);
	}
	jsonw_put_string(w, "client", text);
}

void
v1_put_client(struct jsonw *w, const struct session *s)
{
	put_client(w, &s->client, s->client_port);
}

/* --- on the workers' threads --- */

static void
add_name(struct part *p, const char *name)
{
	if (p->names_count == p->names_room) {
		p->names_room = MAX(p->names_room * 2, 64);
		p->names =
		    xrealloc(p->names, p->names_room * sizeof(const char *));
	}
	p->names[p->names_count++] = name;
}

/* The faults that are at work on the flow, in order. */
static void
copy_faults(struct part *p, struct flow_row *to, const struct flow *f)
{
	to->faults = p->names_count;
	for (size_t i = 0; f->route != NULL && f->decisions != NULL &&
			   i < f->route->faults_count;
	     i++) {
		const struct decision *d = f->decisions;

		while (d != NULL && d->fault != f->route->faults[i].shared)
			d = d->next;
		if (d != NULL && d->active)
			add_name(p, f->route->faults[i].name);
	}
	to->faults_count = p->names_count - to->faults;
}

static void
copy_session(struct part *p, struct row *to, const struct session *s)
{
	const struct worker *w = s->worker;
	const struct flow *flows[SESSION_FLOWS];
	const struct plan_listener *l =
	    w->plan != NULL ? plan_listener(w->plan, s->listener) : NULL;

	*to = (struct row){
	    .number = s->number,
	    .route = s->route,
	    .client = s->client,
	    .port = s->client_port,
	    .protocol = l != NULL ? l->protocol : -1,
	    .age_us = worker_now(w) - s->start_us,
	    .flows_count = s->ops->flows(s, flows),
	    .worker = w->index,
	};
	for (size_t i = 0; i < to->flows_count; i++) {
		const struct flow *f = flows[i];

		to->flows[i] = (struct flow_row){
		    .number = f->number,
		    .fed = {f->links[LINK_UP].fed, f->links[LINK_DOWN].fed},
		    .held = {f->links[LINK_UP].held, f->links[LINK_DOWN].held},
		    .type = f->type,
		};
		copy_faults(p, &to->flows[i], f);
	}
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

	p->rows = xcalloc(MIN(q->limit, w->sessions_count), sizeof(*p->rows));
	TAILQ_FOREACH (s, &w->sessions, entry) {
		if (!is_asked_for(s, q))
			continue;
		p->total++;
		if (s->number > q->after && p->count < q->limit)
			copy_session(p, &p->rows[p->count++], s);
	}
}

/* --- the list --- */

const char *
v1_flow_type(enum flow_type type)
{
	switch (type) {
	case FLOW_STREAM:
		return "stream";
	case FLOW_CONNECTION:
		return "connection";
	case FLOW_EXCHANGE:
		return "exchange";
	case FLOW_DATAGRAM:
		return "datagram";
	case FLOW_WIRE:
		return "wire";
	}
	return NULL;
}

static void
put_flow(struct jsonw *w, const struct flow_row *f, const struct part *p)
{
	jsonw_object(w);
	jsonw_put_uint(w, "flow", f->number);
	jsonw_put_string(w, "type", v1_flow_type((enum flow_type)f->type));
	jsonw_put_uint(w, "bytes_up", f->fed[LINK_UP]);
	jsonw_put_uint(w, "bytes_down", f->fed[LINK_DOWN]);
	jsonw_put_uint(w, "held_up", f->held[LINK_UP]);
	jsonw_put_uint(w, "held_down", f->held[LINK_DOWN]);
	jsonw_key(w, "faults");
	jsonw_array(w);
	for (size_t i = 0; i < f->faults_count; i++)
		jsonw_string(w, p->names[f->faults + i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void
put_session(struct jsonw *w, const struct row *row, const struct part *p)
{
	const char *const *protocols =
	    conf_field_find(conf_route_fields, "protocol")->choices;

	jsonw_object(w);
	jsonw_put_uint(w, "session", row->number);
	jsonw_put_string(w, "route", row->route);
	put_client(w, &row->client, row->port);
	v1_put_seconds(w, "age", row->age_us);
	jsonw_put_string(w, "protocol",
			 row->protocol >= 0 ? protocols[row->protocol] : NULL);
	jsonw_key(w, "flows");
	jsonw_array(w);
	for (size_t i = 0; i < row->flows_count; i++)
		put_flow(w, &row->flows[i], p);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = (*(const struct row *const *)a)->number;
	uint64_t y = (*(const struct row *const *)b)->number;

	return x < y ? -1 : x > y;
}

/* The first ones of all, by number. */
static void
put_list(struct jsonw *w, const struct query *q, size_t workers)
{
	const struct row **all;
	size_t count = 0, total = 0;

	for (size_t i = 0; i < workers; i++)
		count += q->parts[i].count;
	all = xcalloc(count, sizeof(const struct row *));
	count = 0;
	for (size_t i = 0; i < workers; i++) {
		for (size_t k = 0; k < q->parts[i].count; k++)
			all[count++] = &q->parts[i].rows[k];
		total += q->parts[i].total;
	}
	qsort(all, count, sizeof(const struct row *), by_number);
	jsonw_key(w, "sessions");
	jsonw_array(w);
	for (size_t i = 0; i < count && i < q->limit; i++)
		put_session(w, all[i], &q->parts[all[i]->worker]);
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
	struct query q = {0};
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
		free(q.parts[i].rows);
		free(q.parts[i].names);
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
