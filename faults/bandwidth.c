/* SPDX-License-Identifier: Apache-2.0 */
/* bandwidth: bytes leave no faster than a rate, evenly paced. */
#include "base/deadline.h"
#include "faults/chunk.h"
#include "faults/fault.h"
#include "faults/registry.h"
#include "faults/token_bucket.h"

struct bandwidth_params {
	double rate_Bps;
	int64_t burst_bytes;
	bool shared;
};

struct bandwidth_state {
	struct bucket bucket;
	size_t carried; /* of the first held datagram */
	bool stalled;
};

static const struct conf_field fields[] = {
    {
	.name = "rate",
	.type = CONF_RATE,
	.offset = offsetof(struct bandwidth_params, rate_Bps),
	.def = "0",
	.max = 1e12,
	.bare = 1000,
	.help = "Most bytes per second (a bare number counts KB/s, 1000 "
		"bytes); 0 stalls the direction",
    },
    {
	.name = "burst",
	.type = CONF_SIZE,
	.offset = offsetof(struct bandwidth_params, burst_bytes),
	.def = "0",
	.max = 1 << 30,
	.help = "Bytes that may pass at full speed after a pause",
    },
    {
	.name = "shared",
	.type = CONF_BOOL,
	.offset = offsetof(struct bandwidth_params, shared),
	.def = "false",
	.help = "All connections of the route share one rate per direction, "
		"instead of each having its own",
    },
    CONF_FIELD_END,
};

static void
bandwidth_check(
    const void *params, const struct conf_where *where, struct conf_diag *diag)
{
	const struct bandwidth_params *p = params;

	if (p->rate_Bps > 0 && p->rate_Bps < 1)
		conf_error(diag, where,
		    "rate is below one byte per second; expected 0 to stall, "
		    "or at least \"1B/s\"");
}

static void
bandwidth_attach(struct stage *s)
{
	struct bandwidth_state *st = stage_state(s);

	bucket_restart(&st->bucket, stage_now(s));
}

static void
bandwidth_update(struct stage *s, const void *old_params)
{
	struct bandwidth_state *st = stage_state(s);

	(void)old_params;
	bucket_restart(&st->bucket, stage_now(s));
	st->stalled = false;
}

static void
stall(struct stage *s, struct bandwidth_state *st)
{
	stage_wake_at(s, DEADLINE_NEVER);
	if (st->stalled || bytes_empty(stage_in(s)))
		return;
	st->stalled = true;
	stage_acted(s, "stall", (double)stage_in(s)->len, "bytes");
}

/* A slice of n bytes has been carried: it passes, or with it the datagram
 * that is complete now. */
static void
carried(struct stage *s, size_t n, int64_t at_us)
{
	struct bandwidth_state *st = stage_state(s);
	size_t len = stage_in(s)->head->len;

	stage_touched(s, n);
	if (!stage_is_datagram(s)) {
		stage_pass(s, n, at_us);
		return;
	}
	st->carried += n;
	if (st->carried < len)
		return;
	st->carried = 0;
	stage_pass_datagram(s, 0, at_us);
}

static void
bandwidth_data(struct stage *s)
{
	const struct bandwidth_params *p = stage_params(s);
	struct bandwidth_state *st = stage_state(s);
	struct bucket_limit limit = {p->rate_Bps, p->burst_bytes, NULL};
	const struct bytes *in = stage_in(s);
	int64_t now = stage_now(s);

	if (st->bucket.reserved == 0)
		chunk_pass_head(s);
	if (p->rate_Bps <= 0) {
		stall(s, st);
		return;
	}
	if (p->shared)
		limit.shared = &stage_shared(s)->words[stage_dir(s)];
	while (!bytes_empty(in)) {
		size_t n = MIN(bucket_slice(p->rate_Bps),
		    in->head->len - st->carried);
		int64_t ready;

		if (st->bucket.reserved == 0)
			bucket_reserve(
			    &st->bucket, &limit, n, stage_arrival(s), now);
		ready = bucket_ready_us(&st->bucket);
		if (ready > now) {
			stage_wake_at(s, ready);
			return;
		}
		n = st->bucket.reserved;
		bucket_take(&st->bucket, now);
		carried(s, n, MAX(ready, stage_arrival(s)));
	}
}

const struct fault_ops bandwidth_ops = {
    .kind =
	{
	    .name = "bandwidth",
	    .summary = "Limits how many bytes pass per second",
	    .details =
		"The direction behaves like a line of this rate: a slice of "
		"bytes arrives when its last byte has been carried, so even a "
		"single small message takes its size divided by `rate`. Slices "
		"are a millisecond's worth (at low rates two, and never more "
		"than one 1460-byte segment), so traffic is even at the scale "
		"of 10 ms. A late wake-up is made good at 1.25 times the rate: "
		"the mean holds over seconds and no burst shows. `burst` lets "
		"that many bytes pass at once after a pause of their worth.\n\n"
		"Each connection and direction has a line of its own, as in "
		"Toxiproxy; with `shared = true` all connections of the route "
		"share one per direction, taking turns slice by slice.\n\n"
		"`rate = 0` stalls the direction: senders feel back-pressure "
		"once the buffers are full, nothing is lost, and everything "
		"moves on when the rate rises or the fault is removed. "
		"Datagrams of udp and dns routes arrive whole, when their last "
		"byte has been carried; those that come while `buffer` is full "
		"are lost, as at a router. On an "
		"HTTP route bodies are shaped; heads pass at once. What the "
		"kernels buffer behind the proxy is not paced.",
	    .example = "{ type = \"bandwidth\"; rate = \"1MB/s\"; "
		       "shared = true; }",
	    .fields = fields,
	    .params_size = sizeof(struct bandwidth_params),
	    .flags = KIND_MAY_STALL,
	    .check = bandwidth_check,
	},
    .state_size = sizeof(struct bandwidth_state),
    .attach = bandwidth_attach,
    .data = bandwidth_data,
    .update = bandwidth_update,
};
