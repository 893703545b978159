/* SPDX-License-Identifier: Apache-2.0 */
/* goaway: a request makes its connection of HTTP/2 say goodbye. */
#include "faults/h2_code.h"
#include "faults/registry.h"

enum { MODE_GRACEFUL, MODE_ABRUPT };

struct goaway {
	int mode;
	int code;
	int last; /* enum stage_last */
};

static const char *const mode_words[] = {"graceful", "abrupt", NULL};
static const char *const last_words[] = {"this", "before", "none", NULL};

static const struct conf_field fields[] = {
    {.name = "mode",
	.type = CONF_ENUM,
	.offset = offsetof(struct goaway, mode),
	.def = "graceful",
	.choices = mode_words,
	.help = "graceful: streams under way are served to their end; "
		"abrupt: the connection is closed behind GOAWAY"},
    {.name = "code",
	.type = CONF_ENUM,
	.offset = offsetof(struct goaway, code),
	.def = "NO_ERROR",
	.choices = h2_codes,
	.help = "Error code in GOAWAY"},
    {.name = "last",
	.type = CONF_ENUM,
	.offset = offsetof(struct goaway, last),
	.def = "this",
	.choices = last_words,
	.help = "The last stream that GOAWAY says was served, with abrupt: "
		"this one, the one before, or none at all"},
    CONF_FIELD_END,
};

struct said {
	bool decided; /* once per request */
	bool abrupt;  /* the request goes nowhere */
};

static void
say(struct stage *s)
{
	const struct goaway *p = stage_params(s);
	struct said *st = stage_state(s);
	struct stage_goaway goaway = {
	    .code = (uint32_t)p->code,
	    .last = (enum stage_last)p->last,
	    .abrupt = p->mode == MODE_ABRUPT,
	};

	st->decided = true;
	if (!stage_goaway(s, &goaway)) {
		stage_powerless(s, "not_http2");
		return;
	}
	st->abrupt = goaway.abrupt;
	stage_acted(s, "goaway", (double)p->code, "");
}

static void
goaway_data(struct stage *s)
{
	struct said *st = stage_state(s);

	if (!st->decided && stage_in(s)->len > 0 && stage_head_left(s) > 0)
		say(s);
	if (st->abrupt)
		stage_drop(s, stage_in(s)->len);
	else
		stage_pass_all(s);
}

static const char *
goaway_early(const struct conf_fault *f)
{
	(void)f;
	return "at = \"after\"";
}

const struct fault_ops goaway_ops = {
    .kind =
	{
	    .name = "goaway",
	    .summary = "An HTTP/2 connection is ended by GOAWAY",
	    .details =
		"A request that meets the fault's conditions makes the "
		"client's connection say GOAWAY with `code`. With "
		"`mode = \"graceful\"` this and all other requests under way "
		"are served; the client has to send further ones on another "
		"connection, and this one is closed behind the last answer, "
		"as a server does that is restarted. With `abrupt` the "
		"connection is closed at once: no stream gets an answer, and "
		"the request does not reach the server."
		"\n\n"
		"`last` tells the client which requests it may safely send "
		"again: those above that stream were not looked at. With "
		"`this` the request counts as served though it was not, so "
		"that a careful client does not retry it; with `before` and "
		"`none` it may."
		"\n\n"
		"Other flows of the connection are hit as well, which is what "
		"this kind is for. On HTTP/1 the fault does nothing, and an "
		"event says so; `abort` with `close = true` comes nearest.",
	    .example = "{ type = \"goaway\"; every = 100; }",
	    .fields = fields,
	    .params_size = sizeof(struct goaway),
	    .flags = KIND_HTTP_ONLY | KIND_NO_STREAM,
	    .early = goaway_early,
	},
    .state_size = sizeof(struct said),
    .links = LINK_MASK_UP,
    .data = goaway_data,
};
