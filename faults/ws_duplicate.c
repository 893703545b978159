/* SPDX-License-Identifier: Apache-2.0 */
/* ws_duplicate: messages of a WebSocket arrive more than once. */
#include "faults/registry.h"
#include "faults/ws_walk.h"

#define COPY_MAX ((size_t)1024 * 1024)

struct ws_duplicate {
	struct ws_choice choice;
	int64_t copies;
};

struct ws_copy {
	struct str frames; /* of the message under way */
	bool too_large;
};

struct ws_duplicate_state {
	struct ws_walk walk;
	struct ws_copy data, control; /* the latter may come amid the former */
};

static const struct conf_field fields[] = {
    WS_CHOICE_FIELDS,
    {.name = "copies",
	.type = CONF_INT,
	.offset = offsetof(struct ws_duplicate, copies),
	.def = "1",
	.min = 1,
	.max = 10,
	.help = "How many times more a chosen message arrives"},
    CONF_FIELD_END,
};

static struct ws_copy *
copy_of(struct stage *s)
{
	struct ws_duplicate_state *st = stage_state(s);

	return ws_is_control(&st->walk.frame) ? &st->control : &st->data;
}

static void
keep(struct ws_copy *copy, const struct bytes *in, size_t n)
{
	if (copy->frames.len + n > COPY_MAX)
		copy->too_large = true;
	if (copy->too_large)
		str_fini(&copy->frames);
	for (const struct seg *seg = in->head; !copy->too_large && n > 0;
	     seg = seg->next) {
		size_t len = MIN(n, seg->len);

		str_add_bytes(&copy->frames, seg->slab->data + seg->off, len);
		n -= len;
	}
}

static size_t
bytes(struct stage *s, size_t n)
{
	keep(copy_of(s), stage_in(s), n);
	stage_pass(s, n, -1);
	return n;
}

static void
end(struct stage *s)
{
	const struct ws_duplicate *p = stage_params(s);
	struct ws_copy *copy = copy_of(s);

	for (int64_t i = 0; !copy->too_large && i < p->copies; i++)
		stage_insert(s, copy->frames.text, copy->frames.len);
	if (copy->too_large)
		stage_powerless(s, "too_large");
	else
		stage_acted(s, "duplicate", (double)p->copies, "messages");
	str_fini(&copy->frames);
	copy->too_large = false;
}

static void
ws_duplicate_data(struct stage *s)
{
	static const struct ws_walk_ops ops = {.bytes = bytes, .end = end};

	ws_walk(s, &ops);
}

static void
ws_duplicate_detach(struct stage *s)
{
	struct ws_duplicate_state *st = stage_state(s);

	str_fini(&st->data.frames);
	str_fini(&st->control.frames);
}

const struct fault_ops ws_duplicate_ops = {
    .kind =
	{
	    .name = "ws_duplicate",
	    .summary = "Messages of a WebSocket arrive more than once",
	    .details =
		"A chosen message is followed by copies of itself, as by a "
		"sender that was not sure. Copies have the frames of the "
		"message, and its masks from client to server; control "
		"frames that came in between are not repeated. Messages above "
		"1 MiB are not copied: the event `too_large` says so."
		"\n\n"
		"Where messages are compressed with a context kept between "
		"them (permessage-deflate), those behind a copy may not be "
		"readable; see [ws_drop](fault-ws_drop.md) for a remedy.",
	    .example = "{ type = \"ws_duplicate\"; stream = \"upstream\"; "
		       "rate = 0.1; }",
	    .fields = fields,
	    .params_size = sizeof(struct ws_duplicate),
	    .flags = KIND_HTTP_ONLY | KIND_MAY_STALL,
	},
    .state_size = sizeof(struct ws_duplicate_state),
    .attach = ws_walk_attach,
    .data = ws_duplicate_data,
    .detach = ws_duplicate_detach,
};
