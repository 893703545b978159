/* SPDX-License-Identifier: Apache-2.0 */
/* ws_delay: chosen messages of a WebSocket arrive late. */
#include "base/deadline.h"
#include "faults/registry.h"
#include "faults/ws_walk.h"

#define DAY_US 86400e6

/* Draws for delays, apart from those for the choice. */
#define DRAW_JITTER (STAGE_DRAW + (UINT64_C(1) << 40))

struct ws_delay {
	struct ws_choice choice;
	int64_t delay_us, jitter_us;
};

struct ws_delay_state {
	struct ws_walk walk;
	int64_t delay_us; /* of the message under way */
	int64_t arrival_us; /* of its first byte; negative: not seen yet */
	int64_t left_us; /* when the bytes before these left, nominally */
};

static const struct conf_field fields[] = {
    WS_CHOICE_FIELDS,
    {.name = "delay",
	.type = CONF_DURATION,
	.offset = offsetof(struct ws_delay, delay_us),
	.flags = CONF_REQUIRED,
	.max = DAY_US,
	.bare = 1000,
	.help = "How much later a chosen message arrives"},
    {.name = "jitter",
	.type = CONF_DURATION,
	.offset = offsetof(struct ws_delay, jitter_us),
	.def = "0ms",
	.max = DAY_US,
	.bare = 1000,
	.help = "How far delays stray from that, evenly"},
    CONF_FIELD_END,
};

static void
begin(struct stage *s)
{
	const struct ws_delay *p = stage_params(s);
	struct ws_delay_state *st = stage_state(s);
	double draw = stage_unit(s, DRAW_JITTER + st->walk.seen);
	int64_t delay = p->delay_us +
	    (int64_t)((2 * draw - 1) * (double)p->jitter_us);

	st->delay_us = delay > 0 ? delay : 0;
	st->arrival_us = -1;
}

/* The bytes that arrived together leave together. */
static size_t
bytes(struct stage *s, size_t n)
{
	struct ws_delay_state *st = stage_state(s);
	int64_t arrival = stage_arrival(s), now = stage_now(s);
	int64_t due = MAX(arrival + st->delay_us, st->left_us);

	if (due > now) {
		stage_wake_at(s, due);
		return 0;
	}
	n = MIN(n, stage_in(s)->head->len);
	if (st->arrival_us < 0) {
		st->arrival_us = arrival;
		stage_delayed(s, due - arrival, now - arrival);
	}
	st->left_us = due;
	stage_pass(s, n, due);
	return n;
}

static void
ws_delay_data(struct stage *s)
{
	static const struct ws_walk_ops ops = {.begin = begin, .bytes = bytes};

	ws_walk(s, &ops);
}

const struct fault_ops ws_delay_ops = {
    .kind =
	{
	    .name = "ws_delay",
	    .summary = "Messages of a WebSocket arrive late",
	    .details =
		"Chosen messages are held for `delay`, give or take `jitter`. "
		"Order is kept, as on any WebSocket: what comes behind a "
		"held message waits for it, and then goes on at once. To "
		"delay everything alike, `latency` does it for less.",
	    .example = "{ type = \"ws_delay\"; delay = \"2s\"; "
		       "rate = \"1%\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct ws_delay),
	    .flags = KIND_HTTP_ONLY | KIND_MAY_STALL | KIND_DELAYS,
	},
    .state_size = sizeof(struct ws_delay_state),
    .attach = ws_walk_attach,
    .data = ws_delay_data,
};
