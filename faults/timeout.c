/* SPDX-License-Identifier: Apache-2.0 */
/* timeout: the bytes of this direction vanish, and in the end the connection
 * is closed. */
#include "base/deadline.h"
#include "faults/fault.h"
#include "faults/registry.h"

struct timeout_params {
	int64_t timeout_us;
	bool absolute;
};

struct timeout_state {
	int64_t since_us; /* the timer runs from here */
};

static const struct conf_field fields[] = {
    {
	.name = "timeout",
	.type = CONF_DURATION,
	.offset = offsetof(struct timeout_params, timeout_us),
	.def = "0ms",
	.max = 86400e6,
	.bare = 1000,
	.help = "When the connection is closed; 0 means never, bytes "
		"vanish until the fault is removed",
    },
    {
	.name = "absolute",
	.type = CONF_BOOL,
	.offset = offsetof(struct timeout_params, absolute),
	.def = "false",
	.help = "Count from when the fault began to act on the connection, "
		"not from the last bytes that came",
    },
    CONF_FIELD_END,
};

static void
close_now(struct stage *s)
{
	struct timeout_state *st = stage_state(s);

	stage_acted(s, "close", (double)(stage_now(s) - st->since_us), "us");
	stage_end(s, END_FIN);
}

static void
timeout_attach(struct stage *s)
{
	const struct timeout_params *p = stage_params(s);
	struct timeout_state *st = stage_state(s);

	st->since_us = stage_now(s);
	if (p->timeout_us > 0)
		stage_wake_at(s, st->since_us + p->timeout_us);
}

static void
timeout_data(struct stage *s)
{
	const struct timeout_params *p = stage_params(s);
	struct timeout_state *st = stage_state(s);
	size_t n = stage_in(s)->len;
	int64_t now = stage_now(s);

	if (n > 0) {
		stage_touched(s, n);
		stage_drop(s, n);
		if (!p->absolute)
			st->since_us = now;
	}
	if (p->timeout_us == 0)
		stage_wake_at(s, DEADLINE_NEVER);
	else if (now >= st->since_us + p->timeout_us)
		close_now(s);
	else
		stage_wake_at(s, st->since_us + p->timeout_us);
}

/* Behind a message that vanished nothing may follow: a client would take the
 * next one for it. */
static void
timeout_eof(struct stage *s)
{
	if (!stage_is_exchange(s))
		stage_pass_eof(s);
}

/* Bytes are missing: the stream cannot go on. */
static void
timeout_detach(struct stage *s)
{
	if (!stage_closing(s))
		close_now(s);
}

const struct fault_ops timeout_ops = {
    .kind =
	{
	    .name = "timeout",
	    .summary = "Swallows all bytes, then closes the connection",
	    .details =
		"Every byte of this direction is read, acknowledged and "
		"dropped. "
		"The connection is closed on both sides (FIN) when no bytes "
		"came "
		"for `timeout`; a connection on which nothing is sent closes "
		"`timeout` after the fault began to act on it. As in "
		"Toxiproxy, "
		"each arrival of bytes starts the time anew, so a busy sender "
		"is "
		"never cut off; `absolute = true` makes it a deadline. The "
		"sender's own end of stream passes at once, but nothing "
		"follows a request or an answer that vanished.\n\n"
		"Removing or disabling the fault closes the connections on "
		"which "
		"it acted, because their streams have lost bytes. To stop "
		"traffic and let it go on unharmed, use `blackhole`; to end "
		"connections by age without touching bytes, `lifetime`.",
	    .example = "{ type = \"timeout\"; timeout = \"5s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct timeout_params),
	    .flags = KIND_STREAM_ONLY,
	},
    .state_size = sizeof(struct timeout_state),
    .attach = timeout_attach,
    .data = timeout_data,
    .eof = timeout_eof,
    .detach = timeout_detach,
};
