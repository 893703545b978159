/* SPDX-License-Identifier: Apache-2.0 */
/* latency: every chunk of bytes leaves a drawn time after it arrived, never
 * before the one ahead of it. */
#include "base/deadline.h"
#include "faults/chunk.h"
#include "faults/dist.h"
#include "faults/fault.h"
#include "faults/registry.h"

#define LATENCY_MAX 86400e6 /* a day */

struct latency_params {
	int64_t latency_us, jitter_us;
	int distribution; /* enum dist_shape */
	double correlation;
	int64_t p50_us, p95_us, p99_us;
	struct conf_numbers table;
	int64_t max_us; /* 0: no bound */
	bool delay_close;
};

struct latency_state {
	struct dist_walk walk;
	uint64_t draws;	 /* steps the walk has made */
	int64_t last_us; /* the chunk before left, nominally */
	bool drawn;	 /* the walk stands at the first held chunk */
};

static const char *const shapes[] = {
    "uniform", "normal", "pareto", "lognormal", "percentiles", "table", NULL};

static const struct conf_field fields[] = {
    {
	.name = "latency",
	.type = CONF_DURATION,
	.offset = offsetof(struct latency_params, latency_us),
	.def = "0ms",
	.max = LATENCY_MAX,
	.bare = 1000,
	.help = "Mean delay",
    },
    {
	.name = "jitter",
	.type = CONF_DURATION,
	.offset = offsetof(struct latency_params, jitter_us),
	.def = "0ms",
	.max = LATENCY_MAX,
	.bare = 1000,
	.help = "How far delays stray from the mean: the half-width of "
		"uniform, the standard deviation of the others",
    },
    {
	.name = "distribution",
	.type = CONF_ENUM,
	.offset = offsetof(struct latency_params, distribution),
	.def = "uniform",
	.choices = shapes,
	.help = "How delays are spread",
    },
    {
	.name = "correlation",
	.type = CONF_FRACTION,
	.offset = offsetof(struct latency_params, correlation),
	.def = "0",
	.max = 1,
	.help = "How much a delay resembles the one before; the "
		"distribution stays as asked",
    },
    {
	.name = "p50",
	.type = CONF_DURATION,
	.offset = offsetof(struct latency_params, p50_us),
	.def = "0ms",
	.max = LATENCY_MAX,
	.bare = 1000,
	.help = "Median delay, for distribution = \"percentiles\"",
    },
    {
	.name = "p95",
	.type = CONF_DURATION,
	.offset = offsetof(struct latency_params, p95_us),
	.def = "0ms",
	.max = LATENCY_MAX,
	.bare = 1000,
	.help = "95 % of delays are shorter, for distribution = "
		"\"percentiles\"",
    },
    {
	.name = "p99",
	.type = CONF_DURATION,
	.offset = offsetof(struct latency_params, p99_us),
	.def = "0ms",
	.max = LATENCY_MAX,
	.bare = 1000,
	.help = "99 % of delays are shorter, for distribution = "
		"\"percentiles\"",
    },
    {
	.name = "table",
	.type = CONF_NUMBERS,
	.offset = offsetof(struct latency_params, table),
	.max = LATENCY_MAX,
	.bare = 1000,
	.help = "Measured delays in ascending order, each equally likely, "
		"for distribution = \"table\"",
    },
    {
	.name = "max",
	.type = CONF_DURATION,
	.offset = offsetof(struct latency_params, max_us),
	.def = "0ms",
	.max = LATENCY_MAX,
	.bare = 1000,
	.help = "No drawn delay is longer; 0 sets no bound",
    },
    {
	.name = "delay_close",
	.type = CONF_BOOL,
	.offset = offsetof(struct latency_params, delay_close),
	.def = "false",
	.help = "Delay the end of stream like bytes",
    },
    CONF_FIELD_END,
};

static void
check_percentiles(const struct latency_params *p,
    const struct conf_where *where, struct conf_diag *diag)
{
	int64_t p95 = p->p95_us > 0 ? p->p95_us : p->p50_us;

	if (p->p50_us <= 0 || (p->p95_us <= 0 && p->p99_us <= 0))
		conf_error(diag, where,
		    "distribution \"percentiles\" expects p50, and p95 or p99 "
		    "or both, above 0");
	else if (p95 < p->p50_us || (p->p99_us > 0 && p->p99_us < p95))
		conf_error(diag, where,
		    "percentiles fall; expected p50 <= p95 <= p99");
}

static void
check_table(const struct latency_params *p, const struct conf_where *where,
    struct conf_diag *diag)
{
	if (p->table.count == 0)
		conf_error(diag, where,
		    "distribution \"table\" expects delays in table");
	for (size_t i = 1; i < p->table.count; i++) {
		if (p->table.items[i] < p->table.items[i - 1]) {
			conf_error(diag, where,
			    "entry %zu of table is below the one before; "
			    "expected ascending order",
			    i + 1);
			return;
		}
	}
}

static void
latency_check(
    const void *params, const struct conf_where *where, struct conf_diag *diag)
{
	const struct latency_params *p = params;
	bool own = p->distribution == DIST_PERCENTILES ||
		   p->distribution == DIST_TABLE;

	if (p->distribution == DIST_PERCENTILES)
		check_percentiles(p, where, diag);
	else if (p->p50_us > 0 || p->p95_us > 0 || p->p99_us > 0)
		conf_error(diag, where,
		    "p50, p95 and p99 expect distribution = \"percentiles\"");
	if (p->distribution == DIST_TABLE)
		check_table(p, where, diag);
	else if (p->table.count > 0)
		conf_error(
		    diag, where, "table expects distribution = \"table\"");
	if (own && (p->latency_us > 0 || p->jitter_us > 0))
		conf_error(diag, where,
		    "latency and jitter have no meaning beside distribution = "
		    "\"%s\"; expected none",
		    shapes[p->distribution]);
	if (p->distribution == DIST_LOGNORMAL && p->latency_us == 0 &&
	    p->jitter_us > 0)
		conf_error(diag, where,
		    "distribution \"lognormal\" expects a latency above 0");
	if (p->distribution == DIST_UNIFORM && p->jitter_us > p->latency_us)
		conf_warn(diag, where,
		    "jitter is above latency: delays that come out negative "
		    "count as none");
}

/* Nothing is drawn where nothing varies. */
static bool
is_fixed(const struct latency_params *p)
{
	return p->jitter_us == 0 && p->distribution <= DIST_LOGNORMAL;
}

/* The delay at which the walk stands, µs: 0 … LATENCY_MAX. */
static int64_t
delay_us(const struct latency_params *p, const struct latency_state *st)
{
	struct dist d = {
	    .shape = (enum dist_shape)p->distribution,
	    .mean = (double)p->latency_us,
	    .spread = (double)p->jitter_us,
	    .p50 = (double)p->p50_us,
	    .p95 = (double)p->p95_us,
	    .p99 = (double)p->p99_us,
	    .table = p->table.items,
	    .count = p->table.count,
	};
	double max = p->max_us > 0 ? (double)p->max_us : LATENCY_MAX;
	double us;

	if (is_fixed(p))
		us = d.mean;
	else
		us = dist_value(&d, st->walk.z);
	return (int64_t)(us < 0 ? 0 : us > max ? max : us + 0.5);
}

/* When what is first in line (arrived at arrival_us) may leave, µs. Draws for
 * it if that was not done. */
static int64_t
due_us(struct stage *s, int64_t arrival_us)
{
	const struct latency_params *p = stage_params(s);
	struct latency_state *st = stage_state(s);

	if (!st->drawn && !is_fixed(p)) {
		uint64_t draw = STAGE_DRAW + 2 * st->draws++;

		dist_walk_step(&st->walk, p->correlation, stage_unit(s, draw),
		    stage_unit(s, draw + 1));
		st->drawn = true;
	}
	return MAX(arrival_us + delay_us(p, st), st->last_us);
}

/* A delay of nothing need not know arrivals exactly. */
static void
latency_attach(struct stage *s)
{
	const struct latency_params *p = stage_params(s);

	stage_timed(s, p->latency_us > 0 || !is_fixed(p));
}

static void
latency_update(struct stage *s, const void *old_params)
{
	(void)old_params;
	latency_attach(s);
}

/* Datagrams overtake one another. */
static void
delay_datagrams(struct stage *s)
{
	struct latency_state *st = stage_state(s);

	while (!bytes_empty(stage_in(s))) {
		st->last_us = 0;
		st->drawn = false;
		stage_delay(s, due_us(s, stage_arrival(s)));
	}
}

static void
latency_data(struct stage *s)
{
	struct latency_state *st = stage_state(s);
	const struct bytes *in = stage_in(s);
	int64_t now = stage_now(s);

	if (stage_is_datagram(s)) {
		delay_datagrams(s);
		return;
	}
	while (in->len > 0) {
		int64_t arrival = stage_arrival(s);
		int64_t due = due_us(s, arrival);

		if (due > now) {
			stage_wake_at(s, due);
			return;
		}
		stage_delayed(s, due - arrival, now - arrival);
		stage_pass(s, chunk_len(in), due);
		st->last_us = due;
		st->drawn = false;
	}
}

static void
latency_eof(struct stage *s)
{
	const struct latency_params *p = stage_params(s);
	int64_t arrival = stage_arrival(s), now = stage_now(s), due;

	if (p->delay_close) {
		due = due_us(s, arrival);
		if (due > now) {
			stage_wake_at(s, due);
			return;
		}
		stage_delayed(s, due - arrival, now - arrival);
	}
	stage_pass_eof(s);
}

const struct fault_ops latency_ops = {
    .kind =
	{
	    .name = "latency",
	    .summary = "Delays bytes, with jitter of a chosen distribution",
	    .details =
		"Every chunk of bytes that arrives together leaves a drawn "
		"delay "
		"later. Delays count from the arrival, so those of several "
		"latency faults add up exactly, and throughput is bounded only "
		"by the route's `buffer` divided by the delay. Order is kept: "
		"a "
		"chunk with a short delay waits for those ahead of it, as "
		"bytes "
		"of one TCP stream do (netem would reorder packets).\n\n"
		"`uniform` draws from `latency` ± `jitter`, like Toxiproxy. "
		"`normal`, `lognormal` and `pareto` (shape 3: one delay in a "
		"hundred lies 3.6 deviations or more above the mean) have mean "
		"`latency` and standard deviation `jitter`. What comes out "
		"negative counts as no delay, which raises the mean where "
		"`jitter` is large. `percentiles` passes exactly through `p50` "
		"and `p95` and `p99`, joined by straight lines in the "
		"logarithm "
		"over the normal quantile; the part below p50 goes on as the "
		"line above it, and the tail ends at the 99.9th percentile of "
		"its last line. `table` draws measured delays. `correlation` "
		"makes neighbours alike without changing the distribution or "
		"its rates (netem's narrows it).\n\n"
		"The end of stream stays behind its bytes and is not delayed "
		"by "
		"itself, as in Toxiproxy, unless `delay_close` is set. Changed "
		"parameters hold at once for bytes still waiting, counted from "
		"their arrival. Removing the fault lets held bytes go at once. "
		"On udp and dns routes every datagram has a delay of its own: "
		"with `jitter` they overtake one another, as packets do, and "
		"one that is on its way keeps the delay that was drawn for "
		"it. "
		"The TCP handshake is not delayed; see `connect_delay`.",
	    .example = "{ type = \"latency\"; latency = \"80ms\"; "
		       "jitter = \"20ms\"; distribution = \"normal\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct latency_params),
	    .flags = KIND_DELAYS,
	    .check = latency_check,
	},
    .state_size = sizeof(struct latency_state),
    .attach = latency_attach,
    .data = latency_data,
    .eof = latency_eof,
    .update = latency_update,
};
