/* SPDX-License-Identifier: Apache-2.0 */
/* The flow of a client's connection: what faults about all of it ask for. It
 * carries no bytes; those are its exchanges'. */
#include "proxy/http2.h"

static struct http1 *
of(struct flow *f)
{
	return CONTAINER_OF(f, struct http1, conn);
}

static void
op_opened(struct flow *f)
{
	if (of(f)->h2 != NULL)
		http2_opened(of(f)->h2);
	else
		http1_rest(of(f));
	http1_poke(of(f));
}

static void
op_output(struct flow *f, struct link *l)
{
	(void)f;
	(void)l;
}

static void
op_resume(struct flow *f, struct link *l)
{
	(void)l;
	if (of(f)->h2 != NULL)
		http2_resume(of(f)->h2);
	http1_poke(of(f));
}

static void
op_end(struct flow *f, enum flow_end how)
{
	http1_end(of(f), how);
}

static void
op_deaf(struct flow *f, struct link *l, bool on)
{
	struct http1 *s = of(f);

	if (l->dir == LINK_UP)
		end_set_deaf(&s->client, on);
	else if (s->x != NULL && s->x->upstream != NULL)
		end_set_deaf(&s->x->upstream->end, on);
}

static bool
op_vanish(struct flow *f)
{
	struct http1 *s = of(f);
	bool busy = s->x != NULL && s->x->upstream != NULL;

	if (s->h2 != NULL || s->state == HTTP1_CLOSED)
		return false;
	/* What was passed before arrives. */
	http1_write_client(s);
	if (s->state == HTTP1_CLOSED ||
	    !end_vanish(&s->client, busy ? &s->x->upstream->end : NULL))
		return false;
	http1_close(s, CLOSE_FAULT, true);
	return true;
}

static bool
op_fact(const struct flow *f, enum fact fact, struct view *to)
{
	return client_facts_answer(of((struct flow *)(uintptr_t)f)->facts, fact,
	    to);
}

const struct flow_ops http1_connection_ops = {
    .opened = op_opened,
    .output = op_output,
    .resume = op_resume,
    .end = op_end,
    .deaf = op_deaf,
    .vanish = op_vanish,
    .fact = op_fact,
};
