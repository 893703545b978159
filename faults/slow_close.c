/* SPDX-License-Identifier: Apache-2.0 */
/* slow_close: the end of stream arrives late; bytes are not touched. */
#include "faults/fault.h"
#include "faults/registry.h"

struct slow_close_params {
	int64_t delay_us;
};

static const struct conf_field fields[] = {
    {
	.name = "delay",
	.type = CONF_DURATION,
	.offset = offsetof(struct slow_close_params, delay_us),
	.def = "0ms",
	.max = 86400e6,
	.bare = 1000,
	.help = "How long the end of stream is held back",
    },
    CONF_FIELD_END,
};

static void
slow_close_eof(struct stage *s)
{
	const struct slow_close_params *p = stage_params(s);
	int64_t arrival = stage_arrival(s), now = stage_now(s);

	if (now < arrival + p->delay_us) {
		stage_wake_at(s, arrival + p->delay_us);
		return;
	}
	stage_delayed(s, p->delay_us, now - arrival);
	stage_pass_eof(s);
}

const struct fault_ops slow_close_ops = {
    .kind =
	{
	    .name = "slow_close",
	    .summary = "Delays the end of a connection",
	    .details =
		"When the sender of this direction ends its stream (FIN), the "
		"receiver hears of it `delay` later. Bytes pass at once, and "
		"the "
		"other direction goes on as before, so a half-closed "
		"connection "
		"stays usable.\n\n"
		"A connection that is reset is not held: a reset is no end of "
		"stream. Removing the fault lets a held end go at once. A new "
		"`delay` counts from when the end arrived.",
	    .example = "{ type = \"slow_close\"; delay = \"2s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct slow_close_params),
	    .flags = KIND_STREAM_ONLY | KIND_DELAYS,
	},
    .eof = slow_close_eof,
};
