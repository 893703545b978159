/* SPDX-License-Identifier: Apache-2.0 */
/* ws_cut: the connection ends amid a frame of a WebSocket. */
#include "faults/registry.h"
#include "faults/ws_walk.h"

struct ws_cut {
	struct ws_choice choice;
	int64_t bytes;
	int how;
};

static const char *const how_choices[] = {"fin", "rst", "silent", NULL};
static const enum flow_end how_ends[] = {END_FIN, END_RST_AFTER, END_SILENT};

static const struct conf_field fields[] = {
    WS_CHOICE_FIELDS,
    {.name = "bytes",
	.type = CONF_SIZE,
	.offset = offsetof(struct ws_cut, bytes),
	.def = "0",
	.max = 9007199254740992.0,
	.help = "How much of the message's first frame arrives, of its "
		"payload, but never all of it; 0: its head alone"},
    {.name = "how",
	.type = CONF_ENUM,
	.offset = offsetof(struct ws_cut, how),
	.def = "fin",
	.choices = how_choices,
	.help = "How the connection ends: closed, reset, or dead without a "
		"word"},
    CONF_FIELD_END,
};

/* Bytes of the frame are to pass until `left` of it are not. */
static uint64_t
left_at_end(const struct ws_cut *p, const struct ws_head *frame)
{
	uint64_t bytes = (uint64_t)p->bytes;

	return frame->payload > bytes ? frame->payload - bytes : 1;
}

static size_t
bytes(struct stage *s, size_t n)
{
	const struct ws_cut *p = stage_params(s);
	struct ws_walk *w = stage_state(s);
	uint64_t last = left_at_end(p, &w->frame);

	if (w->left > last) {
		n = (size_t)MIN(n, w->left - last);
		stage_pass(s, n, -1);
		return n;
	}
	stage_acted(s, "cut", (double)(w->frame.len + w->frame.payload - last),
	    "bytes");
	stage_end(s, how_ends[p->how]);
	return 0;
}

static void
ws_cut_data(struct stage *s)
{
	static const struct ws_walk_ops ops = {.bytes = bytes};

	ws_walk(s, &ops);
}

const struct fault_ops ws_cut_ops = {
    .kind =
	{
	    .name = "ws_cut",
	    .summary = "A WebSocket breaks off amid a frame",
	    .details =
		"Of the first frame of the chosen message the head and "
		"`bytes` of the payload arrive, and then the connection ends: "
		"`fin` closes both sides, `rst` resets them, `silent` tells "
		"nobody. The receiver has a frame that never gets complete: "
		"its user hears of code 1006. A frame without payload is cut "
		"in its head. To cut between messages or at any byte there "
		"is [cut](fault-cut.md).",
	    .example = "{ type = \"ws_cut\"; opcode = \"binary\"; "
		       "messages = 3; bytes = 100; how = \"rst\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct ws_cut),
	    .flags = KIND_HTTP_ONLY | KIND_MAY_STALL,
	},
    .state_size = sizeof(struct ws_walk),
    .attach = ws_walk_attach,
    .data = ws_cut_data,
};
