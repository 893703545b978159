/* SPDX-License-Identifier: Apache-2.0 */
/* What the end of a flow says about a call. */
#include "experiment/record_event.h"

#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "experiment/data_loss.h"

#define HALF_CLOSE_US 10000

/* Why a flow ended, as its reason has it; others were cut off by us. */
static const struct {
	const char *reason;
	enum call_outcome outcome;
} reasons[] = {
    {"done", CALL_OK},
    {"client_closed", CALL_CLIENT_ABORT},
    {"client_reset", CALL_CLIENT_ABORT},
    {"upstream_closed", CALL_SERVER_ABORT},
    {"upstream_reset", CALL_SERVER_ABORT},
    {"upstream_unreachable", CALL_SERVER_ABORT},
    {"shutdown", CALL_OPEN},
    {"route_stopped", CALL_OPEN},
    {"closed_by_api", CALL_OPEN},
    {"open", CALL_OPEN}, /* it has not ended at all */
};

/* Statuses of gRPC that are the server's failures, not the caller's: as 429
 * and 5xx are among those of HTTP. */
#define GRPC_FAILURES                                                          \
	(1u << 2 /* UNKNOWN */ | 1u << 4 /* DEADLINE_EXCEEDED */ |             \
	    1u << 8 /* RESOURCE_EXHAUSTED */ | 1u << 10 /* ABORTED */ |        \
	    1u << 13 /* INTERNAL */ | 1u << 14 /* UNAVAILABLE */ |             \
	    1u << 15 /* DATA_LOSS */)

bool
event_is_failure(const struct event_record *e)
{
	int grpc_status = e->who.method != NULL ? e->who.grpc_status : -1;

	return e->status >= 500 || e->status == 429 ||
	    (grpc_status > 0 && grpc_status < 32 &&
		(GRPC_FAILURES >> grpc_status & 1) != 0);
}

/* A client that ends its stream together with its request still reads; one
 * that does so later, before any answer, does not. */
static bool
gave_up(const struct call *c, int64_t left_us)
{
	return left_us > c->request_us + HALF_CLOSE_US &&
	    (c->first_us == 0 || left_us < c->first_us);
}

static enum call_outcome
outcome_of(const struct call *c, const struct event_record *e,
    int64_t left_us)
{
	enum call_outcome outcome = CALL_RESET;

	for (size_t i = 0; e->what != NULL && i < COUNT_OF(reasons); i++) {
		if (strcmp(reasons[i].reason, e->what) == 0)
			outcome = reasons[i].outcome;
	}
	if (left_us > 0 && (outcome != CALL_OK || gave_up(c, left_us)))
		return CALL_CLIENT_ABORT;
	return outcome == CALL_OK && event_is_failure(e) ? CALL_ERROR : outcome;
}

/* Where flows of that type belong; NULL: they tell nothing of reactions. */
static struct calls *
calls_of(struct route *route, const char *type)
{
	if (type == NULL)
		return NULL;
	if (strcmp(type, "exchange") == 0)
		return &route->calls;
	return strcmp(type, "stream") == 0 || strcmp(type, "connection") == 0
	    ? &route->connections
	    : NULL;
}

static uint64_t
hash_client(const struct in6_addr *client)
{
	if (IN6_IS_ADDR_UNSPECIFIED(client))
		return 0;
	return hash_bytes(HASH_SEED, (const char *)client, sizeof(*client));
}

/* On the record's clock; 0 stays: it did not happen. */
static int64_t
since(int64_t at_us, int64_t start_us)
{
	return at_us != 0 ? at_us - start_us : 0;
}

static void
fill(struct call *c, const struct event_record *e, int64_t start_us)
{
	const struct event_identity *who = &e->who;
	int64_t left_us = since(e->when.left_us, start_us);

	c->closed_us = e->time_us - start_us;
	c->start_us = c->closed_us - (int64_t)e->duration_us;
	c->request_us = since(e->when.request_us, start_us);
	c->first_us = since(e->when.response_us, start_us);
	c->last_us = since(e->when.response_last_us, start_us);
	if (e->when.forwarded_us != 0)
		c->upstream_us = e->when.answered_us - e->when.forwarded_us;
	c->kind = e->kind;
	c->method = who->method;
	c->request = who->request;
	c->endpoint = who->endpoint;
	c->token = who->token;
	c->id = who->id;
	/* One that is for logs alone keeps nobody from doing it twice. */
	c->keyed = who->id != 0 &&
	    (who->id_from == NULL ||
		strcmp(who->id_from, "x-request-id") != 0);
	c->trace = who->trace;
	c->client = hash_client(&who->client);
	c->flow = e->flow;
	c->bytes_up = e->bytes_up;
	c->bytes_down = e->bytes_down - MIN(e->head_down, e->bytes_down);
	c->status = e->status;
	c->retry_after_s = who->retry_after_s;
	if (who->method != NULL)
		c->attempt = who->attempt;
	c->outcome = (uint8_t)outcome_of(c, e, left_us);
	call_exchange(c, &e->exchange);
	c->end_us = c->outcome == CALL_CLIENT_ABORT && left_us > 0
	    ? left_us
	    : c->closed_us;
	/* What was sent to nobody is no answer. */
	if (c->first_us > c->end_us)
		c->first_us = c->last_us = 0;
}

/* A connection may be all there is to see of a call. */
static bool
is_attempt(const struct call *c, const char *type)
{
	return strcmp(type, "stream") == 0 ||
	    (strcmp(type, "connection") == 0 && c->kind != NULL &&
		c->outcome == CALL_RESET);
}

static void
on_flow_close(struct route *route, const struct event_record *e,
    int64_t start_us, size_t line)
{
	struct calls *calls = calls_of(route, e->flow_type);
	struct call *c;

	if (calls == NULL)
		return;
	c = record_add(calls);
	c->line = line;
	fill(c, e, start_us);
	if (calls == &route->connections && is_attempt(c, e->flow_type)) {
		struct call same = *c;

		*record_add(&route->calls) = same;
	}
}

void
record_take(struct record *to, const struct event_record *e, int64_t start_us,
    size_t line)
{
	struct route *route;

	to->end_us = MAX(to->end_us, e->time_us - start_us);
	if (e->type == EVENT_GAP)
		to->lost += e->count;
	if (e->route == NULL || (RECORD_EVENTS & EVENT_BIT(e->type)) == 0)
		return;
	route = record_route(to, e->route);
	if (e->type == EVENT_FLOW_CLOSE)
		on_flow_close(route, e, start_us, line);
	else if (e->fault != NULL && e->type == EVENT_FAULT_CLEARED)
		record_clear(route, e->fault, e->time_us - start_us, line);
	else if (e->fault != NULL && e->kind != NULL)
		record_arm(route, &(struct window){.fault = e->fault,
		    .kind = e->kind, .from_us = e->time_us - start_us,
		    .to_us = INT64_MAX, .line = line});
}
