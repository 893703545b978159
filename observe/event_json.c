/* SPDX-License-Identifier: Apache-2.0 */
/* One event as a JSON object. */
#include "observe/event_json.h"

#include "base/attr.h"
#include "base/json.h"

/* What `what` is called depends on the event. */
static const char *
key_of_what(enum event_type type)
{
	if (type == EVENT_EFFECT)
		return "effect";
	if (type == EVENT_FLOW_CLOSE)
		return "reason";
	return type == EVENT_CONNECT ? "result" : "what";
}

static void
put_optional(struct jsonw *w, const char *key, const char *text)
{
	if (text != NULL)
		jsonw_put_string(w, key, text);
}

static void
put_who(struct jsonw *w, const struct event_record *e)
{
	put_optional(w, "route", e->route);
	put_optional(w, "fault", e->fault);
	put_optional(w, "kind", e->kind);
	if (e->session != 0)
		jsonw_put_uint(w, "session", e->session);
	if (e->has_flow)
		jsonw_put_uint(w, "flow", e->flow);
	put_optional(w, "stream", e->dir);
}

static void
put_decision(struct jsonw *w, const struct event_record *e)
{
	jsonw_put_string(w, "verdict", event_verdict_name(e->verdict));
	jsonw_put_bool(w, "matched", e->matched);
	jsonw_put_bool(w, "drawn", e->drawn);
	if (e->matched)
		jsonw_put_double(w, "draw", e->draw);
}

static void
put_numbers(struct jsonw *w, const struct event_record *e)
{
	if (e->type == EVENT_MEASURE || e->count > 0)
		jsonw_put_uint(w, "count", e->count);
	if (e->type == EVENT_MEASURE && e->count > 0) {
		jsonw_put_double(w, "asked_us", e->asked_us);
		jsonw_put_double(w, "achieved_us", e->achieved_us);
		jsonw_put_double(w, "error_max_us", e->error_max_us);
	}
	if (e->type == EVENT_FLOW_CLOSE) {
		jsonw_put_uint(w, "bytes_up", e->bytes_up);
		jsonw_put_uint(w, "bytes_down", e->bytes_down);
		if (e->head_down > 0)
			jsonw_put_uint(w, "head_down", e->head_down);
	}
	if (e->status != 0)
		jsonw_put_int(w, "status", e->status);
	if (e->duration_us > 0)
		jsonw_put_double(w, "duration_us", e->duration_us);
}

static void
put_hash(struct jsonw *w, const char *key, uint64_t hash)
{
	char text[16];

	if (hash == 0)
		return;
	for (size_t i = sizeof(text); i-- > 0; hash >>= 4)
		text[i] = "0123456789abcdef"[hash & 15];
	jsonw_put_view(w, key, (struct view){text, sizeof(text)});
}

static void
put_client(struct jsonw *w, const struct in6_addr *client)
{
	char text[INET6_ADDRSTRLEN];

	put_optional(w, "client", event_address(client, text));
}

/* A flow by its type, its client and what was asked. */
static void
put_flow(struct jsonw *w, const struct event_record *e)
{
	const struct event_identity *who = &e->who;

	jsonw_put_string(w, "flow_type", e->flow_type);
	put_client(w, &who->client);
	if (who->method == NULL)
		return;
	jsonw_put_string(w, "method", who->method);
	put_hash(w, "request", who->request);
	put_hash(w, "endpoint", who->endpoint);
	put_hash(w, "token", who->token);
	put_hash(w, "id", who->id);
	put_optional(w, "id_from", who->id_from);
	put_hash(w, "trace", who->trace);
	if (who->attempt >= 0)
		jsonw_put_int(w, "attempt", who->attempt);
	if (who->retry_after_s > 0)
		jsonw_put_int(w, "retry_after_s", who->retry_after_s);
	if (who->grpc_status >= 0)
		jsonw_put_int(w, "grpc_status", who->grpc_status);
}

static void
put_times(struct jsonw *w, const struct event_times *t, int64_t start_us)
{
	const struct {
		const char *key;
		int64_t at_us;
	} times[] = {{"request_us", t->request_us},
	    {"response_us", t->response_us},
	    {"response_last_us", t->response_last_us},
	    {"left_us", t->left_us},
	    {"forwarded_us", t->forwarded_us},
	    {"answered_us", t->answered_us}};

	for (size_t i = 0; i < COUNT_OF(times); i++) {
		if (times[i].at_us != 0)
			jsonw_put_int(w, times[i].key,
			    times[i].at_us - start_us);
	}
}

static void
put_exchange(struct jsonw *w, const struct event_exchange *x)
{
	static const char *const parts[] = {"none", "some", "whole"};

	jsonw_put_string(w, "forwarded", parts[x->forwarded]);
	jsonw_put_string(w, "answered", parts[x->answered]);
	jsonw_put_string(w, "delivered", parts[x->delivered]);
	if (x->stores)
		jsonw_put_bool(w, "stores", true);
	if (x->commit)
		jsonw_put_bool(w, "commit", true);
	put_optional(w, "transaction", x->transaction);
	if (x->failed)
		jsonw_put_bool(w, "failed", true);
	if (x->code[0] != '\0')
		jsonw_put_string(w, "code", x->code);
}

void
event_put_json(struct str *to, const struct event_record *e, int64_t start_us)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_put_string(&w, "type", event_type_name(e->type));
	jsonw_put_int(&w, "ts_us", e->time_us - start_us);
	put_who(&w, e);
	if (e->type == EVENT_DECISION)
		put_decision(&w, e);
	put_optional(&w, key_of_what(e->type), e->what);
	if (e->unit != NULL) {
		jsonw_put_double(&w, "amount", e->amount);
		jsonw_put_string(&w, "unit", e->unit);
	}
	put_numbers(&w, e);
	if (e->flow_type != NULL) {
		put_flow(&w, e);
		put_times(&w, &e->when, start_us);
		if (e->exchange.known)
			put_exchange(&w, &e->exchange);
	}
	jsonw_object_end(&w);
}
