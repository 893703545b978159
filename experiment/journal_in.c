/* SPDX-License-Identifier: Apache-2.0 */
/* One line, one event; those that a record is made of are read back into what
 * they were when they happened. */
#include "experiment/journal_in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/xalloc.h"
#include "experiment/record_event.h"
#include "experiment/stat.h"

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

/* Types that are asked for; others are passed over. */
static enum event_type
type_of(const char *name)
{
	int type = 0;

	while (type < EVENT_TYPE_COUNT &&
	    strcmp(event_type_name((enum event_type)type), name) != 0)
		type++;
	return (enum event_type)type;
}

static void
read_client(const char *text, struct in6_addr *to)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*to = (struct in6_addr){0};
	if (text == NULL || inet_pton(AF_INET6, text, to) == 1)
		return;
	if (inet_pton(AF_INET, text, &to->s6_addr[12]) == 1)
		memcpy(to->s6_addr, mapped, sizeof(mapped));
}

static void
read_who(const json_t *e, struct event_identity *to)
{
	*to = (struct event_identity){
	    .method = word(e, "method"),
	    .request = hash(e, "request"),
	    .endpoint = hash(e, "endpoint"),
	    .token = hash(e, "token"),
	    .id = hash(e, "id"),
	    .id_from = word(e, "id_from"),
	    .trace = hash(e, "trace"),
	    .attempt = -1,
	    .retry_after_s = (int)number(e, "retry_after_s"),
	    .grpc_status = -1,
	};
	read_client(text(e, "client"), &to->client);
	if (json_object_get(e, "attempt") != NULL)
		to->attempt = (int)number(e, "attempt");
	if (json_object_get(e, "grpc_status") != NULL)
		to->grpc_status = (int)number(e, "grpc_status");
}

static uint8_t
part(const json_t *e, const char *key)
{
	static const char *const words[] = {
	    [PART_NONE] = "none", [PART_SOME] = "some", [PART_WHOLE] = "whole"};
	const char *value = text(e, key);

	for (size_t i = PART_SOME; value != NULL && i < COUNT_OF(words); i++) {
		if (strcmp(words[i], value) == 0)
			return (uint8_t)i;
	}
	return PART_NONE;
}

static void
read_exchange(const json_t *e, struct event_exchange *to)
{
	const char *code = text(e, "code");

	*to = (struct event_exchange){
	    .known = json_object_get(e, "forwarded") != NULL,
	    .forwarded = part(e, "forwarded"),
	    .answered = part(e, "answered"),
	    .delivered = part(e, "delivered"),
	    .stores = json_is_true(json_object_get(e, "stores")),
	    .commit = json_is_true(json_object_get(e, "commit")),
	    .failed = json_is_true(json_object_get(e, "failed")),
	    .transaction = word(e, "transaction"),
	};
	if (code != NULL)
		snprintf(to->code, sizeof(to->code), "%s", code);
}

/* As the producer told it. */
static void
read_event(const json_t *e, enum event_type type, struct event_record *to)
{
	*to = (struct event_record){
	    .type = type,
	    .time_us = number(e, "ts_us"),
	    .route = word(e, "route"),
	    .fault = word(e, "fault"),
	    .kind = word(e, "kind"),
	    .flow = (uint64_t)number(e, "flow"),
	    .what = text(e, "reason"),
	    .amount = (double)number(e, "amount"),
	    .count = (uint64_t)number(e, "count"),
	    .bytes_up = (uint64_t)number(e, "bytes_up"),
	    .bytes_down = (uint64_t)number(e, "bytes_down"),
	    .head_down = (uint64_t)number(e, "head_down"),
	    .status = (int)number(e, "status"),
	    .duration_us = (double)number(e, "duration_us"),
	    .flow_type = text(e, "flow_type"),
	    .when = {number(e, "request_us"), number(e, "response_us"),
		number(e, "response_last_us"), number(e, "left_us"),
		number(e, "forwarded_us"), number(e, "answered_us")},
	};
	if (type != EVENT_FLOW_CLOSE)
		return;
	read_who(e, &to->who);
	read_exchange(e, &to->exchange);
}

static void
on_lateness(struct reader *r, const struct event_record *e)
{
	if (r->noise_count == r->noise_room) {
		r->noise_room = r->noise_room > 0 ? r->noise_room * 2 : 64;
		r->noise = xrealloc(r->noise,
		    r->noise_room * sizeof(*r->noise));
	}
	r->noise[r->noise_count++] = e->amount;
}

static void
take_event(struct reader *r, const json_t *e, const char *name)
{
	int64_t ts_us = number(e, "ts_us");
	enum event_type type = type_of(name);
	struct event_record event;

	r->to->end_us = MAX(r->to->end_us, ts_us);
	if (type == EVENT_TYPE_COUNT ||
	    (RECORD_EVENTS & EVENT_BIT(type)) == 0)
		return;
	read_event(e, type, &event);
	if (type == EVENT_LATENESS)
		on_lateness(r, &event);
	else
		record_take(r->to, &event, 0, r->line);
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
			error_set(r->err, 0, "line %zu: %s; expected an "
			    "object, as faultwire run --journal writes them",
			    r->line, e != NULL ? "something else" : error.text);
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
