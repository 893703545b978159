/* SPDX-License-Identifier: Apache-2.0 */
/* ws_drop: messages of a WebSocket are lost on the way. */
#include "faults/registry.h"
#include "faults/ws_walk.h"

static const struct conf_field fields[] = {
    WS_CHOICE_FIELDS,
    CONF_FIELD_END,
};

static void
begin(struct stage *s)
{
	stage_acted(s, "drop", 1, "messages");
}

static size_t
bytes(struct stage *s, size_t n)
{
	stage_drop(s, n);
	return n;
}

static void
ws_drop_data(struct stage *s)
{
	static const struct ws_walk_ops ops = {.begin = begin, .bytes = bytes};

	ws_walk(s, &ops);
}

const struct fault_ops ws_drop_ops = {
    .kind =
	{
	    .name = "ws_drop",
	    .summary = "Messages of a WebSocket are lost",
	    .details =
		"Chosen messages, with all their fragments, do not arrive; "
		"those around them do, in order. `opcode = \"pong\"` makes a "
		"peer look dead that is not, `opcode = \"close\"` leaves "
		"whoever said goodbye without an answer."
		"\n\n"
		"Where messages are compressed with a context kept between "
		"them (permessage-deflate), those behind a lost one may not be "
		"readable: the peer ends the connection with code 1007 or the "
		"like. To lose single messages there, keep the peers from "
		"agreeing on it: `{ type = \"headers\"; stream = "
		"\"upstream\"; remove = [ \"Sec-WebSocket-Extensions\" ]; }`.",
	    .example = "{ type = \"ws_drop\"; rate = \"5%\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct ws_choice),
	    .flags = KIND_HTTP_ONLY | KIND_MAY_STALL,
	},
    .state_size = sizeof(struct ws_walk),
    .attach = ws_walk_attach,
    .data = ws_drop_data,
};
