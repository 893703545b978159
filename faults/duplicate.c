/* SPDX-License-Identifier: Apache-2.0 */
/* duplicate: datagrams arrive more than once. */
#include "faults/fault.h"
#include "faults/registry.h"

struct duplicate_params {
	double rate;
	int64_t copies;
	int64_t delay_us;
};

struct duplicate_state {
	uint64_t draws; /* datagrams that came */
};

static const struct conf_field fields[] = {
    {
	.name = "rate",
	.type = CONF_FRACTION,
	.offset = offsetof(struct duplicate_params, rate),
	.max = 1,
	.flags = CONF_REQUIRED,
	.help = "Share of datagrams that are doubled",
    },
    {
	.name = "copies",
	.type = CONF_INT,
	.offset = offsetof(struct duplicate_params, copies),
	.def = "1",
	.min = 1,
	.max = 100,
	.help = "How many more of it arrive",
    },
    {
	.name = "delay",
	.type = CONF_DURATION,
	.offset = offsetof(struct duplicate_params, delay_us),
	.def = "0ms",
	.max = 3600e6,
	.bare = 1000,
	.help = "How long after the datagram its copy comes, and each "
		"further copy after the one before",
    },
    CONF_FIELD_END,
};

static void
duplicate_data(struct stage *s)
{
	const struct duplicate_params *p = stage_params(s);
	struct duplicate_state *st = stage_state(s);

	while (!bytes_empty(stage_in(s))) {
		int64_t due = stage_arrival(s);

		if (stage_unit(s, STAGE_DRAW + st->draws++) < p->rate) {
			stage_acted(s, "duplicate", (double)p->copies, "");
			for (int64_t i = 0; i < p->copies; i++)
				stage_copy(s, due += p->delay_us);
		}
		stage_pass_datagram(s, 0, -1);
	}
}

const struct fault_ops duplicate_ops = {
    .kind =
	{
	    .name = "duplicate",
	    .summary = "Datagrams arrive more than once",
	    .details =
		"Each datagram of this direction is drawn for; one that is hit "
		"arrives, and `copies` more of it arrive behind it, each "
		"`delay` after the one before. Which datagrams are hit depends "
		"on the seed, the flow and their number in it alone. Copies "
		"pass through the faults that follow, each by itself: `loss` "
		"behind this fault may lose one and not the other.\n\n"
		"Only datagrams can be doubled: udp and dns routes. The kernel "
		"of a TCP peer discards repeated segments before anybody sees "
		"them, and user space does not send any.",
	    .example = "{ type = \"duplicate\"; rate = \"2%\"; "
		       "delay = \"5ms\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct duplicate_params),
	    .flags = KIND_DATAGRAM_ONLY | KIND_DELAYS,
	},
    .state_size = sizeof(struct duplicate_state),
    .data = duplicate_data,
};
