/* SPDX-License-Identifier: Apache-2.0 */
/* reorder: single datagrams are held back until others have overtaken them.
 *
 *	in: [held, …, held │ new, …]    a held one goes when `distance` later
 *	                                ones have come, or its time is up
 *
 * All are held for the same distance and time, so that the first one held is
 * always the first to go. */
#include "base/attr.h"
#include "base/deadline.h"
#include "faults/fault.h"
#include "faults/registry.h"

#define DISTANCE_MAX 64
#define RING	     (DISTANCE_MAX + 1) /* one more comes, then one goes */

struct reorder_params {
	double rate;
	int64_t distance;
	int64_t wait_us;
};

struct reorder_state {
	uint64_t seen; /* datagrams that came */
	size_t held;   /* at the front of the input */
	/* Numbers of the held ones, oldest first; a ring. */
	uint64_t numbers[RING];
	size_t first;
};

static const struct conf_field fields[] = {
    {
	.name = "rate",
	.type = CONF_FRACTION,
	.offset = offsetof(struct reorder_params, rate),
	.max = 1,
	.flags = CONF_REQUIRED,
	.help = "Share of datagrams that are overtaken",
    },
    {
	.name = "distance",
	.type = CONF_INT,
	.offset = offsetof(struct reorder_params, distance),
	.def = "1",
	.min = 1,
	.max = DISTANCE_MAX,
	.help = "How many later datagrams come before it goes on",
    },
    {
	.name = "wait",
	.type = CONF_DURATION,
	.offset = offsetof(struct reorder_params, wait_us),
	.def = "100ms",
	.min = 1000,
	.max = 3600e6,
	.bare = 1000,
	.help = "It goes on after that time, even if fewer came",
    },
    CONF_FIELD_END,
};

static void
hold_back(struct reorder_state *st)
{
	st->numbers[(st->first + st->held++) % RING] = st->seen;
}

static void
let_go(struct stage *s, struct reorder_state *st, int64_t at_us)
{
	st->first = (st->first + 1) % RING;
	st->held--;
	stage_pass_datagram(s, 0, at_us);
}

/* Those that were overtaken often enough go on. */
static void
let_overtaken_go(struct stage *s)
{
	const struct reorder_params *p = stage_params(s);
	struct reorder_state *st = stage_state(s);

	while (st->held > 0 &&
	       st->numbers[st->first] + (uint64_t)p->distance <= st->seen)
		let_go(s, st, -1);
}

/* Those that waited long enough, too; the others have their wake-up. */
static void
let_late_go(struct stage *s)
{
	const struct reorder_params *p = stage_params(s);
	struct reorder_state *st = stage_state(s);

	while (st->held > 0 && stage_arrival(s) + p->wait_us <= stage_now(s))
		let_go(s, st, stage_arrival(s) + p->wait_us);
	stage_wake_at(s, st->held > 0 ? stage_arrival(s) + p->wait_us
				      : DEADLINE_NEVER);
}

/* True if something stands behind those that are held. */
static bool
has_new(struct stage *s)
{
	const struct reorder_state *st = stage_state(s);
	const struct seg *seg = stage_in(s)->head;

	for (size_t i = 0; i < st->held && seg != NULL; i++)
		seg = seg->next;
	return seg != NULL;
}

static void
reorder_data(struct stage *s)
{
	const struct reorder_params *p = stage_params(s);
	struct reorder_state *st = stage_state(s);

	/* `distance` may be less than it was. */
	let_overtaken_go(s);
	while (has_new(s)) {
		bool hit = stage_unit(s, STAGE_DRAW + st->seen++) < p->rate;

		if (hit) {
			stage_acted(s, "reorder", (double)p->distance, "");
			hold_back(st);
		} else {
			stage_pass_datagram(s, st->held, -1);
		}
		let_overtaken_go(s);
	}
	let_late_go(s);
}

const struct fault_ops reorder_ops = {
    .kind =
	{
	    .name = "reorder",
	    .summary = "Datagrams are overtaken by later ones",
	    .details =
		"Each datagram of this direction is drawn for; one that is hit "
		"is held back until `distance` later ones have come, and goes "
		"on right behind the last of these, or after `wait` if fewer "
		"follow. So exactly `distance` datagrams overtake it, unless "
		"they are held back themselves. Nothing is lost and nothing is "
		"doubled; when the fault is removed, held datagrams go on at "
		"once, in order.\n\n"
		"`latency` with `jitter` reorders datagrams as well, by time "
		"rather than by number. Only datagrams can be reordered: user "
		"space cannot reorder the segments of a TCP stream, the "
		"receiver would put them in order anyhow. On dns routes every "
		"query is a flow of its own, in which nothing can overtake; "
		"use `latency` with `jitter` there.",
	    .example = "{ type = \"reorder\"; rate = \"5%\"; distance = 3; }",
	    .fields = fields,
	    .params_size = sizeof(struct reorder_params),
	    .flags = KIND_DATAGRAM_ONLY | KIND_NO_DNS,
	},
    .state_size = sizeof(struct reorder_state),
    .data = reorder_data,
};
