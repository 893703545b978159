/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a walker over what both sides of a connection say, in pieces of any
 * size, and writes down what it made of it. */
#ifndef PROXY_DATA_CASE_H
#define PROXY_DATA_CASE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/data_walk.h"

#define CASE_COMMANDS 32

/* A session as its walker sees it: commands in order, as data.h has them. */
struct data_case {
	const struct data_ops *ops;
	struct data_walk *walk;
	struct data_command commands[CASE_COMMANDS];
	bool answered[CASE_COMMANDS];
	size_t count;
	bool asking; /* the last command's request goes on */
	size_t piece;
	const char *opaque;
};

static inline void
case_open(struct data_case *t, const struct data_ops *ops, size_t piece)
{
	*t = (struct data_case){.ops = ops, .piece = piece};
	t->walk = ops->new();
}

static inline void
case_close(struct data_case *t)
{
	for (size_t i = 0; i < t->count; i++)
		data_command_fini(&t->commands[i]);
	t->ops->free(t->walk);
}

static inline struct data_command *
case_add(struct data_case *t, bool push)
{
	ck_assert_uint_lt(t->count, CASE_COMMANDS);
	t->commands[t->count] = (struct data_command){.push = push,
	    .request_done = push, .watched = true};
	return &t->commands[t->count++];
}

/* Bytes of the client, each piece in memory of exactly its size. */
static inline void
case_says(struct data_case *t, const char *data, size_t len)
{
	for (size_t at = 0; at < len && t->opaque == NULL;) {
		size_t n = MIN(t->piece, len - at), used;
		char *copy = xmemdup0(data + at, n);
		struct data_command *c = t->asking
		    ? &t->commands[t->count - 1]
		    : case_add(t, false);

		used = t->ops->request(t->walk, c, copy, n);
		free(copy);
		ck_assert_uint_le(used, n);
		ck_assert(used > 0 || c->request_done);
		t->opaque = c->opaque;
		t->asking = !c->request_done;
		if (c->request_done && c->answered >= c->asked)
			t->answered[t->count - 1] = true;
		at += used;
	}
}

static inline void
case_answers(struct data_case *t, const char *data, size_t len)
{
	for (size_t at = 0; at < len && t->opaque == NULL;) {
		size_t n = MIN(t->piece, len - at), used, i = 0;
		char *copy = xmemdup0(data + at, n);
		struct data_command *c;
		bool over;

		while (i < t->count && t->answered[i])
			i++;
		c = i < t->count ? &t->commands[i] : case_add(t, true);
		used = t->ops->answer(t->walk, c, copy, n, &over);
		free(copy);
		ck_assert_uint_le(used, n);
		ck_assert_uint_gt(used, 0);
		t->opaque = c->opaque;
		if (over && c->request_done && c->answered >= c->asked) {
			t->answered[i] = true;
			if (t->asking && i == t->count - 1)
				t->asking = false;
		}
		at += used;
	}
}

#define SAYS(t, text)	 case_says(t, text, sizeof(text) - 1)
#define ANSWERS(t, text) case_answers(t, text, sizeof(text) - 1)

/* "BEGIN+COMMIT:ok:T GET:err(ERR) PUSH:ok …"; a command without its answer
 * ends in "?". */
static inline char *
case_story(const struct data_case *t)
{
	struct str to = {0};

	for (size_t i = 0; i < t->count; i++) {
		const struct data_command *c = &t->commands[i];

		str_add(&to, i > 0 ? " " : "");
		for (size_t k = 0; k < c->words_count; k++)
			str_printf(&to, "%s%s", k > 0 ? "+" : "", c->words[k]);
		str_add(&to, c->push ? "PUSH" : "");
		str_add(&to, !t->answered[i] ? "?" : "");
		if (c->failed)
			str_printf(&to, "(%s)", c->code);
		if (c->transaction != NULL &&
		    strcmp(c->transaction, "none") != 0)
			str_printf(&to, ":%s", c->transaction);
	}
	if (t->opaque != NULL)
		str_printf(&to, " | %s", t->opaque);
	return str_take(&to);
}

#define EXPECT(t, text)                                                        \
	do {                                                                   \
		char *got_ = case_story(t);                                    \
		ck_assert_msg(strcmp(got_, text) == 0,                         \
		    "pieces of %zu: %s", (t)->piece, got_);                    \
		free(got_);                                                    \
	} while (0)

#endif
