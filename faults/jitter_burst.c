/* SPDX-License-Identifier: Apache-2.0 */
/* jitter_burst: a line that is good, but now and then for a while is not: a
 * radio that changes channels, a neighbour that backs up, a long collection of
 * garbage. Between the bursts nothing happens. */
#include <math.h>

#include "faults/chunk.h"
#include "faults/fault.h"
#include "faults/registry.h"

#define DAY_US	       86400e6
#define SILENCE_ROUNDS 64

/* Draws alternate: even ones make bursts, odd ones delays. */
#define DRAW_BURST(n) (STAGE_DRAW + 2 * (n))
#define DRAW_DELAY(n) (STAGE_DRAW + 2 * (n) + 1)

struct jitter_burst_params {
	int64_t interval_us, duration_us, latency_us, jitter_us;
	bool regular;
};

struct jitter_burst_state {
	int64_t from_us, to_us;	 /* the burst that comes next, or goes on */
	uint64_t bursts, delays; /* drawn so far */
	int64_t last_us;	 /* the chunk before left, nominally */
	int64_t delay_us;	 /* of the first held chunk */
	bool drawn;		 /* delay_us is known */
	bool told;		 /* of this burst */
};

static const struct conf_field fields[] = {
    {
	.name = "interval",
	.type = CONF_DURATION,
	.offset = offsetof(struct jitter_burst_params, interval_us),
	.def = "10s",
	.min = 1000,
	.max = DAY_US,
	.bare = 1000,
	.help = "Mean time from the end of a burst to the next one",
    },
    {
	.name = "duration",
	.type = CONF_DURATION,
	.offset = offsetof(struct jitter_burst_params, duration_us),
	.def = "1s",
	.min = 1000,
	.max = DAY_US,
	.bare = 1000,
	.help = "Mean length of a burst",
    },
    {
	.name = "jitter",
	.type = CONF_DURATION,
	.offset = offsetof(struct jitter_burst_params, jitter_us),
	.max = DAY_US,
	.bare = 1000,
	.flags = CONF_REQUIRED,
	.help = "Within a burst delays are spread evenly from `latency` to "
		"`latency` plus this",
    },
    {
	.name = "latency",
	.type = CONF_DURATION,
	.offset = offsetof(struct jitter_burst_params, latency_us),
	.def = "0ms",
	.max = DAY_US,
	.bare = 1000,
	.help = "The least delay within a burst",
    },
    {
	.name = "regular",
	.type = CONF_BOOL,
	.offset = offsetof(struct jitter_burst_params, regular),
	.def = "false",
	.help = "Bursts and the times between them are all as long as their "
		"means",
    },
    CONF_FIELD_END,
};

static void
jitter_burst_check(const void *params, const struct conf_where *where,
		   struct conf_diag *diag)
{
	const struct jitter_burst_params *p = params;

	if (p->jitter_us == 0 && p->latency_us == 0)
		conf_error(diag, where,
			   "jitter and latency are 0; expected one above it");
}

/* A time of that mean: exponential, at most 20 times as long. */
static int64_t
draw_time(struct stage *s, int64_t mean_us)
{
	const struct jitter_burst_params *p = stage_params(s);
	struct jitter_burst_state *st = stage_state(s);
	double u;

	if (p->regular)
		return mean_us;
	u = stage_unit(s, DRAW_BURST(st->bursts++));
	return (int64_t)(-log1p(-MIN(u, 1 - 2e-9)) * (double)mean_us);
}

/* Is this moment within a burst? Moments never go back. */
static bool
is_burst(struct stage *s, int64_t at_us)
{
	const struct jitter_burst_params *p = stage_params(s);
	struct jitter_burst_state *st = stage_state(s);
	int64_t round_us = p->interval_us + p->duration_us;

	/* After a long silence whole rounds are left out: what is drawn does
	 * not depend on the past. */
	if (at_us - st->to_us > SILENCE_ROUNDS * round_us)
		st->to_us = at_us - (at_us - st->to_us) % round_us;
	while (at_us >= st->to_us) {
		st->from_us = st->to_us + MAX(draw_time(s, p->interval_us), 1);
		st->to_us = st->from_us + MAX(draw_time(s, p->duration_us), 1);
		st->told = false;
	}
	return at_us >= st->from_us;
}

/* When what is first in line may leave, for one that arrived then. */
static int64_t
due_us(struct stage *s, int64_t arrival_us)
{
	const struct jitter_burst_params *p = stage_params(s);
	struct jitter_burst_state *st = stage_state(s);

	if (st->drawn)
		return arrival_us + st->delay_us;
	st->drawn = true;
	st->delay_us = 0;
	if (is_burst(s, arrival_us)) {
		uint64_t draw = DRAW_DELAY(st->delays++);
		double more = stage_unit(s, draw) * (double)p->jitter_us;

		st->delay_us = p->latency_us + (int64_t)(more + 0.5);
		if (!st->told)
			stage_acted(s, "burst",
				    (double)(st->to_us - st->from_us), "us");
		st->told = true;
	}
	return arrival_us + st->delay_us;
}

static void
jitter_burst_attach(struct stage *s)
{
	struct jitter_burst_state *st = stage_state(s);

	stage_timed(s, true);
	st->to_us = stage_now(s);
}

/* Datagrams overtake one another. */
static void
delay_datagrams(struct stage *s)
{
	struct jitter_burst_state *st = stage_state(s);

	while (!bytes_empty(stage_in(s))) {
		st->drawn = false;
		stage_delay(s, due_us(s, stage_arrival(s)));
	}
}

static void
jitter_burst_data(struct stage *s)
{
	struct jitter_burst_state *st = stage_state(s);
	const struct bytes *in = stage_in(s);
	int64_t now = stage_now(s);

	if (stage_is_datagram(s)) {
		delay_datagrams(s);
		return;
	}
	while (in->len > 0) {
		int64_t arrival = stage_arrival(s);
		int64_t due = MAX(due_us(s, arrival), st->last_us);

		if (due > now) {
			stage_wake_at(s, due);
			return;
		}
		if (due > arrival)
			stage_delayed(s, due - arrival, now - arrival);
		stage_pass(s, chunk_len(in), due);
		st->last_us = due;
		st->drawn = false;
	}
}

const struct fault_ops jitter_burst_ops = {
    .kind =
	{
	    .name = "jitter_burst",
	    .summary = "Now and then, for a while, bytes are delayed at random",
	    .details =
		"Between bursts bytes pass untouched. Bursts come after times "
		"of mean `interval` and last for times of mean `duration`, "
		"both exponentially distributed, so that they are as hard to "
		"foresee as real ones; with `regular` both are always the "
		"same. What arrives within a burst leaves `latency` to "
		"`latency` + `jitter` later, and never before what is ahead of "
		"it, so that the last of a burst may hold up what comes after. "
		"On udp and dns routes datagrams overtake one another.\n\n"
		"The first time between bursts begins with the flow, or with "
		"the fault on a live one; every flow and direction has bursts "
		"of its own. Changed parameters hold from the next burst on "
		"(delays: from the next chunk). Removing the fault lets held "
		"bytes go at once. For bursts of all flows at the same time "
		"use `latency` with `on` and `off`.",
	    .example = "{ type = \"jitter_burst\"; interval = \"10s\"; "
		       "duration = \"800ms\"; jitter = \"300ms\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct jitter_burst_params),
	    .flags = KIND_DELAYS,
	    .check = jitter_burst_check,
	},
    .state_size = sizeof(struct jitter_burst_state),
    .attach = jitter_burst_attach,
    .data = jitter_burst_data,
};
