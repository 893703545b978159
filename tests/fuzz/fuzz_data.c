/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything to the walkers of data protocols, both sides of it: every
 * byte is taken once, and what they make of it is the same however the bytes
 * come in pieces. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/data_walk.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

#define COMMANDS 64

struct session {
	const struct data_ops *ops;
	struct data_walk *walk;
	struct data_command commands[COMMANDS];
	bool answered[COMMANDS];
	size_t count;
	bool asking, over; /* over: no more is looked at */
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct data_command *
add(struct session *s, bool push)
{
	if (s->count == COMMANDS) {
		s->over = true;
		return NULL;
	}
	s->commands[s->count] = (struct data_command){.push = push,
	    .request_done = push, .watched = true};
	return &s->commands[s->count++];
}

static size_t
asks(struct session *s, const char *data, size_t len)
{
	struct data_command *c = s->asking ? &s->commands[s->count - 1]
					   : add(s, false);
	size_t used;

	if (c == NULL)
		return len;
	used = s->ops->request(s->walk, c, data, len);
	must(used <= len && (used > 0 || c->request_done));
	s->over |= c->opaque != NULL;
	s->asking = !c->request_done;
	if (c->request_done && c->answered >= c->asked)
		s->answered[s->count - 1] = true;
	return used;
}

static size_t
answers(struct session *s, const char *data, size_t len)
{
	struct data_command *c;
	size_t used, i = 0;
	bool over;

	while (i < s->count && s->answered[i])
		i++;
	c = i < s->count ? &s->commands[i] : add(s, true);
	if (c == NULL)
		return len;
	used = s->ops->answer(s->walk, c, data, len, &over);
	must(used > 0 && used <= len);
	s->over |= c->opaque != NULL;
	if (over && c->request_done && c->answered >= c->asked) {
		s->answered[i] = true;
		s->asking &= i + 1 != s->count;
	}
	return used;
}

/* Chunks of the input: a byte tells whose they are and how long. */
static void
run(struct session *s, const unsigned char *data, size_t len, size_t piece)
{
	size_t at = 0;

	s->walk = s->ops->new();
	while (at < len && !s->over) {
		bool server = data[at] & 1;
		size_t n = MIN((size_t)(data[at] >> 1) + 1, len - at - 1);
		const unsigned char *chunk = data + ++at;

		for (size_t done = 0; done < n && !s->over;) {
			size_t some = MIN(piece, n - done);
			char *copy = xmemdup0((const char *)chunk + done,
			    some);

			done += server ? answers(s, copy, some)
				       : asks(s, copy, some);
			free(copy);
		}
		at += n;
	}
	s->ops->free(s->walk);
}

static void
compare(const struct session *a, const struct session *b)
{
	must(a->count == b->count && a->over == b->over);
	for (size_t i = 0; i < a->count; i++) {
		const struct data_command *x = &a->commands[i],
					  *y = &b->commands[i];

		must(x->words_count == y->words_count &&
		    memcmp(x->words, y->words, sizeof(x->words)) == 0);
		must(x->push == y->push && x->asked == y->asked &&
		    x->answered == y->answered && x->failed == y->failed &&
		    x->request_done == y->request_done &&
		    strcmp(x->code, y->code) == 0);
		must(x->opaque != NULL || x->hash == y->hash);
		must(data_method(a->ops, x) == data_method(b->ops, y));
	}
}

static void
finish(struct session *s)
{
	for (size_t i = 0; i < s->count; i++)
		data_command_fini(&s->commands[i]);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const struct data_ops *const all[] = {&data_redis,
	    &data_postgres, &data_mysql};
	struct session whole = {0}, pieces = {0};

	if (len < 2)
		return 0;
	whole.ops = pieces.ops = all[data[0] % COUNT_OF(all)];
	run(&whole, data + 1, len - 1, SIZE_MAX);
	run(&pieces, data + 1, len - 1, 1 + data[0] / 16);
	compare(&whole, &pieces);
	finish(&whole);
	finish(&pieces);
	return 0;
}
