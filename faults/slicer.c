/* SPDX-License-Identifier: Apache-2.0 */
/* slicer: the stream leaves in small pieces, with a pause behind each. Where
 * the cuts fall is drawn by stream offset, so that reads do not move them. */
#include "faults/fault.h"
#include "faults/registry.h"

struct slicer_params {
	int64_t average_size, size_variation, delay_us;
};

struct slicer_state {
	uint64_t pieces; /* drawn so far */
	size_t left;	 /* bytes that the piece begun may still take */
	int64_t due_us;	 /* nothing leaves before */
};

static const struct conf_field fields[] = {
    {
	.name = "average_size",
	.type = CONF_SIZE,
	.offset = offsetof(struct slicer_params, average_size),
	.min = 1,
	.max = 1 << 30,
	.flags = CONF_REQUIRED,
	.help = "Mean size of a piece",
    },
    {
	.name = "size_variation",
	.type = CONF_SIZE,
	.offset = offsetof(struct slicer_params, size_variation),
	.def = "0",
	.max = 1 << 30,
	.help = "Sizes are drawn evenly from average_size minus this to "
		"average_size plus this; what is average_size or more counts "
		"as one less than that",
    },
    {
	.name = "delay",
	.type = CONF_DURATION,
	.offset = offsetof(struct slicer_params, delay_us),
	.def = "0us",
	.max = 3600e6,
	.bare = 1,
	.help = "Pause behind each piece (a bare number counts "
		"microseconds)",
    },
    CONF_FIELD_END,
};

static void
slicer_check(
    const void *params, const struct conf_where *where, struct conf_diag *diag)
{
	const struct slicer_params *p = params;

	if (p->size_variation >= p->average_size && p->size_variation > 0)
		conf_warn(diag, where,
		    "size_variation is %lld and counts as %lld, one less than "
		    "average_size: pieces have at least one byte",
		    (long long)p->size_variation,
		    (long long)p->average_size - 1);
}

static size_t
draw_size(
    struct stage *s, const struct slicer_params *p, struct slicer_state *st)
{
	/* The mean stays as asked, and no piece is empty. */
	int64_t variation = MIN(p->size_variation, p->average_size - 1);
	uint64_t span = 2 * (uint64_t)variation + 1;
	uint64_t drawn = stage_below(s, STAGE_DRAW + st->pieces++, span);

	return (size_t)((uint64_t)(p->average_size - variation) + drawn);
}

/* One piece a call: the host writes it before the next one comes. */
static void
slicer_data(struct stage *s)
{
	const struct slicer_params *p = stage_params(s);
	struct slicer_state *st = stage_state(s);
	int64_t now = stage_now(s);
	size_t held = stage_in(s)->len, n;

	if (held > 0 && now >= st->due_us) {
		if (st->left == 0)
			st->left = draw_size(s, p, st);
		n = held < st->left ? held : st->left;
		stage_pass(
		    s, n, st->due_us > stage_arrival(s) ? st->due_us : -1);
		stage_touched(s, n);
		held -= n;
		st->left -= n;
		if (st->left == 0)
			st->due_us = now + (p->delay_us > 0 ? p->delay_us : 1);
	}
	if (held > 0)
		stage_wake_at(s, st->due_us);
}

static void
slicer_update(struct stage *s, const void *old_params)
{
	struct slicer_state *st = stage_state(s);

	(void)old_params;
	st->left = 0;
	st->due_us = 0;
}

const struct fault_ops slicer_ops = {
    .kind =
	{
	    .name = "slicer",
	    .summary = "Cuts the stream into small pieces",
	    .details =
		"Bytes leave in pieces of `average_size` ± `size_variation`, "
		"each written on its own with TCP_NODELAY, and at least "
		"`delay` "
		"after the one before. Sizes are drawn evenly, so their mean "
		"is "
		"`average_size` (Toxiproxy halves what it read, and its pieces "
		"come out smaller). The cuts fall at the same stream offsets "
		"in "
		"every run with the same seed. Where the sender itself sends "
		"less than a piece, that goes out at once, and the rest of the "
		"piece follows without a pause.\n\n"
		"The receiving kernel may join pieces again if the receiver "
		"reads late; a `delay` of a millisecond usually prevents that. "
		"Changed parameters begin with a new piece; held bytes move on "
		"when the fault is removed.",
	    .example = "{ type = \"slicer\"; average_size = 64; "
		       "size_variation = 32; delay = \"500us\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct slicer_params),
	    .flags = KIND_STREAM_ONLY,
	    .check = slicer_check,
	},
    .state_size = sizeof(struct slicer_state),
    .data = slicer_data,
    .update = slicer_update,
};
