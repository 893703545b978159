/* SPDX-License-Identifier: Apache-2.0 */
/* RESP: lines that begin with a type; strings with a length; arrays that nest.
 */
#include "load/resp.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define COUNT_MAX INT32_MAX

enum form { FORM_LINE, FORM_STRING, FORM_LIST };

static const struct type {
	char mark;
	enum form form;
	int values;	   /* of a list, for each that it counts */
	bool error, aside; /* aside: no reply, nor a part of one */
} types[] = {
    {'+', FORM_LINE, 0, false, false},	 {'-', FORM_LINE, 0, true, false},
    {':', FORM_LINE, 0, false, false},	 {'_', FORM_LINE, 0, false, false},
    {',', FORM_LINE, 0, false, false},	 {'#', FORM_LINE, 0, false, false},
    {'(', FORM_LINE, 0, false, false},	 {'$', FORM_STRING, 0, false, false},
    {'=', FORM_STRING, 0, false, false}, {'!', FORM_STRING, 0, true, false},
    {'*', FORM_LIST, 1, false, false},	 {'~', FORM_LIST, 1, false, false},
    {'%', FORM_LIST, 2, false, false},	 {'>', FORM_LIST, 1, false, true},
    {'|', FORM_LIST, 2, false, true},
};

static const struct type *
type_of(char mark)
{
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (types[i].mark == mark)
			return &types[i];
	}
	return NULL;
}

void
resp_reset(struct resp *r)
{
	str_clear(&r->line);
	r->left = 0;
	r->depth = 0;
	r->in_string = r->error = false;
}

void
resp_fini(struct resp *r)
{
	str_fini(&r->line);
}

/* Is what is read now a part of something aside? */
static bool
is_aside(const struct resp *r)
{
	for (unsigned i = 0; i < r->depth; i++) {
		if (!r->stack[i].is_reply)
			return true;
	}
	return false;
}

static void
give(struct resp *r, const char *at, size_t len)
{
	if (len > 0 && !is_aside(r))
		r->sink(r->arg, (struct view){at, len});
}

/* A value is whole; so may be those that hold it. */
static enum resp_result
value_ended(struct resp *r)
{
	while (r->depth > 0) {
		if (--r->stack[r->depth - 1].left > 0)
			return RESP_MORE;
		r->depth--;
		/* What was aside counts as nothing where it stands. */
		if (!r->stack[r->depth].is_reply)
			return RESP_MORE;
	}
	return RESP_DONE;
}

static enum resp_result
open_list(struct resp *r, const struct type *type, int64_t count)
{
	if (count <= 0)
		return type->aside ? RESP_MORE : value_ended(r);
	if (r->depth == RESP_DEPTH)
		return RESP_BAD;
	r->stack[r->depth].left = count * type->values;
	r->stack[r->depth].is_reply = !type->aside;
	r->depth++;
	return RESP_MORE;
}

static bool
read_count(const char *text, int64_t *to)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	*to = n;
	return end != text && *end == '\0' && n >= -1 && n <= COUNT_MAX;
}

/* The line is whole, without its line break. */
static enum resp_result
read_line(struct resp *r)
{
	const struct type *type = type_of(r->line.text[0]);
	int64_t count;

	if (type == NULL)
		return RESP_BAD;
	if (r->depth == 0)
		r->error = type->error;
	if (type->form == FORM_LINE) {
		give(r, r->line.text + 1, r->line.len - 1);
		return value_ended(r);
	}
	if (!read_count(r->line.text + 1, &count))
		return RESP_BAD;
	if (type->form == FORM_LIST)
		return open_list(r, type, count);
	if (count < 0)
		return value_ended(r);
	r->in_string = true;
	r->left = count + 2;
	return RESP_MORE;
}

static enum resp_result
feed_line(struct resp *r, struct view *data)
{
	const char *end = memchr(data->at, '\n', data->len);
	size_t len = end != NULL ? (size_t)(end - data->at) + 1 : data->len;
	enum resp_result result;

	if (r->line.len + len > RESP_LINE_MAX)
		return RESP_BAD;
	str_add_bytes(&r->line, data->at, len);
	data->at += len;
	data->len -= len;
	if (end == NULL)
		return RESP_MORE;
	if (r->line.len < 3 || r->line.text[r->line.len - 2] != '\r')
		return RESP_BAD;
	r->line.len -= 2;
	r->line.text[r->line.len] = '\0';
	result = read_line(r);
	str_clear(&r->line);
	return result;
}

static enum resp_result
feed_string(struct resp *r, struct view *data)
{
	int64_t text = MAX(r->left - 2, 0);
	size_t len = MIN(data->len, (size_t)text);

	give(r, data->at, len);
	for (; len < data->len && len < (size_t)r->left; len++) {
		if (data->at[len] !=
		    ((int64_t)len == r->left - 2 ? '\r' : '\n'))
			return RESP_BAD;
	}
	data->at += len;
	data->len -= len;
	r->left -= (int64_t)len;
	if (r->left > 0)
		return RESP_MORE;
	r->in_string = false;
	return value_ended(r);
}

enum resp_result
resp_feed(struct resp *r, struct view *data)
{
	enum resp_result result = RESP_MORE;

	while (data->len > 0 && result == RESP_MORE)
		result =
		    r->in_string ? feed_string(r, data) : feed_line(r, data);
	return result;
}
