/* SPDX-License-Identifier: Apache-2.0 */
/* A server with few places: connections beyond a number are turned away or
 * have to wait. The places are counted in the fault's shared words[0], over
 * all workers. */
#include "base/attr.h"
#include "base/deadline.h"
#include "faults/registry.h"

/* How often a waiting connection asks for a place: sooner at first. */
#define ASK_FIRST_US 1000
#define ASK_LAST_US  64000

enum { HOW_RST, HOW_FIN, HOW_QUEUE };

struct conn_limit {
	int64_t max;
	int how;
};

static const char *const how_words[] = {"rst", "fin", "queue", NULL};

static const struct conf_field fields[] = {
    {.name = "max",
	.type = CONF_INT,
	.offset = offsetof(struct conn_limit, max),
	.max = 1e9,
	.flags = CONF_REQUIRED,
	.help = "Connections that may be open at the same time"},
    {.name = "how",
	.type = CONF_ENUM,
	.offset = offsetof(struct conn_limit, how),
	.def = "rst",
	.choices = how_words,
	.help = "What becomes of a connection beyond them: it is reset, "
		"closed in good order, or waits for a place"},
    CONF_FIELD_END,
};

/* has_place: this flow is one of those in words[0]. */
struct place {
	bool has_place, waits;
	long long number; /* of this flow when it came, from 1 */
	int64_t ask_us;	  /* pause before the next question */
};

/* Open connections count, even beyond the limit; they are never ended. */
static void
conn_limit_attach(struct stage *s)
{
	struct place *st = stage_state(s);

	st->number = atomic_fetch_add(&stage_shared(s)->words[0], 1) + 1;
	st->has_place = true;
}

static void
give_back(struct stage *s)
{
	struct place *st = stage_state(s);

	if (st->has_place)
		atomic_fetch_sub(&stage_shared(s)->words[0], 1);
	st->has_place = false;
}

/* True if there was a place, now taken. */
static bool
take_place(struct stage *s)
{
	const struct conn_limit *p = stage_params(s);
	struct place *st = stage_state(s);
	long long taken = atomic_load(&stage_shared(s)->words[0]);

	while (taken < p->max) {
		if (atomic_compare_exchange_weak(&stage_shared(s)->words[0],
			&taken, taken + 1)) {
			st->has_place = true;
			return true;
		}
	}
	return false;
}

static void
ask_later(struct stage *s)
{
	struct place *st = stage_state(s);

	stage_wake_at(s, stage_now(s) + st->ask_us);
	st->ask_us = MIN(2 * st->ask_us, ASK_LAST_US);
}

static void
conn_limit_open(struct stage *s)
{
	const struct conn_limit *p = stage_params(s);
	struct place *st = stage_state(s);

	if (st->number <= p->max)
		return;
	give_back(s);
	switch (p->how) {
	case HOW_RST:
		stage_acted(s, "reset", 0, "");
		stage_end(s, END_RST);
		break;
	case HOW_FIN:
		stage_acted(s, "close", 0, "");
		stage_end(s, END_FIN);
		break;
	case HOW_QUEUE:
		stage_acted(s, "queue", 0, "");
		st->waits = true;
		st->ask_us = ASK_FIRST_US;
		stage_hold_open(s, true);
		ask_later(s);
		break;
	}
}

/* Early bytes pass: they wait for the server at the host. */
static void
conn_limit_data(struct stage *s)
{
	struct place *st = stage_state(s);

	stage_pass_all(s);
	if (!st->waits)
		return;
	if (!take_place(s)) {
		ask_later(s);
		return;
	}
	st->waits = false;
	stage_wake_at(s, DEADLINE_NEVER);
	stage_acted(s, "admit", (double)(stage_now(s) - stage_flow_start(s)),
	    "us");
	stage_hold_open(s, false);
}

const struct fault_ops conn_limit_ops = {
    .kind =
	{
	    .name = "conn_limit",
	    .summary = "Only so many connections at a time",
	    .details =
		"Connections that meet the fault's conditions are counted "
		"over all threads. A new one beyond `max` is reset, closed, "
		"or accepted and kept waiting (`queue`): the server is "
		"dialled once a place is free, and what the client sent "
		"meanwhile arrives in order. A place is free as soon as the "
		"proxy has closed the connection that held it."
		"\n\n"
		"Connections that are open when the fault comes are counted "
		"and never ended, so their number may lie above `max` for a "
		"while; the same holds after `max` was lowered. `max = 0` "
		"turns everybody away."
		"\n\n"
		"Limits: waiting connections ask for a place after 1 ms and "
		"then less and less often, up to every 64 ms. A place may "
		"stay empty that long, and they are not served in the order "
		"in which they came. The client of a reset connection sees "
		"its connect() succeed first; use `refuse` for a closed port.",
	    .example = "{ type = \"conn_limit\"; max = 20; "
		       "how = \"queue\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct conn_limit),
	    .flags = KIND_CONNECTION | KIND_NO_STREAM,
	},
    .state_size = sizeof(struct place),
    .links = LINK_MASK_UP,
    .attach = conn_limit_attach,
    .open = conn_limit_open,
    .data = conn_limit_data,
    .detach = give_back,
};
