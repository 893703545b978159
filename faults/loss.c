/* SPDX-License-Identifier: Apache-2.0 */
/* loss: what a stream suffers when packets are lost: nothing is missing, but
 * bytes wait for a retransmission, and all behind them too.
 *
 *   lost ─► three packets behind it came ─► one round trip: fast retransmit
 *        └► otherwise ─► the retransmission timer, doubled at each repeat */
#include "base/deadline.h"
#include "faults/chunk.h"
#include "faults/fault.h"
#include "faults/gilbert.h"
#include "faults/registry.h"

#define FOLLOWERS  3	     /* packets behind a lost one that reveal it */
#define REPEATS	   10	     /* the same packet is lost at most so often */
#define RTO_MAX_US 120000000 /* a backed-off timer waits no longer */

enum { VARIANT_STALL, VARIANT_SEGMENTS };

struct loss_params {
	int variant;
	double rate, burst;
	struct gilbert chain; /* p > 0: used instead of rate and burst */
	int64_t rtt_us, rto_us, mss;
};

struct loss_state {
	uint64_t draws;
	int64_t last_us; /* what went before left, nominally */
	unsigned losses; /* of the first held packet; 0: not drawn yet */
	bool begun, bad; /* the chain */
	bool told;	 /* which variant acts */
	bool by_kernel;	 /* VARIANT_SEGMENTS, and it may */
	uint32_t dropped, before; /* by the kernel, and when it began */
};

static const char *const variants[] = {"stall", "segments", NULL};

static const struct conf_field fields[] = {
    {
	.name = "rate",
	.type = CONF_FRACTION,
	.offset = offsetof(struct loss_params, rate),
	.def = "0",
	.max = 1,
	.help = "Share of packets lost",
    },
    {
	.name = "burst",
	.type = CONF_FLOAT,
	.offset = offsetof(struct loss_params, burst),
	.def = "0",
	.max = 1e6,
	.help = "Mean number of packets lost in a row, at the same rate; 0 "
		"makes losses independent",
    },
    {
	.name = "p",
	.type = CONF_FRACTION,
	.offset = offsetof(struct loss_params, chain.p),
	.def = "0",
	.max = 1,
	.help = "Gilbert-Elliott: chance per packet that a good line turns "
		"bad; instead of rate and burst",
    },
    {
	.name = "r",
	.type = CONF_FRACTION,
	.offset = offsetof(struct loss_params, chain.r),
	.def = "0",
	.max = 1,
	.help = "Gilbert-Elliott: chance per packet that a bad line turns "
		"good",
    },
    {
	.name = "h",
	.type = CONF_FRACTION,
	.offset = offsetof(struct loss_params, chain.h),
	.def = "0",
	.max = 1,
	.help = "Gilbert-Elliott: share of packets that get through a bad "
		"line",
    },
    {
	.name = "k",
	.type = CONF_FRACTION,
	.offset = offsetof(struct loss_params, chain.k),
	.def = "1",
	.max = 1,
	.help = "Gilbert-Elliott: share of packets that get through a good "
		"line",
    },
    {
	.name = "rtt",
	.type = CONF_DURATION,
	.offset = offsetof(struct loss_params, rtt_us),
	.def = "50ms",
	.max = 60e6,
	.bare = 1000,
	.help = "Round-trip time of the line imitated: what a fast "
		"retransmission costs",
    },
    {
	.name = "rto",
	.type = CONF_DURATION,
	.offset = offsetof(struct loss_params, rto_us),
	.def = "200ms",
	.min = 1000,
	.max = 120e6,
	.bare = 1000,
	.help = "First retransmission timeout; doubles with each repeat, up "
		"to two minutes",
    },
    {
	.name = "mss",
	.type = CONF_SIZE,
	.offset = offsetof(struct loss_params, mss),
	.def = "1460",
	.min = 64,
	.max = 65536,
	.help = "Most bytes in one packet",
    },
    {
	.name = "variant",
	.type = CONF_ENUM,
	.offset = offsetof(struct loss_params, variant),
	.def = "stall",
	.choices = variants,
	.help = "How a stream loses: it stalls as if; or the kernel loses "
		"segments that come in, on TCP routes and where CAP_NET_ADMIN "
		"allows it",
    },
    CONF_FIELD_END,
};

static void
loss_check(
    const void *params, const struct conf_where *where, struct conf_diag *diag)
{
	const struct loss_params *p = params;

	if (p->chain.p > 0 && (p->rate > 0 || p->burst > 0))
		conf_error(diag, where,
		    "both rate and p are given; expected rate (and burst), or "
		    "p and r (and h, k)");
	if (p->chain.p > 0 && p->chain.r <= 0)
		conf_error(diag, where,
		    "r is 0: a bad line never recovers; expected more");
	if (p->chain.p <= 0 && p->rate <= 0)
		conf_error(diag, where,
		    "nothing would be lost; expected rate, or p and r, above "
		    "0");
	if (p->variant == VARIANT_SEGMENTS && (p->chain.p > 0 || p->burst > 0))
		conf_error(diag, where,
		    "the kernel loses segments independently; expected rate "
		    "alone, or variant = \"stall\"");
	if (p->burst > 0 && p->burst < 1)
		conf_error(diag, where,
		    "burst is below 1; expected 0, or at least 1 packet");
	else if (p->burst > 0 && p->rate > p->burst / (p->burst + 1))
		conf_error(diag, where,
		    "rate is too high for bursts of %g packets; expected at "
		    "most %g: somewhere between bursts a packet must arrive",
		    p->burst, p->burst / (p->burst + 1));
	if (p->rto_us < p->rtt_us)
		conf_error(diag, where,
		    "rto is below rtt; expected at least one round trip");
}

static struct gilbert
chain_of(const struct loss_params *p)
{
	if (p->chain.p > 0)
		return p->chain;
	if (p->burst > 0)
		return gilbert_bursts(p->rate, p->burst);
	return gilbert_independent(p->rate);
}

/* One transmission of one packet: lost? */
static bool
draw_lost(struct stage *s, const struct gilbert *chain)
{
	struct loss_state *st = stage_state(s);
	uint64_t draw;

	if (!st->begun) {
		st->begun = true;
		st->bad = gilbert_start(
		    chain, stage_unit(s, STAGE_DRAW + st->draws++));
	}
	draw = STAGE_DRAW + st->draws;
	st->draws += 2;
	return gilbert_step(
	    chain, &st->bad, stage_unit(s, draw), stage_unit(s, draw + 1));
}

/* Draws for the packets of the first held chunk up to the first lost one;
 * returns the bytes before it. */
static size_t
draw_clear(struct stage *s, const struct loss_params *p)
{
	struct loss_state *st = stage_state(s);
	struct gilbert chain = chain_of(p);
	size_t len = chunk_len(stage_in(s)), off = 0;

	while (off < len && !draw_lost(s, &chain))
		off += MIN((size_t)p->mss, len - off);
	if (off == len)
		return len;
	st->losses = 1;
	while (st->losses < REPEATS && draw_lost(s, &chain))
		st->losses++;
	return off;
}

/* When the third packet behind the first `skip` held bytes arrived, or
 * DEADLINE_NEVER. */
static int64_t
revealed_us(const struct bytes *in, size_t skip, size_t mss)
{
	size_t packets = 0, len = 0;

	for (const struct seg *seg = in->head; seg != NULL; seg = seg->next) {
		size_t here = seg->len - MIN(skip, seg->len);

		skip -= MIN(skip, seg->len);
		len += here;
		if (seg->next != NULL && seg->next->time_us == seg->time_us)
			continue;
		packets += (len + mss - 1) / mss;
		len = 0;
		if (packets >= FOLLOWERS)
			return seg->time_us;
	}
	return DEADLINE_NEVER;
}

/* When the first held packet, lost so often, arrives at last, µs. */
static int64_t
recovered_us(const struct loss_params *p, unsigned losses, int64_t arrival_us,
    int64_t revealed)
{
	int64_t due = arrival_us + p->rto_us, wait = p->rto_us;

	if (revealed < due && revealed + p->rtt_us < due)
		due = revealed + p->rtt_us;
	else
		wait = MIN(2 * wait, RTO_MAX_US);
	for (unsigned i = 1; i < losses; i++) {
		due += wait;
		wait = MIN(2 * wait, RTO_MAX_US);
	}
	return due;
}

/* A lost datagram is lost. */
static void
lose_datagrams(struct stage *s, const struct loss_params *p)
{
	struct gilbert chain = chain_of(p);

	while (!bytes_empty(stage_in(s))) {
		size_t len = stage_in(s)->head->len;

		if (!draw_lost(s, &chain)) {
			stage_pass_datagram(s, 0, -1);
			continue;
		}
		stage_acted(s, "drop", (double)len, "bytes");
		stage_drop_datagram(s);
	}
}

/* --- by the kernel ------------------------------------------------------- */

/* Looks at what was lost by now. */
static void
count_dropped(struct stage *s)
{
	struct loss_state *st = stage_state(s);
	uint32_t dropped = stage_lost(s);

	if (dropped > st->before)
		st->dropped = dropped - st->before;
}

static void
tell_dropped(struct stage *s)
{
	const struct loss_state *st = stage_state(s);

	if (st->dropped > 0)
		stage_acted(s, "segments", st->dropped, "");
}

/* The first loss is told at once, their sum at the end. */
static void
pass_what_arrived(struct stage *s)
{
	struct loss_state *st = stage_state(s);

	count_dropped(s);
	if (!st->told)
		tell_dropped(s);
	st->told |= st->dropped > 0;
	stage_pass_all(s);
}

static void
leave_it_to_stalls(struct stage *s)
{
	struct loss_state *st = stage_state(s);

	if (!st->by_kernel)
		return;
	count_dropped(s);
	tell_dropped(s);
	stage_lose(s, 0);
	st->by_kernel = st->told = false;
}

static void
choose_variant(struct stage *s)
{
	const struct loss_params *p = stage_params(s);
	struct loss_state *st = stage_state(s);

	if (p->variant == VARIANT_STALL || stage_is_datagram(s)) {
		leave_it_to_stalls(s);
		return;
	}
	if (!st->by_kernel)
		st->before = stage_lost(s);
	st->by_kernel = stage_lose(s, p->rate);
}

static void
loss_update(struct stage *s, const void *old_params)
{
	(void)old_params;
	choose_variant(s);
}

/* --- a stream ------------------------------------------------------------ */

static void
loss_data(struct stage *s)
{
	const struct loss_params *p = stage_params(s);
	struct loss_state *st = stage_state(s);
	const struct bytes *in = stage_in(s);
	int64_t now = stage_now(s);

	if (stage_is_datagram(s)) {
		lose_datagrams(s, p);
		return;
	}
	if (st->by_kernel) {
		pass_what_arrived(s);
		return;
	}
	while (in->len > 0) {
		int64_t arrival = stage_arrival(s), due;
		size_t n;

		if (st->losses == 0 && (n = draw_clear(s, p)) > 0) {
			stage_pass(
			    s, n, st->last_us > arrival ? st->last_us : -1);
			continue;
		}
		n = MIN((size_t)p->mss, chunk_len(in));
		due = recovered_us(
		    p, st->losses, arrival, revealed_us(in, n, (size_t)p->mss));
		due = MAX(due, st->last_us);
		if (due > now) {
			stage_wake_at(s, due);
			return;
		}
		if (!st->told)
			stage_acted(s, "stall", (double)(now - arrival), "us");
		st->told = true;
		stage_delayed(s, due - arrival, now - arrival);
		stage_touched(s, n);
		stage_pass(s, n, due);
		st->last_us = due;
		st->losses = 0;
	}
}

const struct fault_ops loss_ops = {
    .kind =
	{
	    .name = "loss",
	    .summary =
		"Loses datagrams; on a stream, stalls as lost packets cause "
		"them",
	    .details =
		"On udp and dns routes a lost datagram never arrives: one "
		"loss is drawn per datagram, and `rtt`, `rto` and `mss` have "
		"no meaning. On a dns route every query is a flow of its own, "
		"so that losses come at the same rate but not in bursts.\n\n"
		"A stream cannot lose bytes, so a lost packet shows as a wait. "
		"Bytes that arrive together are packets of `mss` bytes. For "
		"each "
		"one loss is drawn; a lost one arrives `rtt` after the third "
		"packet behind it (fast retransmission), or after `rto` if "
		"fewer "
		"follow in that time, doubled at each repeat if the "
		"retransmission is lost as well. Everything behind waits, and "
		"nothing is reordered. Small requests and replies, which "
		"nothing "
		"follows, therefore wait the full `rto`, as on a real line.\n\n"
		"`rate` alone loses packets independently; with `burst` the "
		"same "
		"share is lost in runs of that mean length. `p` `r` `h` `k` "
		"give "
		"the Gilbert-Elliott chain itself; its loss is (p(1-h) + "
		"r(1-k)) / (p+r). Correlation never changes the rate here, "
		"while "
		"netem's drives small rates to nothing.\n\n"
		"This is an imitation in user space: the kernels on both sides "
		"see no loss, so congestion windows do not shrink (add "
		"`bandwidth` for that), their counters show no "
		"retransmissions, "
		"and handshakes and the end of stream are not lost. A packet "
		"is "
		"lost at most ten times.\n\n"
		"`variant = \"segments\"` loses in earnest: the kernel "
		"discards segments of the sender on their way in, each with "
		"`rate`, by a filter on the socket. The sender's kernel "
		"retransmits them, its congestion window shrinks, its "
		"counters say so, and waits are those of its own timers: "
		"`rtt`, `rto` and `mss` have no meaning. It needs a TCP route "
		"(with TLS or without) and CAP_NET_ADMIN; elsewhere the fault "
		"stalls. Which segments are lost is drawn by the kernel: **a "
		"seed does not replay it**, though it does replay which "
		"connections the fault acts on. A segment is what the kernel "
		"sees: on the loopback, and where it joins packets that "
		"arrive together, up to 64 KiB. Segments without payload "
		"pass, so that acknowledgements of the other direction, "
		"handshakes and a lone end of stream are not lost. The effect "
		"says which variant acted: `stall` at the first wait; "
		"`segments` with the number of those lost, at the first and "
		"again when the fault goes (together with what `blackhole` "
		"discards on that socket).",
	    .example = "{ type = \"loss\"; rate = \"1%\"; burst = 3; "
		       "rtt = \"40ms\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct loss_params),
	    .flags = KIND_DELAYS,
	    .check = loss_check,
	},
    .state_size = sizeof(struct loss_state),
    .attach = choose_variant,
    .data = loss_data,
    .update = loss_update,
    .detach = leave_it_to_stalls,
};
