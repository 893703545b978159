/* SPDX-License-Identifier: Apache-2.0 */
/* corrupt: single bits flip at drawn offsets of the stream, wherever reads
 * happen to begin. */
#include <math.h>

#include "faults/chunk.h"
#include "faults/fault.h"
#include "faults/registry.h"

#define PACKET 1460
#define NEVER  UINT64_MAX

enum corrupt_per { PER_BYTE, PER_PACKET };

struct corrupt_params {
	double rate;
	int per; /* enum corrupt_per */
	int64_t count;
};

struct corrupt_state {
	uint64_t head;	/* bytes of an HTTP head, which are spared */
	uint64_t next;	/* offset of the next byte to be hit */
	uint64_t draws; /* hits drawn, three dice each */
	uint64_t seen;	/* datagrams that came, where those are hit */
	int64_t hits;	/* hits made */
	bool aimed;	/* next is valid */
};

static const char *const per_choices[] = {"byte", "packet", NULL};

static const struct conf_field fields[] = {
    {
	.name = "rate",
	.type = CONF_FRACTION,
	.offset = offsetof(struct corrupt_params, rate),
	.max = 1,
	.flags = CONF_REQUIRED,
	.help = "Share of bytes, or of packets, in which a bit flips",
    },
    {
	.name = "per",
	.type = CONF_ENUM,
	.offset = offsetof(struct corrupt_params, per),
	.def = "byte",
	.choices = per_choices,
	.help = "What rate counts; a packet is a datagram, or 1460 bytes of "
		"the stream",
    },
    {
	.name = "count",
	.type = CONF_INT,
	.offset = offsetof(struct corrupt_params, count),
	.def = "0",
	.max = 1e12,
	.help = "At most so many bits per connection; 0 sets no limit",
    },
    CONF_FIELD_END,
};

/* How many candidates are spared before the next one is hit. */
static uint64_t
gap(double rate, double u)
{
	double n;

	if (rate >= 1)
		return 0;
	n = floor(log1p(-u) / log1p(-rate));
	return n < 0x1p62 ? (uint64_t)n : NEVER;
}

/* Aims at the first byte to be hit at or behind offset `from`. */
static void
aim(struct stage *s, const struct corrupt_params *p, uint64_t from)
{
	struct corrupt_state *st = stage_state(s);
	uint64_t draw = STAGE_DRAW + 3 * st->draws++, skip, packet;

	st->aimed = true;
	st->next = NEVER;
	if (p->rate <= 0)
		return;
	skip = gap(p->rate, stage_unit(s, draw));
	if (skip == NEVER)
		return;
	if (p->per == PER_BYTE) {
		st->next = from + skip;
		return;
	}
	packet = (from + PACKET - 1) / PACKET;
	if (skip < NEVER / PACKET - packet - 1)
		st->next =
		    (packet + skip) * PACKET + stage_below(s, draw + 1, PACKET);
}

/* Aims at the next datagram to be hit, counted from the first. */
static void
aim_datagram(struct stage *s, const struct corrupt_params *p)
{
	struct corrupt_state *st = stage_state(s);
	uint64_t draw = STAGE_DRAW + 3 * st->draws++;
	uint64_t skip = p->rate > 0 ? gap(p->rate, stage_unit(s, draw)) : NEVER;

	st->aimed = true;
	st->next = skip < NEVER - st->seen ? st->seen + skip : NEVER;
}

/* One bit of every hit datagram, wherever in it. Datagrams count as packets
 * do in a stream: `next` is the number of the next one to be hit. */
static void
corrupt_datagrams(struct stage *s, const struct corrupt_params *p)
{
	struct corrupt_state *st = stage_state(s);

	while (!bytes_empty(stage_in(s))) {
		size_t len = stage_in(s)->head->len;
		uint64_t draw;

		if (!st->aimed)
			aim_datagram(s, p);
		draw = STAGE_DRAW + 3 * st->draws - 2;
		if (st->seen++ == st->next && len > 0 &&
		    (p->count == 0 || st->hits < p->count)) {
			stage_xor(s, stage_below(s, draw, len),
			    (unsigned char)(1u << stage_below(s, draw + 1, 8)));
			stage_touched(s, 1);
			st->hits++;
		}
		if (st->seen > st->next)
			st->aimed = false;
		stage_pass_datagram(s, 0, -1);
	}
}

static void
corrupt_data(struct stage *s)
{
	const struct corrupt_params *p = stage_params(s);
	struct corrupt_state *st = stage_state(s);
	uint64_t base;

	if (p->per == PER_PACKET && stage_is_datagram(s)) {
		corrupt_datagrams(s, p);
		return;
	}
	st->head += chunk_pass_head(s);
	if (bytes_empty(stage_in(s)))
		return;
	base = stage_offset(s) - st->head;
	if (!st->aimed)
		aim(s, p, base);
	while (st->next < base + stage_in(s)->len &&
	       (p->count == 0 || st->hits < p->count)) {
		uint64_t hit = st->next;
		uint64_t draw = STAGE_DRAW + 3 * st->draws - 1;

		stage_xor(s, (size_t)(hit - base),
		    (unsigned char)(1u << stage_below(s, draw, 8)));
		stage_touched(s, 1);
		st->hits++;
		aim(s, p, hit + 1);
	}
	stage_pass_all(s);
}

static void
corrupt_update(struct stage *s, const void *old_params)
{
	struct corrupt_state *st = stage_state(s);

	(void)old_params;
	st->aimed = false;
}

const struct fault_ops corrupt_ops = {
    .kind =
	{
	    .name = "corrupt",
	    .summary = "Flips bits of the stream, or of datagrams",
	    .details =
		"In each byte (or each 1460-byte packet of the stream) one bit "
		"flips with probability `rate`. Which bits these are depends "
		"on "
		"the seed and the stream offset alone, not on how the bytes "
		"were "
		"read: the same stream is damaged in the same places in every "
		"run. Length and order stay.\n\n"
		"TCP checksums do not notice: what is sent on carries fresh "
		"ones, as if a router or a disk had damaged the data. Under "
		"TLS "
		"the first hit breaks the session, since records are "
		"authenticated. On an HTTP route only the body is hit, as it "
		"is "
		"on the wire; use `malform` to damage heads. netem's "
		"percentage "
		"is `per = \"packet\"`.",
	    .example = "{ type = \"corrupt\"; rate = \"0.1%\"; "
		       "per = \"packet\"; count = 5; }",
	    .fields = fields,
	    .params_size = sizeof(struct corrupt_params),
	},
    .state_size = sizeof(struct corrupt_state),
    .data = corrupt_data,
    .update = corrupt_update,
};
