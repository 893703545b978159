/* SPDX-License-Identifier: Apache-2.0 */
/* reset_peer: the connection ends with a reset on both sides.
 *
 *   attach ──timeout──────────────────────────────► reset   (nothing is sent)
 *   attach ──► first bytes or end ──timeout───────► reset   (they are held) */
#include "base/deadline.h"
#include "faults/fault.h"
#include "faults/registry.h"

struct reset_peer_params {
	int64_t timeout_us;
};

struct reset_peer_state {
	int64_t since_us; /* the time runs from here */
	bool met;	  /* bytes or the end of stream came */
};

static const struct conf_field fields[] = {
    {
	.name = "timeout",
	.type = CONF_DURATION,
	.offset = offsetof(struct reset_peer_params, timeout_us),
	.def = "0ms",
	.max = 86400e6,
	.bare = 1000,
	.help = "How long after its cause the reset comes",
    },
    CONF_FIELD_END,
};

/* When the reset is due, µs. */
static int64_t
due_us(struct stage *s)
{
	const struct reset_peer_params *p = stage_params(s);
	const struct reset_peer_state *st = stage_state(s);

	/* Without a timeout an idle connection waits for its first bytes. */
	if (stage_at(s) != AT_OPEN && !st->met && p->timeout_us == 0)
		return DEADLINE_NEVER;
	return st->since_us + p->timeout_us;
}

static void
reset_now(struct stage *s)
{
	struct reset_peer_state *st = stage_state(s);

	stage_acted(s, "reset", (double)(stage_now(s) - st->since_us), "us");
	stage_end(s, END_RST);
}

static void
reset_or_wait(struct stage *s)
{
	int64_t due = due_us(s);

	if (stage_now(s) >= due)
		reset_now(s);
	else
		stage_wake_at(s, due);
}

static void
reset_peer_attach(struct stage *s)
{
	struct reset_peer_state *st = stage_state(s);

	st->since_us = stage_now(s);
	stage_wake_at(s, due_us(s));
}

static void
reset_peer_open(struct stage *s)
{
	const struct reset_peer_params *p = stage_params(s);

	if (stage_at(s) == AT_OPEN && p->timeout_us == 0)
		reset_now(s);
}

/* The first bytes, or the end of stream, came. */
static void
meet(struct stage *s)
{
	struct reset_peer_state *st = stage_state(s);

	if (st->met)
		return;
	st->met = true;
	st->since_us = stage_now(s);
}

static void
reset_peer_data(struct stage *s)
{
	if (stage_at(s) == AT_OPEN)
		stage_pass_all(s);
	else if (stage_in(s)->len > 0)
		meet(s);
	reset_or_wait(s);
}

static void
reset_peer_eof(struct stage *s)
{
	if (stage_at(s) == AT_OPEN) {
		stage_pass_eof(s);
		return;
	}
	meet(s);
	reset_or_wait(s);
}

const struct fault_ops reset_peer_ops = {
    .kind =
	{
	    .name = "reset_peer",
	    .summary = "Ends the connection with a TCP reset on both sides",
	    .details =
		"With `at = \"data\"` the first bytes of this direction, or "
		"its "
		"end of stream, are held and never delivered; `timeout` later "
		"both sides are reset (RST). A connection on which nothing is "
		"sent is reset `timeout` after the fault began to act on it; "
		"with `timeout` 0 it waits for the first bytes. With "
		"`at = \"open\"` the time counts from when the fault began to "
		"act "
		"on the connection, bytes pass until then, and `timeout` 0 "
		"resets new connections before the server is dialled and idle "
		"ones at once.\n\n"
		"Connections that were open before the fault was added are "
		"reset "
		"too, whereas Toxiproxy closes those with FIN and never ends "
		"idle ones. Removing the fault while a reset is pending calls "
		"it "
		"off: held bytes move on and the connection lives. On an HTTP "
		"route one exchange is broken: on HTTP/2 by RST_STREAM, with "
		"INTERNAL_ERROR to the client and CANCEL to the server (see "
		"`stream_reset` for other codes).",
	    .example = "{ type = \"reset_peer\"; timeout = \"500ms\"; "
		       "probability = \"10%\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct reset_peer_params),
	    .flags = KIND_STREAM_ONLY | KIND_AT_OPEN,
	},
    .state_size = sizeof(struct reset_peer_state),
    .attach = reset_peer_attach,
    .open = reset_peer_open,
    .data = reset_peer_data,
    .eof = reset_peer_eof,
};
