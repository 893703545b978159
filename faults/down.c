/* SPDX-License-Identifier: Apache-2.0 */
/* A service that is up for the port and dead for everybody: connections are
 * accepted, so that they can be counted, and ended at once. */
#include "faults/registry.h"

enum { DOWN_RESET, DOWN_KEEP };
enum { HOW_RST, HOW_FIN };

struct down {
	int existing;
	int how;
};

static const char *const existing_words[] = {"reset", "keep", NULL};
static const char *const how_words[] = {"rst", "fin", NULL};

static const struct conf_field fields[] = {
    {.name = "existing",
	.type = CONF_ENUM,
	.offset = offsetof(struct down, existing),
	.def = "reset",
	.choices = existing_words,
	.help = "What becomes of connections that are open when the fault "
		"comes: they end like new ones, or they are left alone"},
    {.name = "how",
	.type = CONF_ENUM,
	.offset = offsetof(struct down, how),
	.def = "rst",
	.choices = how_words,
	.help = "How connections end: reset, or closed in good order"},
    CONF_FIELD_END,
};

static void
cut(struct stage *s)
{
	const struct down *p = stage_params(s);

	stage_acted(s, "down", 0, "");
	stage_end(s, p->how == HOW_RST ? END_RST : END_FIN);
}

/* New flows come here too, before `open`, which is then not called. */
static void
down_attach(struct stage *s)
{
	const struct down *p = stage_params(s);

	if (p->existing == DOWN_RESET)
		cut(s);
}

static void
down_open(struct stage *s)
{
	cut(s);
}

static void
down_update(struct stage *s, const void *old_params)
{
	(void)old_params;
	down_attach(s);
}

const struct fault_ops down_ops = {
    .kind =
	{
	    .name = "down",
	    .summary = "Connections are accepted and reset at once",
	    .details =
		"Every new connection is accepted and reset before the server "
		"is dialled, as by a load balancer without a healthy server "
		"behind it. Unlike with `refuse`, each attempt is a session "
		"of its own: it is numbered, counted and can be picked by "
		"conditions, so this is the kind that shows how often a "
		"client tries again. The client's connect() succeeds; its "
		"next read or write fails with ECONNRESET. With "
		"`how = \"fin\"` it reads an end of stream instead."
		"\n\n"
		"Connections that are open when the fault comes into force "
		"are ended as well, bytes on their way are lost; "
		"`existing = \"keep\"` leaves them alone.",
	    .example = "{ type = \"down\"; existing = \"keep\"; "
		       "on = \"5s\"; off = \"20s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct down),
	    .flags = KIND_CONNECTION | KIND_NO_STREAM,
	},
    .links = LINK_MASK_UP,
    .attach = down_attach,
    .open = down_open,
    .update = down_update,
};
