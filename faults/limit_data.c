/* SPDX-License-Identifier: Apache-2.0 */
/* limit_data: the connection ends after exactly so many bytes. */
#include "faults/chunk.h"
#include "faults/fault.h"
#include "faults/registry.h"

#define LIMIT_MAX 9007199254740992.0 /* 2^53 */

struct limit_data_params {
	int64_t bytes;
};

struct limit_data_state {
	uint64_t head; /* bytes of an HTTP head, which do not count */
};

static const struct conf_field fields[] = {
    {
	.name = "bytes",
	.type = CONF_SIZE,
	.offset = offsetof(struct limit_data_params, bytes),
	.def = "0",
	.min = -LIMIT_MAX,
	.max = LIMIT_MAX,
	.help = "How many bytes pass before the connection is closed; 0 or "
		"less closes it at the first byte, which does not pass",
    },
    CONF_FIELD_END,
};

/* Datagrams pass whole or not at all. */
static void
limit_datagrams(struct stage *s, uint64_t limit)
{
	while (!bytes_empty(stage_in(s))) {
		if (stage_offset(s) + stage_in(s)->head->len > limit ||
		    stage_offset(s) >= limit) {
			stage_acted(s, "cut", (double)stage_offset(s), "bytes");
			stage_end(s, END_FIN);
			return;
		}
		stage_pass_datagram(s, 0, -1);
	}
}

static void
limit_data_data(struct stage *s)
{
	const struct limit_data_params *p = stage_params(s);
	struct limit_data_state *st = stage_state(s);
	uint64_t limit = p->bytes > 0 ? (uint64_t)p->bytes : 0, passed;
	size_t held;

	if (stage_is_datagram(s)) {
		limit_datagrams(s, limit);
		return;
	}
	st->head += chunk_pass_head(s);
	passed = stage_offset(s) - st->head;
	held = stage_in(s)->len;
	if (passed + held < limit) {
		stage_pass_all(s);
		return;
	}
	if (passed + held == 0)
		return;
	if (passed < limit)
		stage_pass(s, (size_t)(limit - passed), -1);
	stage_acted(s, "cut", (double)limit, "bytes");
	stage_end(s, END_FIN);
}

const struct fault_ops limit_data_ops = {
    .kind =
	{
	    .name = "limit_data",
	    .summary = "Closes the connection after a number of bytes",
	    .details =
		"Exactly `bytes` bytes of this direction pass; they are "
		"delivered, then both sides of the connection are closed "
		"(FIN). "
		"The count begins when the fault begins to act on the "
		"connection "
		"and goes on over changes of `bytes`: with 5 bytes passed, a "
		"change from 10 to 7 lets 2 more pass. A change to less than "
		"has "
		"passed closes at once.\n\n"
		"On an HTTP route only the body counts, as it is on the wire "
		"(with the framing of chunked bodies); the head always passes. "
		"On a udp route the datagram that would go beyond `bytes` is "
		"lost and the association ends; the client's next datagram "
		"begins another. "
		"To end by a pattern, by reset or in silence, use `cut`.",
	    .example = "{ type = \"limit_data\"; bytes = \"64KiB\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct limit_data_params),
	},
    .state_size = sizeof(struct limit_data_state),
    .data = limit_data_data,
};
