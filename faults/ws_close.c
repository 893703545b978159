/* SPDX-License-Identifier: Apache-2.0 */
/* ws_close: a close frame in the place of a message, as if the peer had said
 * goodbye. */
#include <string.h>

#include "faults/registry.h"
#include "faults/ws_walk.h"

/* Draws for masks, apart from those for the choice. */
#define DRAW_MASK (STAGE_DRAW + (UINT64_C(1) << 40))

struct ws_close {
	struct ws_choice choice;
	int64_t code;
	char *reason;
};

struct ws_close_state {
	struct ws_walk walk;
	bool closed;
};

static const struct conf_field fields[] = {
    WS_CHOICE_FIELDS,
    {.name = "code",
	.type = CONF_INT,
	.offset = offsetof(struct ws_close, code),
	.def = "1001",
	.min = 1000,
	.max = 4999,
	.help = "Status code of the close frame: 1000 normal, 1001 going "
		"away, 1011 internal error, 1012 restart, 1013 try again "
		"later, 3000 to 4999 of applications"},
    {.name = "reason",
	.type = CONF_STRING,
	.offset = offsetof(struct ws_close, reason),
	.help = "Text beside the code, 123 bytes at most"},
    CONF_FIELD_END,
};

static void
ws_close_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct ws_close *p = params;

	if (p->code == 1005 || p->code == 1006 || p->code == 1015)
		conf_error(diag, where,
		    "code: no frame may carry %d, which stands for an end "
		    "without a close frame; expected another code, or the "
		    "kinds cut or reset_peer",
		    (int)p->code);
	if (p->reason != NULL && strlen(p->reason) > WS_CONTROL_MAX - 2)
		conf_error(diag, where,
		    "reason: %zu bytes; expected at most %d",
		    strlen(p->reason), WS_CONTROL_MAX - 2);
}

static size_t
bytes(struct stage *s, size_t n)
{
	const struct ws_close *p = stage_params(s);
	struct ws_close_state *st = stage_state(s);
	uint64_t mask = stage_bits(s, DRAW_MASK);
	struct str frame = {0};

	(void)n;
	ws_add_close(&frame, (unsigned)p->code,
	    p->reason != NULL ? p->reason : "",
	    stage_dir(s) == LINK_UP ? (const unsigned char *)&mask : NULL);
	stage_insert(s, frame.text, frame.len);
	str_fini(&frame);
	st->closed = true;
	stage_acted(s, "close", (double)p->code, "");
	return 0;
}

static void
ws_close_data(struct stage *s)
{
	static const struct ws_walk_ops ops = {.bytes = bytes};
	struct ws_close_state *st = stage_state(s);

	if (!st->closed)
		ws_walk(s, &ops);
	if (st->closed)
		stage_drop(s, stage_in(s)->len);
}

const struct fault_ops ws_close_ops = {
    .kind =
	{
	    .name = "ws_close",
	    .summary = "A WebSocket is closed with a code",
	    .details =
		"In the place of the chosen message its receiver gets a close "
		"frame with `code` and `reason`, and nothing behind it. It "
		"answers with a close frame of its own, which reaches the "
		"other side: that sees a peer who leaves with the same code, "
		"and the connection ends in good order. `stream = "
		"\"downstream\"` closes in the server's name, `upstream` in "
		"the client's (masked, as a client's frames are), `both` each "
		"side in the name of the other."
		"\n\n"
		"A connection without messages in that direction is not "
		"closed; for one that breaks off without a close frame (code "
		"1006 to its user) there are `cut`, `reset_peer` and "
		"`lifetime`.",
	    .example = "{ type = \"ws_close\"; code = 1013; "
		       "reason = \"try again later\"; messages = 10; }",
	    .fields = fields,
	    .params_size = sizeof(struct ws_close),
	    .flags = KIND_HTTP_ONLY | KIND_MAY_STALL,
	    .check = ws_close_check,
	},
    .state_size = sizeof(struct ws_close_state),
    .attach = ws_walk_attach,
    .data = ws_close_data,
};
