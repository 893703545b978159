/* SPDX-License-Identifier: Apache-2.0 */
/* One line, one event. A verdict needs the ends of flows, the arming of faults
 * and our own lateness; all else is passed over. */
#include "experiment/journal_in.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/rng.h"
#include "base/xalloc.h"
#include "experiment/stat.h"

#define HALF_CLOSE_US 10000

struct reader {
	struct record *to;
	struct error *err;
	size_t line;
	double *noise; /* owned: p95 of each second */
	size_t noise_count, noise_room;
};

/* --- members -------------------------------------------------------------- */

static const char *
text(const json_t *event, const char *key)
{
	return json_string_value(json_object_get(event, key));
}

static const char *
word(const json_t *event, const char *key)
{
	const char *value = text(event, key);

	return value != NULL ? intern(value) : NULL;
}

static int64_t
number(const json_t *event, const char *key)
{
	const json_t *value = json_object_get(event, key);
	double d;

	d = json_number_value(value);
	return d > -9e15 && d < 9e15 ? (int64_t)d : 0;
}

static uint64_t
hash(const json_t *event, const char *key)
{
	const char *value = text(event, key);

	return value != NULL ? strtoull(value, NULL, 16) : 0;
}

/* --- events --------------------------------------------------------------- */

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
};

/* A client that ends its stream together with its request still reads; one
 * that does so later, before any answer, does not. */
static bool
gave_up(const struct call *c, int64_t left_us)
{
	return left_us > c->request_us + HALF_CLOSE_US &&
	    (c->first_us == 0 || left_us < c->first_us);
}

static enum call_outcome
outcome_of(const struct call *c, const char *reason, int64_t left_us)
{
	enum call_outcome outcome = CALL_RESET;

	for (size_t i = 0; reason != NULL && i < COUNT_OF(reasons); i++) {
		if (strcmp(reasons[i].reason, reason) == 0)
			outcome = reasons[i].outcome;
	}
	if (left_us > 0 && (outcome != CALL_OK || gave_up(c, left_us)))
		return CALL_CLIENT_ABORT;
	if (outcome == CALL_OK && (c->status >= 500 || c->status == 429))
		return CALL_ERROR;
	return outcome;
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

/* A connection that is all there is to see of a call. */
static void
add_attempt(struct route *route, struct call connection)
{
	*record_add(&route->calls) = connection;
}

static void
on_flow_close(struct reader *r, const json_t *e, struct route *route)
{
	const char *type = text(e, "flow_type"), *client = text(e, "client");
	int64_t left_us = number(e, "left_us"), ts_us = number(e, "ts_us");
	struct calls *calls = calls_of(route, type);
	struct call *c;

	if (calls == NULL)
		return;
	c = record_add(calls);
	c->line = r->line;
	c->start_us = ts_us - number(e, "duration_us");
	c->request_us = number(e, "request_us");
	c->first_us = number(e, "response_us");
	c->last_us = number(e, "response_last_us");
	c->closed_us = ts_us;
	c->kind = word(e, "kind");
	c->method = word(e, "method");
	c->request = hash(e, "request");
	c->token = hash(e, "token");
	c->id = hash(e, "id");
	c->trace = hash(e, "trace");
	c->client = client != NULL ? rng_hash(client) : 0;
	c->bytes_up = (uint64_t)number(e, "bytes_up");
	c->bytes_down = (uint64_t)number(e, "bytes_down");
	c->status = (int)number(e, "status");
	c->retry_after_s = (int)number(e, "retry_after_s");
	if (json_object_get(e, "attempt") != NULL)
		c->attempt = (int)number(e, "attempt");
	c->outcome = (uint8_t)outcome_of(c, text(e, "reason"), left_us);
	c->end_us = c->outcome == CALL_CLIENT_ABORT && left_us > 0 ? left_us
								   : ts_us;
	/* What was sent to nobody is no answer. */
	if (c->first_us > c->end_us)
		c->first_us = c->last_us = 0;
	if (strcmp(type, "stream") == 0 ||
	    (strcmp(type, "connection") == 0 && c->kind != NULL &&
		c->outcome == CALL_RESET))
		add_attempt(route, *c);
}

static void
on_armed(struct reader *r, const json_t *e, struct route *route)
{
	const char *fault = word(e, "fault"), *kind = word(e, "kind");

	if (fault != NULL && kind != NULL)
		record_arm(route, &(struct window){fault, kind,
		    number(e, "ts_us"), INT64_MAX, r->line});
}

static void
on_cleared(struct reader *r, const json_t *e, struct route *route)
{
	const char *fault = text(e, "fault");

	(void)r;
	if (fault != NULL)
		record_clear(route, fault, number(e, "ts_us"));
}

static void
on_lateness(struct reader *r, const json_t *e)
{
	if (r->noise_count == r->noise_room) {
		r->noise_room = r->noise_room > 0 ? r->noise_room * 2 : 64;
		r->noise = xrealloc(r->noise,
		    r->noise_room * sizeof(*r->noise));
	}
	r->noise[r->noise_count++] = (double)number(e, "amount");
}

static const struct {
	const char *type;
	void (*on_route)(struct reader *, const json_t *, struct route *);
} handlers[] = {
    {"flow_close", on_flow_close},
    {"fault_armed", on_armed},
    {"fault_cleared", on_cleared},
};

static void
take_event(struct reader *r, const json_t *e, const char *type)
{
	const char *route = text(e, "route");
	int64_t ts_us = number(e, "ts_us");

	if (ts_us > r->to->end_us)
		r->to->end_us = ts_us;
	if (strcmp(type, "lateness") == 0)
		on_lateness(r, e);
	if (strcmp(type, "gap") == 0)
		r->to->lost += (uint64_t)number(e, "count");
	for (size_t i = 0; route != NULL && i < COUNT_OF(handlers); i++) {
		if (strcmp(type, handlers[i].type) == 0)
			handlers[i].on_route(r, e,
			    record_route(r->to, route));
	}
}

static bool
take_head(struct reader *r, const json_t *e, const char *type)
{
	int64_t format = number(e, "format");

	if (type == NULL || strcmp(type, "journal") != 0)
		return error_set(r->err, 0,
		    "line 1: this is no journal of faultwire; expected "
		    "{\"type\":\"journal\",…}");
	if (format < 1 || format > JOURNAL_FORMAT)
		return error_set(r->err, 0, "line 1: format %" PRId64
		    " is not known; expected 1 to %d", format, JOURNAL_FORMAT);
	return true;
}

/* --- lines ---------------------------------------------------------------- */

/* `whole`: it ended in a line feed. */
static bool
take_line(struct reader *r, const char *line, size_t len, bool whole)
{
	json_error_t error;
	/* A seed does not fit into jansson's integers. */
	json_t *e = json_loadb(line, len,
	    JSON_DECODE_INT_AS_REAL, &error);
	const char *type = text(e, "type");
	bool ok = true;

	if (!json_is_object(e)) {
		ok = !whole && r->line > 1;
		if (!ok)
			error_set(r->err, 0, "line %zu: %s", r->line,
			    e != NULL ? "expected an object" : error.text);
	} else if (r->line == 1) {
		ok = take_head(r, e, type);
	} else if (type == NULL) {
		ok = error_set(r->err, 0, "line %zu: it has no \"type\"",
		    r->line);
	} else {
		take_event(r, e, type);
	}
	json_decref(e);
	return ok;
}

static void
finish(struct reader *r)
{
	stat_sort(r->noise, r->noise_count);
	if (r->noise_count > 0)
		r->to->noise_us = (int64_t)stat_quantile(r->noise,
		    r->noise_count, 0.95);
	free(r->noise);
	record_finish(r->to);
}

bool
journal_in_read(FILE *file, struct record *to, struct error *err)
{
	struct reader r = {.to = to, .err = err};
	char *line = NULL;
	size_t room = 0;
	bool ok = true;
	ssize_t n;

	errno = 0;
	while (ok && (n = getline(&line, &room, file)) > 0) {
		r.line++;
		ok = (n == 1 && r.line > 1) ||
		    take_line(&r, line, (size_t)n, line[n - 1] == '\n');
	}
	if (ok && ferror(file))
		ok = error_set(err, errno, "line %zu: %s", r.line + 1,
		    strerror(errno));
	else if (ok && r.line == 0)
		ok = error_set(err, 0, "line 1: the journal is empty");
	free(line);
	finish(&r);
	return ok;
}
