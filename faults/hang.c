/* SPDX-License-Identifier: Apache-2.0 */
/* An exchange that gets no answer: the request is kept from the server, or
 * the server's answer from the client. */
#include "base/deadline.h"
#include "faults/registry.h"

#define DAY_US 86400e6

struct hang {
	int64_t duration_us;
	bool after;
};

static const struct conf_field fields[] = {
    {.name = "duration",
	.type = CONF_DURATION,
	.offset = offsetof(struct hang, duration_us),
	.def = "0ms",
	.max = DAY_US,
	.bare = 1000,
	.help = "Time after which the exchange goes on; 0: when the fault is "
		"removed"},
    {.name = "after",
	.type = CONF_BOOL,
	.offset = offsetof(struct hang, after),
	.def = "false",
	.help = "Whether the server first does its work, and its answer is "
		"withheld"},
    CONF_FIELD_END,
};

struct wait {
	int64_t since_us;
	bool begun, over;
};

static unsigned
hang_links(const void *params)
{
	const struct hang *p = params;

	return p->after ? LINK_MASK_DOWN : LINK_MASK_UP;
}

static void
begin(struct stage *s)
{
	struct wait *st = stage_state(s);

	st->begun = true;
	st->since_us = stage_arrival(s);
	stage_hold(s, true);
	stage_acted(s, "hang", 0, "");
}

static void
hang_data(struct stage *s)
{
	const struct hang *p = stage_params(s);
	struct wait *st = stage_state(s);

	if (!st->begun && stage_in(s)->len > 0 && stage_head_left(s) > 0)
		begin(s);
	if (!st->begun || st->over) {
		stage_pass_all(s);
		return;
	}
	if (p->duration_us == 0) {
		stage_wake_at(s, DEADLINE_NEVER);
		return;
	}
	if (stage_now(s) < st->since_us + p->duration_us) {
		stage_wake_at(s, st->since_us + p->duration_us);
		return;
	}
	st->over = true;
	stage_delayed(s, p->duration_us, stage_now(s) - st->since_us);
	stage_hold(s, false);
	stage_pass(s, stage_in(s)->len, st->since_us + p->duration_us);
}

static const char *
hang_early(const struct conf_fault *f)
{
	const struct hang *p = f->params;

	return p->after ? NULL : "after = true";
}

const struct fault_ops hang_ops = {
    .kind =
	{
	    .name = "hang",
	    .summary = "The exchange gets no answer",
	    .details =
		"The request is read and kept: the server does not see it, "
		"and the client waits for an answer until it gives up. With "
		"`after = true` the request is forwarded, the server does "
		"its work, and the whole answer is kept instead. The "
		"client's connection stays open all the while, so this tests "
		"the client's timeout for the answer, not for the connection."
		"\n\n"
		"After `duration`, or when the fault is removed, what was "
		"kept goes on unchanged and the exchange ends as if nothing "
		"had been. Further bytes of the same message are not read "
		"meanwhile; a large upload or answer makes its sender wait. "
		"A condition on `status` looks at the server's answer, and "
		"so needs `after = true`."
		"\n\n"
		"On HTTP/1 answers have an order: requests pipelined behind "
		"a hanging one on the same connection wait with it.",
	    .example = "{ type = \"hang\"; when = { path = \"/pay/*\"; }; }",
	    .fields = fields,
	    .params_size = sizeof(struct hang),
	    .flags = KIND_HTTP_ONLY | KIND_NO_STREAM | KIND_MAY_STALL |
		KIND_DELAYS,
	    .early = hang_early,
	},
    .state_size = sizeof(struct wait),
    .links_by = hang_links,
    .data = hang_data,
};
