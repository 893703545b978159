/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that vanishes: the connection dies and nobody is told. */
#include "base/attr.h"
#include "faults/registry.h"

#define DAY_US 86400e6

enum { VARIANT_DEAF, VARIANT_VANISH };

struct half_open {
	int64_t after_us;
	int64_t bytes;
	int variant;
};

static const char *const variants[] = {"deaf", "vanish", NULL};

static const struct conf_field fields[] = {
    {.name = "after",
	.type = CONF_DURATION,
	.offset = offsetof(struct half_open, after_us),
	.def = "0ms",
	.max = DAY_US,
	.bare = 1000,
	.help = "Time until the connection dies; 0 with bytes given: by "
		"bytes alone; 0 without: at once"},
    {.name = "bytes",
	.type = CONF_SIZE,
	.offset = offsetof(struct half_open, bytes),
	.def = "0",
	.max = 1e15,
	.help = "Bytes in the fault's direction after which the connection "
		"dies; 0: by time alone"},
    {.name = "variant",
	.type = CONF_ENUM,
	.offset = offsetof(struct half_open, variant),
	.def = "deaf",
	.choices = variants,
	.help = "What a dead connection is: deaf, for good; or forgotten by "
		"the kernel, whose host then answers by RST whatever else "
		"comes (where CAP_NET_ADMIN allows it)"},
    CONF_FIELD_END,
};

struct life {
	int64_t since_us;
	bool spent; /* all bytes that may pass have passed */
};

/* True if the connection dies after a time, or at once. */
static bool
dies_by_time(const struct half_open *p)
{
	return p->after_us > 0 || p->bytes == 0;
}

static void
plan_death(struct stage *s)
{
	const struct half_open *p = stage_params(s);
	const struct life *st = stage_state(s);

	if (dies_by_time(p))
		stage_wake_at(s, st->since_us + p->after_us);
}

static void
half_open_attach(struct stage *s)
{
	struct life *st = stage_state(s);

	st->since_us = stage_now(s);
	plan_death(s);
}

static bool
time_is_up(struct stage *s)
{
	const struct half_open *p = stage_params(s);
	const struct life *st = stage_state(s);

	return dies_by_time(p) && stage_now(s) - st->since_us >= p->after_us;
}

/* Passes on what may pass: bytes, or whole datagrams. */
static void
pass_up_to(struct stage *s, uint64_t left)
{
	if (!stage_is_datagram(s)) {
		stage_pass(s, MIN(left, stage_in(s)->len), -1);
		return;
	}
	while (!bytes_empty(stage_in(s)) && stage_in(s)->head->len <= left) {
		left -= stage_in(s)->head->len;
		stage_pass_datagram(s, 0, -1);
	}
}

/* Each variant has a word of its own for the effect. */
static void
die(struct stage *s)
{
	const struct half_open *p = stage_params(s);

	if (p->variant == VARIANT_VANISH && stage_vanish(s)) {
		stage_acted(s, "vanish", (double)stage_offset(s), "bytes");
		return;
	}
	stage_acted(s, "silence", (double)stage_offset(s), "bytes");
	stage_end(s, END_SILENT);
}

/* The last bytes get a turn of the loop to leave before the silence. */
static void
half_open_data(struct stage *s)
{
	const struct half_open *p = stage_params(s);
	struct life *st = stage_state(s);
	uint64_t left = UINT64_MAX;

	if (time_is_up(s) || st->spent) {
		die(s);
		return;
	}
	if (p->bytes > 0)
		left = (uint64_t)p->bytes > stage_offset(s)
		    ? (uint64_t)p->bytes - stage_offset(s)
		    : 0;
	pass_up_to(s, left);
	if (p->bytes == 0 ||
	    (stage_offset(s) < (uint64_t)p->bytes &&
		bytes_empty(stage_in(s))))
		return;
	st->spent = true;
	stage_hold(s, true);
	stage_wake_at(s, stage_now(s));
}

/* Nobody is told of the end either, once the connection is as good as dead. */
static void
half_open_eof(struct stage *s)
{
	const struct life *st = stage_state(s);

	if (!st->spent)
		stage_pass_eof(s);
}

static void
half_open_update(struct stage *s, const void *old_params)
{
	(void)old_params;
	plan_death(s);
}

const struct fault_ops half_open_ops = {
    .kind =
	{
	    .name = "half_open",
	    .summary = "The connection dies silently: no FIN, no RST, ever",
	    .details =
		"As when a host loses power or a NAT entry expires: from one "
		"moment on nothing passes in either direction, nothing is "
		"acknowledged, and neither peer is told. Each keeps its end "
		"for established until its own timeouts, keep-alive probes or "
		"retransmissions say otherwise."
		"\n\n"
		"The moment is `after` the fault reached the connection (for "
		"a new one: after it was opened), or when `bytes` have passed "
		"in the direction given by `stream`; of both, the first. With "
		"`stream = \"both\"` each direction counts for itself. With "
		"neither, the connection is dead at once. Bytes that passed "
		"before are delivered."
		"\n\n"
		"With `variant = \"deaf\"` the proxy keeps the connection and "
		"hears nothing, as if its host had no power: neither peer "
		"ever gets an answer. With `vanish` its kernel forgets it "
		"(TCP_REPAIR), as a host does that was started anew: a peer "
		"that waits is told nothing, one that sends is answered by "
		"RST. That needs CAP_NET_ADMIN; where it is missing, on "
		"HTTP/2 and on udp routes, the connection is deaf instead. "
		"The effect says which it was: `silence` or `vanish`."
		"\n\n"
		"Removal does not raise the dead: such a connection stays "
		"silent until the proxy gives it up, after an hour or when it "
		"ends itself. Even that is silent with CAP_NET_ADMIN; without "
		"it both peers see a reset then. Limits: a peer that "
		"sends with TTL 255 and peers on Unix sockets see their bytes "
		"acknowledged until the buffers are full. On HTTP routes the "
		"fault acts on the client's connection, where bytes are not "
		"counted: use `after` there. On udp routes the association is "
		"what dies, as when a NAT entry expires; it is given up when "
		"its client has been quiet for `idle_timeout`.",
	    .example = "{ type = \"half_open\"; after = \"10s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct half_open),
	    .flags = KIND_CONNECTION,
	},
    .state_size = sizeof(struct life),
    .attach = half_open_attach,
    .data = half_open_data,
    .eof = half_open_eof,
    .update = half_open_update,
};
