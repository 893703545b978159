/* SPDX-License-Identifier: Apache-2.0 */
/* Which request is this, and was it there before? Told by what clients say of
 * their own accord (counters, ids), else by what they ask for. Only hashes
 * leave this file. */
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "faults/flow_tell.h"

/* How a header counts. */
enum count_form {
	COUNT_FROM_0,
	COUNT_FROM_1,
	COUNT_ATTEMPT, /* "attempt=N; max=M", from 1 */
};

static const struct {
	struct view name;
	enum count_form form;
} counters[] = {
    {VIEW("x-envoy-attempt-count"), COUNT_FROM_1},
    {VIEW("grpc-previous-rpc-attempts"), COUNT_FROM_0},
    {VIEW("amz-sdk-request"), COUNT_ATTEMPT},
    {VIEW("x-retry-count"), COUNT_FROM_0},
    {VIEW("x-stainless-retry-count"), COUNT_FROM_0},
};

/* The first one that is there counts. */
static const struct view ids[] = {VIEW("amz-sdk-invocation-id"),
    VIEW("idempotency-key"), VIEW("x-request-id")};

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE",
    "PATCH", "OPTIONS", "CONNECT", "TRACE"};

static bool
is_name(struct view v, struct view name)
{
	return v.len == name.len && strncasecmp(v.at, name.at, v.len) == 0;
}

/* The text as a number of six digits at most; -1: it is none. */
static int
number(struct view v)
{
	int n = 0;

	if (v.len == 0 || v.len > 6)
		return -1;
	for (size_t i = 0; i < v.len; i++) {
		if (v.at[i] < '0' || v.at[i] > '9')
			return -1;
		n = n * 10 + v.at[i] - '0';
	}
	return n;
}

void
flow_note_field(struct flow *f, struct view name, struct view value)
{
	if (is_name(name, VIEW("retry-after")))
		f->retry_after_s = MAX(number(view_trim(value)), 0);
	else if (is_name(name, VIEW("grpc-status")))
		f->grpc_status = (int16_t)MIN(number(view_trim(value)), 999);
}

static int
attempt_in(struct view v, enum count_form form)
{
	const struct view word = VIEW("attempt=");
	const char *at, *end;
	int n;

	if (form == COUNT_ATTEMPT) {
		at = memmem(v.at, v.len, word.at, word.len);
		if (at == NULL)
			return -1;
		at += word.len;
		end = memchr(at, ';', (size_t)(v.at + v.len - at));
		v = (struct view){at,
		    (size_t)((end != NULL ? end : v.at + v.len) - at)};
	}
	n = number(view_trim(v));
	return n > 0 && form != COUNT_FROM_0 ? n - 1 : n;
}

static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* The longest word with a digit in it, by which a call can be known again in
 * the calls that it causes. */
static struct view
token_in(struct view v, struct view best)
{
	size_t start = 0;
	bool digit = false;

	for (size_t i = 0; i <= v.len; i++) {
		if (i < v.len && is_word(v.at[i])) {
			digit |= v.at[i] >= '0' && v.at[i] <= '9';
			continue;
		}
		if (digit && i - start > best.len)
			best = (struct view){v.at + start, i - start};
		start = i + 1;
		digit = false;
	}
	return best;
}

/* A word with a digit in it is one of many: all such are one endpoint. */
static uint64_t
endpoint_of(struct view method, struct view path)
{
	uint64_t hash = hash_of(method), word = HASH_SEED;
	bool digit = false;

	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && is_word(path.at[i])) {
			digit |= path.at[i] >= '0' && path.at[i] <= '9';
			word = (word ^ (unsigned char)path.at[i]) * HASH_PRIME;
			continue;
		}
		hash = (hash ^ (digit ? 1 : word)) * HASH_PRIME;
		hash = (hash ^ (i < path.len ? (unsigned char)path.at[i] : 0)) *
		    HASH_PRIME;
		word = HASH_SEED;
		digit = false;
	}
	return hash;
}

static const char *
method_name(struct view method)
{
	for (size_t i = 0; i < COUNT_OF(methods); i++) {
		if (view_is(method, methods[i]))
			return methods[i];
	}
	return "OTHER";
}

/* What the headers of a request say of it. */
struct said {
	struct view length; /* content-length */
	size_t counter, id; /* rows; the first that is there counts */
	int attempt;
	struct view id_value;
};

static void
hear(struct said *to, struct view name, struct view value)
{
	if (value.len == 0)
		return;
	if (is_name(name, VIEW("content-length")) && to->length.len == 0)
		to->length = value;
	for (size_t i = 0; i < to->counter; i++) {
		if (!is_name(name, counters[i].name))
			continue;
		to->attempt = attempt_in(value, counters[i].form);
		to->counter = to->attempt >= 0 ? i : to->counter;
	}
	for (size_t i = 0; i < to->id; i++) {
		if (!is_name(name, ids[i]))
			continue;
		to->id = i;
		to->id_value = value;
	}
}

static void
hear_all(const struct flow *f, struct said *to)
{
	struct view name, value;
	size_t at = 0;

	*to = (struct said){.counter = COUNT_OF(counters),
	    .id = COUNT_OF(ids), .attempt = -1};
	while (f->ops->next_header != NULL &&
	    f->ops->next_header(f, &at, &name, &value))
		hear(to, name, value);
}

/* True if the flow is a command. */
static bool
command_of(const struct flow *f, struct event_identity *to)
{
	struct flow_request r;

	if (f->ops->request == NULL || !f->ops->request(f, &r))
		return false;
	to->method = r.method;
	to->request = r.hash;
	to->endpoint = hash_of(view_of(r.method));
	to->token = hash_of(token_in(r.text, (struct view){0}));
	return true;
}

void
flow_identity(const struct flow *f, struct event_identity *to)
{
	struct view method, path = {0}, query = {0}, token;
	struct trace_context trace;
	struct said said;

	*to = (struct event_identity){.client = f->client, .attempt = -1,
	    .retry_after_s = f->retry_after_s,
	    .grpc_status = f->grpc_status};
	if (command_of(f, to) || f->ops->fact == NULL ||
	    !f->ops->fact(f, FACT_METHOD, &method))
		return;
	if (!f->ops->fact(f, FACT_PATH, &path))
		path.len = 0;
	if (!f->ops->fact(f, FACT_QUERY, &query))
		query.len = 0;
	hear_all(f, &said);
	to->method = method_name(method);
	to->request = hash_add(hash_add(hash_add(hash_of(method), path),
				   query), said.length);
	to->endpoint = endpoint_of(method, path);
	token = token_in(query, token_in(path, (struct view){0}));
	to->token = hash_of(token);
	to->attempt = said.attempt;
	to->id = hash_of(said.id_value);
	to->id_from = said.id < COUNT_OF(ids) ? ids[said.id].at : NULL;
	if (f->ops->trace != NULL && f->ops->trace(f, &trace))
		to->trace = hash_of((struct view){
		    (const char *)trace.trace_id, TRACE_ID_SIZE});
}
