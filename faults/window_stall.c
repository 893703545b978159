/* SPDX-License-Identifier: Apache-2.0 */
/* window_stall: the receiver stops giving window, so that the sender stalls.
 * What it sent until then is delivered. */
#include "base/deadline.h"
#include "faults/chunk.h"
#include "faults/registry.h"

#define DAY_US 86400e6

struct window_stall {
	int64_t bytes;
	int64_t duration_us;
};

static const struct conf_field fields[] = {
    {.name = "bytes",
	.type = CONF_SIZE,
	.offset = offsetof(struct window_stall, bytes),
	.def = "0",
	.max = 9007199254740992.0,
	.help = "Bytes (on HTTP routes of the body) after which no more "
		"window is given"},
    {.name = "duration",
	.type = CONF_DURATION,
	.offset = offsetof(struct window_stall, duration_us),
	.def = "0ms",
	.max = DAY_US,
	.bare = 1000,
	.help = "Time after which it goes on; 0: when the fault is removed"},
    CONF_FIELD_END,
};

struct stall {
	uint64_t passed;
	int64_t since_us;
	bool begun, over;
};

static void
window_stall_data(struct stage *s)
{
	const struct window_stall *p = stage_params(s);
	struct stall *st = stage_state(s);

	chunk_pass_head(s);
	st->passed += stage_in(s)->len;
	if (!st->begun && stage_in(s)->len > 0 &&
	    st->passed >= (uint64_t)p->bytes) {
		st->begun = true;
		st->since_us = stage_now(s);
		stage_hold(s, true);
		stage_acted(s, "window_stall", (double)st->passed, "bytes");
	}
	stage_pass_all(s);
	if (!st->begun || st->over)
		return;
	if (p->duration_us == 0) {
		stage_wake_at(s, DEADLINE_NEVER);
	} else if (stage_now(s) < st->since_us + p->duration_us) {
		stage_wake_at(s, st->since_us + p->duration_us);
	} else {
		st->over = true;
		stage_delayed(s, p->duration_us,
		    stage_now(s) - st->since_us);
		stage_hold(s, false);
	}
}

const struct fault_ops window_stall_ops = {
    .kind =
	{
	    .name = "window_stall",
	    .summary = "The sender gets no more window and has to stop",
	    .details =
		"After `bytes` the receiver of this direction gives no more "
		"window: on HTTP/2 no WINDOW_UPDATE for the stream, whose "
		"siblings go on; on HTTP/1 and TCP nothing is read, until "
		"the window of TCP is closed. The sender may send what its "
		"window still allows (on HTTP/2 up to 256 KiB, on TCP what "
		"the buffers of the kernel hold); all of it is delivered, "
		"and then nothing moves any more. After `duration`, or when "
		"the fault is removed, it goes on where it stopped."
		"\n\n"
		"With the default `stream = \"downstream\"` it is the server "
		"that cannot go on sending, as behind a client that does not "
		"read; with `upstream` the client, as before a server that is "
		"busy with something else. Messages that fit the window pass "
		"whole. To keep what was sent from arriving use `blackhole` "
		"or `hang`.",
	    .example = "{ type = \"window_stall\"; bytes = \"100KiB\"; "
		       "duration = \"10s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct window_stall),
	    .flags = KIND_STREAM_ONLY | KIND_DELAYS,
	},
    .state_size = sizeof(struct stall),
    .data = window_stall_data,
};
