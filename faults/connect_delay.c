/* SPDX-License-Identifier: Apache-2.0 */
/* A slow way to the server: it is dialled late. */
#include "base/deadline.h"
#include "faults/registry.h"

#define DAY_US 86400e6

struct connect_delay {
	int64_t delay_us, jitter_us;
};

static const struct conf_field fields[] = {
    {.name = "delay",
	.type = CONF_DURATION,
	.offset = offsetof(struct connect_delay, delay_us),
	.max = DAY_US,
	.bare = 1000,
	.flags = CONF_REQUIRED,
	.help = "Time from the client's connection to the dialling of the "
		"server"},
    {.name = "jitter",
	.type = CONF_DURATION,
	.offset = offsetof(struct connect_delay, jitter_us),
	.def = "0ms",
	.max = DAY_US,
	.bare = 1000,
	.help = "How far the delay may be above or below, drawn evenly for "
		"each connection"},
    CONF_FIELD_END,
};

struct opening {
	bool waits;
};

static void
connect_delay_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct connect_delay *p = params;

	if (p->jitter_us > p->delay_us)
		conf_error(diag, where,
		    "jitter is larger than delay; expected at most the delay");
}

/* A whole number of µs in [delay - jitter, delay + jitter]. */
static int64_t
drawn_delay(const struct stage *s)
{
	const struct connect_delay *p = stage_params(s);
	uint64_t span = 2 * (uint64_t)p->jitter_us + 1;

	return p->delay_us - p->jitter_us +
	    (int64_t)stage_below(s, STAGE_DRAW, span);
}

static void
connect_delay_open(struct stage *s)
{
	struct opening *st = stage_state(s);

	st->waits = true;
	stage_hold_open(s, true);
	stage_wake_at(s, stage_flow_start(s) + drawn_delay(s));
}

/* Bytes that come early pass: they wait for the server at the host. */
static void
connect_delay_data(struct stage *s)
{
	struct opening *st = stage_state(s);
	int64_t asked_us, waited_us;

	stage_pass_all(s);
	if (!st->waits)
		return;
	asked_us = drawn_delay(s);
	waited_us = stage_now(s) - stage_flow_start(s);
	if (waited_us < asked_us) {
		stage_wake_at(s, stage_flow_start(s) + asked_us);
		return;
	}
	st->waits = false;
	stage_wake_at(s, DEADLINE_NEVER);
	stage_delayed(s, asked_us, waited_us);
	stage_hold_open(s, false);
}

const struct fault_ops connect_delay_ops = {
    .kind =
	{
	    .name = "connect_delay",
	    .summary = "The server is dialled late",
	    .details =
		"The client's connection is accepted at once and the server "
		"is dialled `delay` later, give or take `jitter`. What the "
		"client sends meanwhile waits and arrives in order. Nothing "
		"is delayed once the server is connected, and connections "
		"that are already open are left alone. The delay of a "
		"connection is drawn once and the same in every replay."
		"\n\n"
		"The client sees connect() succeed at normal speed and its "
		"first answer late: with TLS, the handshake. Limits: a proxy "
		"in user space cannot delay the TCP handshake with the client "
		"itself; `connect_timeout` leaves it unanswered. On HTTP "
		"routes only the first exchange of a connection is late.",
	    .example = "{ type = \"connect_delay\"; delay = \"500ms\"; "
		       "jitter = \"100ms\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct connect_delay),
	    .flags = KIND_CONNECTION | KIND_STREAM_ONLY | KIND_NO_STREAM |
		KIND_DELAYS,
	    .check = connect_delay_check,
	},
    .state_size = sizeof(struct opening),
    .links = LINK_MASK_UP,
    .open = connect_delay_open,
    .data = connect_delay_data,
};
