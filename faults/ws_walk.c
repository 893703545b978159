/* SPDX-License-Identifier: Apache-2.0 */
/* Finding messages among what a stage holds. */
#include "faults/ws_walk.h"

#include "base/attr.h"
#include "faults/chunk.h"

const char *const ws_sorts[] = {"data", "text", "binary", "ping", "pong",
    "close", "any", NULL};

void
ws_walk_attach(struct stage *s)
{
	struct ws_walk *w = stage_state(s);

	w->joined = stage_websocket(s, &w->scan, &w->ahead);
	w->live = w->joined;
}

/* Nothing more is known: what comes passes. */
static void
lose(struct stage *s)
{
	struct ws_walk *w = stage_state(s);

	w->lost = true;
	stage_powerless(s, "malformed");
}

/* The first of the held bytes are not ours to judge: they left before the
 * stage came, or belong to the frame that was under way then. False: nothing
 * else is held. */
static bool
catch_up(struct stage *s)
{
	struct ws_walk *w = stage_state(s);
	const struct bytes *in = stage_in(s);
	size_t n = MIN(w->ahead, in->len);

	w->ahead -= n;
	stage_pass(s, n, -1);
	while (w->ahead == 0 && in->len > 0 && !w->scan.bad &&
	    (w->scan.left > 0 || w->scan.have > 0)) {
		const struct seg *seg = in->head;

		stage_pass(s, ws_scan_frame(&w->scan,
				  seg->slab->data + seg->off, seg->len), -1);
	}
	if (w->scan.bad)
		lose(s);
	w->live = w->ahead > 0 || w->scan.left > 0 || w->scan.have > 0;
	return in->len > 0;
}

static bool
sort_fits(enum ws_sort sort, unsigned opcode)
{
	switch (sort) {
	case WS_SORT_DATA:
		return opcode < WS_CLOSE;
	case WS_SORT_TEXT:
		return opcode == WS_TEXT;
	case WS_SORT_BINARY:
		return opcode == WS_BINARY;
	case WS_SORT_PING:
		return opcode == WS_PING;
	case WS_SORT_PONG:
		return opcode == WS_PONG;
	case WS_SORT_CLOSE:
		return opcode == WS_CLOSE;
	case WS_SORT_ANY:
		return true;
	}
	return false;
}

/* A message begins: is it one of those? */
static bool
choose(struct stage *s)
{
	const struct ws_choice *c = stage_params(s);
	struct ws_walk *w = stage_state(s);
	uint64_t place;

	if (!sort_fits((enum ws_sort)c->opcode, w->frame.opcode))
		return false;
	place = w->seen++;
	if (place < (uint64_t)c->messages ||
	    (c->most > 0 && w->chosen >= (uint64_t)c->most) ||
	    stage_unit(s, STAGE_DRAW + place) >= c->rate)
		return false;
	w->chosen++;
	return true;
}

/* The head of the next frame, once it is complete. */
static bool
begin_frame(struct stage *s, const struct ws_walk_ops *ops)
{
	struct ws_walk *w = stage_state(s);
	unsigned char data[WS_HEAD_MAX];
	size_t n = bytes_peek(stage_in(s), 0, data, sizeof(data));
	enum ws_result result = ws_head_parse(data, n, &w->frame);
	bool goes_on;

	if (result == WS_MORE)
		return false;
	if (result == WS_BAD || !ws_scan_begin(&w->scan, &w->frame)) {
		lose(s);
		return false;
	}
	goes_on = w->frame.opcode == WS_CONTINUATION;
	w->left = w->frame.len + w->frame.payload;
	w->is_chosen = goes_on ? w->message_chosen : choose(s);
	if (!ws_is_control(&w->frame))
		w->message_chosen = w->is_chosen;
	if (w->is_chosen && !goes_on && ops->begin != NULL)
		ops->begin(s);
	return true;
}

/* Some bytes of the frame under way. False: they wait. */
static bool
step(struct stage *s, const struct ws_walk_ops *ops)
{
	struct ws_walk *w = stage_state(s);
	size_t n = (size_t)MIN(w->left, stage_in(s)->len);

	if (w->is_chosen)
		n = ops->bytes(s, n);
	else
		stage_pass(s, n, -1);
	w->left -= n;
	if (w->left == 0 && w->is_chosen && w->frame.fin && ops->end != NULL)
		ops->end(s);
	return n > 0;
}

void
ws_walk(struct stage *s, const struct ws_walk_ops *ops)
{
	struct ws_walk *w = stage_state(s);
	const struct bytes *in = stage_in(s);

	w->joined |= stage_websocket(s, NULL, NULL);
	if (w->joined && w->live && !catch_up(s))
		return;
	chunk_pass_head(s);
	while (w->joined && !w->lost && in->len > 0) {
		if (w->left == 0 && !begin_frame(s, ops))
			break;
		if (!step(s, ops))
			return;
	}
	/* The start of a head is held until it tells what it is. */
	if (!w->joined || w->lost || stage_at_eof(s))
		stage_pass_all(s);
}
