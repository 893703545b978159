/* SPDX-License-Identifier: Apache-2.0 */
/* A body that trickles: the head passes at once, the body leaves in pieces,
 * spread evenly over a time. */
#include "faults/chunk.h"
#include "faults/message.h"
#include "faults/registry.h"

#define DAY_US 86400e6

struct drip {
	int64_t pieces;
	int64_t duration_us;
};

static const struct conf_field fields[] = {
    {.name = "pieces",
	.type = CONF_INT,
	.offset = offsetof(struct drip, pieces),
	.def = "10",
	.min = 1,
	.max = 1e6,
	.help = "Number of pieces"},
    {.name = "duration",
	.type = CONF_DURATION,
	.offset = offsetof(struct drip, duration_us),
	.def = "1s",
	.max = DAY_US,
	.bare = 1000,
	.help = "Time from the body's beginning until its last piece leaves"},
    CONF_FIELD_END,
};

struct drops {
	bool knows_len; /* body_len was announced */
	bool begun;
	uint64_t body_left; /* bytes of the body not yet passed, if known */
	int64_t since_us;   /* when the body began */
	int64_t done;	    /* pieces that left */
};

/* When piece `k` of `n` (from 1) leaves, after the body's beginning. */
static int64_t
piece_due(const struct drip *p, int64_t k)
{
	return (int64_t)((__int128)p->duration_us * k / p->pieces);
}

/* An even share of what remains, rounded up, of what is here. */
static size_t
piece_len(uint64_t remaining, int64_t pieces_left, size_t held)
{
	uint64_t share = remaining / (uint64_t)pieces_left +
	    (remaining % (uint64_t)pieces_left != 0);

	return share < held ? (size_t)share : held;
}

static void
drip_message(struct stage *s, struct message *m)
{
	struct drops *st = stage_state(s);

	st->knows_len = m->body_len > 0;
	st->body_left = m->body_len > 0 ? (uint64_t)m->body_len : 0;
}

static void
pass_piece(struct stage *s, int64_t due_us)
{
	const struct drip *p = stage_params(s);
	struct drops *st = stage_state(s);
	size_t held = stage_in(s)->len, len = held;
	int64_t arrival_us = stage_arrival(s);

	if (st->done < p->pieces - 1) {
		uint64_t all = held;

		/* Other faults may have made it shorter than announced. */
		if (st->knows_len && !stage_at_eof(s))
			all = MAX(st->body_left, held);

		len = piece_len(all, p->pieces - st->done, held);
	}
	st->done++;
	st->body_left -= MIN(st->body_left, len);
	stage_touched(s, len);
	stage_pass(s, len, MAX(due_us, arrival_us));
	if (arrival_us <= due_us)
		stage_delayed(s, due_us - st->since_us,
		    stage_now(s) - st->since_us);
}

/* After the last piece everything passes: a body that comes more slowly than
 * it was to leave is not slowed down further. */
static void
drip_data(struct stage *s)
{
	const struct drip *p = stage_params(s);
	struct drops *st = stage_state(s);

	chunk_pass_head(s);
	if (stage_in(s)->len == 0)
		return;
	if (!st->begun) {
		st->begun = true;
		st->since_us = stage_arrival(s);
		stage_acted(s, "drip", (double)p->pieces, "");
	}
	while (st->done < p->pieces && stage_in(s)->len > 0) {
		int64_t due_us = st->since_us + piece_due(p, st->done + 1);

		if (stage_now(s) < due_us) {
			stage_wake_at(s, due_us);
			return;
		}
		pass_piece(s, due_us);
	}
	stage_pass_all(s);
}

const struct fault_ops drip_ops = {
    .kind =
	{
	    .name = "drip",
	    .summary = "The body arrives in pieces, spread over a time",
	    .details =
		"The head passes at once; of the body, one piece leaves "
		"every `duration` / `pieces`, the last one `duration` after "
		"the body began to arrive. The bytes themselves are "
		"unchanged. A client whose timeout starts anew with every "
		"byte waits to the end, one with a timeout for the whole "
		"answer gives up. `stream = \"upstream\"` drips the request's "
		"body, as a slow uploader would."
		"\n\n"
		"If the length is announced, all pieces have the same size "
		"(within a byte) as long as the sender keeps pace; a piece "
		"whose bytes have not come yet is made up for by the later "
		"ones. If it is not (chunked, or until close), each piece is "
		"its share of what has come by then, so that the first ones "
		"may be smaller. In both cases what comes after `duration` "
		"passes at once: the fault never adds more than `duration`. "
		"Framing counts as body: a piece may end amid a chunk."
		"\n\n"
		"On removal what is held leaves at once.",
	    .example = "{ type = \"drip\"; pieces = 20; duration = \"10s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct drip),
	    .flags = KIND_HTTP_ONLY | KIND_DELAYS,
	},
    .state_size = sizeof(struct drops),
    .message = drip_message,
    .data = drip_data,
};
