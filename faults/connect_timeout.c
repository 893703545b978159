/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are never answered. As long as no condition picks single
 * flows, the port does it all by ignoring SYNs; else a stage takes the
 * connection and never answers it. */
#include "faults/registry.h"

static const struct conf_field fields[] = {CONF_FIELD_END};

struct unanswered {
	bool on;
};

static enum listener_effect
connect_timeout_listener(const void *params, int stream)
{
	(void)params;
	(void)stream;
	return LISTENER_IGNORE;
}

static void
connect_timeout_open(struct stage *s)
{
	struct unanswered *st = stage_state(s);

	st->on = true;
	stage_hold_open(s, true);
	stage_deaf(s, true);
	stage_hold(s, true);
	stage_acted(s, "accept_silent", 0, "");
}

/* Connections that were open before the fault came are left alone. */
static void
connect_timeout_data(struct stage *s)
{
	const struct unanswered *st = stage_state(s);

	if (!st->on)
		stage_pass_all(s);
}

static void
connect_timeout_eof(struct stage *s)
{
	const struct unanswered *st = stage_state(s);

	if (!st->on)
		stage_pass_eof(s);
}

const struct fault_ops connect_timeout_ops = {
    .kind =
	{
	    .name = "connect_timeout",
	    .summary = "New connections are not answered: connect() times out",
	    .details =
		"The kernel ignores the client's SYN segments, as behind a "
		"firewall that drops them: connect() hangs until the client's "
		"own timeout. On removal the client's next SYN is answered, "
		"up to some seconds later (SYNs are repeated after about 1, "
		"3 and 7 seconds). Open connections are left alone."
		"\n\n"
		"A port cannot ignore one connection and answer the next. "
		"With a condition that picks single flows (probability, when, "
		"first, skip, every, max_active, flows), or where several "
		"routes share the listener, the connection is accepted and "
		"then never answered: the server is not dialled, nothing the "
		"client sends is acknowledged. The client's connect() "
		"succeeds and its next step (TLS handshake, first answer) "
		"times out; the effect is reported as `accept_silent`. On "
		"removal such a connection goes on as if nothing had been."
		"\n\n"
		"Limits: SYNs are told by the minimum TTL of the listening "
		"socket; a client that sends with TTL 255, and every client "
		"of a Unix socket, is answered.",
	    .example = "{ type = \"connect_timeout\"; for = \"30s\"; }",
	    .fields = fields,
	    .flags = KIND_CONNECTION | KIND_STREAM_ONLY | KIND_NO_STREAM |
		KIND_LISTENER | KIND_MAY_STALL,
	},
    .state_size = sizeof(struct unanswered),
    .links = LINK_MASK_UP,
    .listener = connect_timeout_listener,
    .open = connect_timeout_open,
    .data = connect_timeout_data,
    .eof = connect_timeout_eof,
};
