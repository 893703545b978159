/* SPDX-License-Identifier: Apache-2.0 */
/* A cut wire: nothing passes and, unless asked otherwise, nothing is
 * acknowledged. The peers notice it by their own timeouts alone. */
#include "faults/registry.h"

enum { HELD_RELEASE, HELD_DROP };

struct blackhole {
	bool acknowledge;
	int held;
};

static const char *const held_words[] = {"release", "drop", NULL};

static const struct conf_field fields[] = {
    {.name = "acknowledge",
	.type = CONF_BOOL,
	.offset = offsetof(struct blackhole, acknowledge),
	.def = "false",
	.help = "Whether the kernel goes on acknowledging until its buffers "
		"are full (a jam), rather than discarding every segment (a "
		"cut wire)"},
    {.name = "held",
	.type = CONF_ENUM,
	.offset = offsetof(struct blackhole, held),
	.def = "release",
	.choices = held_words,
	.help = "What becomes of held bytes on removal: they arrive in "
		"order, or they are lost and the flow is reset, because a "
		"stream with a hole cannot go on"},
    CONF_FIELD_END,
};

static enum listener_effect
blackhole_listener(const void *params, int stream)
{
	const struct blackhole *p = params;

	return stream == STREAM_BOTH && !p->acknowledge ? LISTENER_IGNORE
							: LISTENER_OPEN;
}

static void
cut(struct stage *s)
{
	const struct blackhole *p = stage_params(s);

	/* Datagrams come all the same: to be lost, or held. */
	if (stage_is_datagram(s))
		return;
	stage_deaf(s, !p->acknowledge);
	stage_hold(s, true);
}

static void
blackhole_attach(struct stage *s)
{
	cut(s);
	stage_acted(s, "blackhole", 0, "");
}

/* What the client sends does not arrive, its wish to connect included. */
static void
blackhole_open(struct stage *s)
{
	if (stage_dir(s) == LINK_UP)
		stage_hold_open(s, true);
}

/* Bytes and the end of stream stay where they are. Datagrams on a cut wire
 * are gone. */
static void
blackhole_keep(struct stage *s)
{
	const struct blackhole *p = stage_params(s);

	if (!stage_is_datagram(s) || p->acknowledge ||
	    bytes_empty(stage_in(s)))
		return;
	stage_touched(s, stage_in(s)->len);
	stage_drop_all(s);
}

static void
blackhole_update(struct stage *s, const void *old_params)
{
	(void)old_params;
	cut(s);
}

static void
blackhole_detach(struct stage *s)
{
	const struct blackhole *p = stage_params(s);

	if (stage_closing(s) || p->held == HELD_RELEASE)
		return;
	stage_acted(s, "drop", (double)stage_in(s)->len, "bytes");
	stage_drop_all(s);
	if (!stage_is_datagram(s))
		stage_end(s, END_RST);
}

const struct fault_ops blackhole_ops = {
    .kind =
	{
	    .name = "blackhole",
	    .summary = "Nothing passes and nothing is acknowledged, as on a "
		       "cut wire",
	    .details =
		"In its direction the fault lets nothing through: no byte, no "
		"end of stream. The kernel discards what the sending peer "
		"sends, so that this peer sees its segments unacknowledged "
		"and retransmits them; neither peer is told anything. With "
		"`acknowledge = true` the proxy just stops reading: the "
		"sender's kernel sees its bytes acknowledged until the "
		"buffers are full and then a closed window, as with a peer "
		"that hangs."
		"\n\n"
		"**Mind the direction.** The default stream of every fault is "
		"`downstream`: then requests still reach the server and only "
		"its answers are lost. A cut wire is `stream = \"both\"`. "
		"With `both`, and if no condition picks single flows, the "
		"port also stops answering new connections (the client's "
		"connect() times out). Otherwise new connections are "
		"accepted, and with `upstream` or `both` the server is not "
		"dialled while the fault is there."
		"\n\n"
		"On removal the held bytes arrive in order and the connection "
		"goes on with the peer's next retransmission, often a second "
		"or more later. With `held = \"drop\"` the flow is reset "
		"instead."
		"\n\n"
		"On udp and dns routes datagrams in the fault's direction are "
		"lost; with `acknowledge = true` they are held instead, as "
		"many as `buffer` allows, and arrive in order on removal, "
		"unless `held` drops them."
		"\n\n"
		"Limits: segments are discarded on their way in only, by the "
		"minimum TTL of the socket; a peer that sends with TTL 255 "
		"gets the behaviour of `acknowledge = true`, as do Unix "
		"sockets. In one direction without `acknowledge`, the peer's "
		"acknowledgements of the other direction are discarded too, "
		"so that one stalls as well once its window is full, as on a "
		"real one-way cut. A peer that gives up is not noticed while "
		"its segments are discarded.",
	    .example = "{ type = \"blackhole\"; stream = \"both\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct blackhole),
	    .flags = KIND_MAY_STALL,
	},
    .listener = blackhole_listener,
    .attach = blackhole_attach,
    .open = blackhole_open,
    .data = blackhole_keep,
    .eof = blackhole_keep,
    .update = blackhole_update,
    .detach = blackhole_detach,
};
