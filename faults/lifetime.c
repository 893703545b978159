/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are closed when they reach an age, busy or not. */
#include "faults/registry.h"

#define DAY_US 86400e6

enum { HOW_FIN, HOW_RST };

struct lifetime {
	int64_t duration_us, jitter_us;
	int how;
};

static const char *const how_words[] = {"fin", "rst", NULL};

static const struct conf_field fields[] = {
    {.name = "duration",
	.type = CONF_DURATION,
	.offset = offsetof(struct lifetime, duration_us),
	.max = 30 * DAY_US,
	.bare = 1000,
	.flags = CONF_REQUIRED,
	.help = "Age at which a connection ends, counted from when it was "
		"opened"},
    {.name = "jitter",
	.type = CONF_DURATION,
	.offset = offsetof(struct lifetime, jitter_us),
	.def = "0ms",
	.max = 30 * DAY_US,
	.bare = 1000,
	.help = "How far the age may be above or below, drawn evenly for "
		"each connection"},
    {.name = "how",
	.type = CONF_ENUM,
	.offset = offsetof(struct lifetime, how),
	.def = "fin",
	.choices = how_words,
	.help = "How the connection ends: closed in good order, or reset"},
    CONF_FIELD_END,
};

static void
lifetime_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct lifetime *p = params;

	if (p->jitter_us > p->duration_us)
		conf_error(diag, where,
		    "jitter is larger than duration; expected at most the "
		    "duration");
}

/* A whole number of µs in [duration - jitter, duration + jitter]. */
static int64_t
drawn_age(const struct stage *s)
{
	const struct lifetime *p = stage_params(s);
	uint64_t span = 2 * (uint64_t)p->jitter_us + 1;

	return p->duration_us - p->jitter_us +
	    (int64_t)stage_below(s, STAGE_DRAW, span);
}

static void
plan_end(struct stage *s)
{
	stage_wake_at(s, stage_flow_start(s) + drawn_age(s));
}

static void
lifetime_update(struct stage *s, const void *old_params)
{
	(void)old_params;
	plan_end(s);
}

static void
lifetime_data(struct stage *s)
{
	const struct lifetime *p = stage_params(s);
	int64_t age_us = stage_now(s) - stage_flow_start(s);

	stage_pass_all(s);
	if (age_us < drawn_age(s))
		return;
	stage_acted(s, p->how == HOW_FIN ? "close" : "reset", (double)age_us,
	    "us");
	stage_end(s, p->how == HOW_FIN ? END_FIN : END_RST);
}

const struct fault_ops lifetime_ops = {
    .kind =
	{
	    .name = "lifetime",
	    .summary = "Connections end at a given age",
	    .details =
		"A connection ends `duration` after it was opened, give or "
		"take `jitter`, whether it is idle or busy, as behind a load "
		"balancer with a maximum connection age. With `how = \"fin\"` "
		"what has passed is delivered and both peers read an end of "
		"stream; with `rst` both are reset and bytes on their way are "
		"lost."
		"\n\n"
		"Connections older than that when the fault comes end at "
		"once. Traffic does not prolong a life (Toxiproxy's `timeout` "
		"is another kind). The age of a connection is drawn once and "
		"the same in every replay; spread it with `jitter` if not all "
		"connections of a pool should end together. On HTTP routes "
		"the client's connection ends, perhaps amid an exchange.",
	    .example = "{ type = \"lifetime\"; duration = \"30s\"; "
		       "jitter = \"5s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct lifetime),
	    .flags = KIND_CONNECTION | KIND_NO_STREAM,
	    .check = lifetime_check,
	},
    .links = LINK_MASK_UP,
    .attach = plan_end,
    .data = lifetime_data,
    .update = lifetime_update,
};
