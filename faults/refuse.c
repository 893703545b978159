/* SPDX-License-Identifier: Apache-2.0 */
/* A closed port. As long as no condition picks single flows, the port does it
 * all; a stage is the second best for connections that had to be accepted
 * before anybody could decide about them. */
#include "faults/registry.h"

static const struct conf_field fields[] = {CONF_FIELD_END};

static enum listener_effect
refuse_listener(const void *params, int stream)
{
	(void)params;
	(void)stream;
	return LISTENER_REFUSE;
}

static void
refuse_open(struct stage *s)
{
	stage_acted(s, stage_is_datagram(s) ? "drop" : "accept_rst", 0, "");
	stage_end(s, END_RST);
}

const struct fault_ops refuse_ops = {
    .kind =
	{
	    .name = "refuse",
	    .summary = "The port is closed: connections are refused",
	    .details =
		"New connections are refused as by a port where nobody "
		"listens: connect() fails with ECONNREFUSED. The port stays "
		"reserved for the route and listens again on removal. "
		"Connections that are already open are left alone."
		"\n\n"
		"A port cannot refuse one connection and take the next. With "
		"a condition that picks single flows (probability, when, "
		"first, skip, every, max_active, flows), or where several "
		"routes share the listener, the connection is therefore "
		"accepted and reset at once; the effect is then reported as "
		"`accept_rst`. The client's connect() succeeds and its first "
		"read or write fails with ECONNRESET."
		"\n\n"
		"On udp and dns routes the closed port answers with ICMP "
		"\"port unreachable\", which connected sockets report as "
		"ECONNREFUSED, and it does so to every client, old and new. "
		"With a condition that picks single flows nobody can be told: "
		"the datagrams are lost, the effect is `drop`, and a client's "
		"next datagram is another try.",
	    .example = "{ type = \"refuse\"; }",
	    .fields = fields,
	    .flags = KIND_CONNECTION | KIND_NO_STREAM | KIND_LISTENER,
	},
    .links = LINK_MASK_UP,
    .listener = refuse_listener,
    .open = refuse_open,
};
