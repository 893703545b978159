/* SPDX-License-Identifier: Apache-2.0 */
/* A body replaced as a whole, or with one text substituted by another while
 * it streams through.
 *
 * Substitution is the algorithm of Knuth, Morris and Pratt: what is kept
 * between two pieces of the body is always a beginning of `from`, so a number
 * is all there is to remember, and a match may lie across any border. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "faults/message.h"
#include "faults/registry.h"

struct body {
	char *replace;
	char *from, *to;
	int64_t status;
};

static const struct conf_field fields[] = {
    {.name = "replace",
	.type = CONF_STRING,
	.offset = offsetof(struct body, replace),
	.help = "Text that the body becomes; may be empty"},
    {.name = "from",
	.type = CONF_STRING,
	.offset = offsetof(struct body, from),
	.help = "Literal text that is substituted wherever it occurs"},
    {.name = "to",
	.type = CONF_STRING,
	.offset = offsetof(struct body, to),
	.help = "Text that stands in for it; by default it is just removed"},
    {.name = "status",
	.type = CONF_INT,
	.offset = offsetof(struct body, status),
	.def = "0",
	.max = 599,
	.help = "Status that a response gets; 0: it keeps its own"},
    CONF_FIELD_END,
};

/* The filter's memory. A body goes on as it began though its fault be changed
 * or removed meanwhile, so this holds copies and belongs to the message. */
struct substitution {
	char *from, *to; /* owned */
	size_t len;	 /* of from */
	size_t *back;	 /* owned; back[i]: longest border of from[0..i] */
	size_t matched;	 /* bytes of `from` seen and not yet passed on */
};

struct body_state {
	bool begun; /* a substitution */
};

static void
body_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct body *p = params;

	if (p->replace == NULL && p->from == NULL && p->to == NULL &&
	    p->status == 0)
		conf_error(diag, where,
		    "nothing to do; expected replace, from and to, or status");
	if (p->replace != NULL && (p->from != NULL || p->to != NULL))
		conf_error(diag, where,
		    "replace beside from or to; expected one of both ways");
	if (p->replace == NULL && p->from == NULL && p->to != NULL)
		conf_error(diag, where, "to without from; expected both");
	if (p->from != NULL && p->from[0] == '\0')
		conf_error(diag, where,
		    "from is empty; expected at least one character");
	if (p->status != 0 && p->status < 200)
		conf_error(diag, where,
		    "status is %d; expected 0 or 200 to 599", (int)p->status);
}

static void
find_borders(struct substitution *sub)
{
	size_t border = 0;

	sub->back = xcalloc(sub->len, sizeof(*sub->back));
	for (size_t i = 1; i < sub->len; i++) {
		while (border > 0 && sub->from[i] != sub->from[border])
			border = sub->back[border - 1];
		if (sub->from[i] == sub->from[border])
			border++;
		sub->back[i] = border;
	}
}

static struct substitution *
substitution_new(const char *from, const char *to)
{
	struct substitution *sub = xcalloc(1, sizeof(*sub));

	sub->from = xstrdup(from);
	sub->to = xstrdup(to != NULL ? to : "");
	sub->len = strlen(from);
	find_borders(sub);
	return sub;
}

static void
substitution_free(void *arg)
{
	struct substitution *sub = arg;

	free(sub->from);
	free(sub->to);
	free(sub->back);
	free(sub);
}

/* One byte that goes on a match, ends one, or breaks one. */
static void
step(struct substitution *sub, struct str *out, char c)
{
	while (sub->matched > 0 && sub->from[sub->matched] != c) {
		size_t border = sub->back[sub->matched - 1];

		str_add_bytes(out, sub->from, sub->matched - border);
		sub->matched = border;
	}
	if (sub->from[sub->matched] != c) {
		str_add_char(out, c);
		return;
	}
	if (++sub->matched == sub->len) {
		str_add(out, sub->to);
		sub->matched = 0;
	}
}

static void
substitute(void *arg, struct str *out, const void *data, size_t len, bool end)
{
	struct substitution *sub = arg;
	const char *at = data, *stop = at + len;

	while (at < stop) {
		const char *next = at;

		if (sub->matched == 0)
			next = memchr(at, sub->from[0], (size_t)(stop - at));
		if (next == NULL)
			next = stop;
		str_add_bytes(out, at, (size_t)(next - at));
		if (next < stop)
			step(sub, out, *next++);
		at = next;
	}
	if (!end)
		return;
	str_add_bytes(out, sub->from, sub->matched);
	sub->matched = 0;
}

static void
body_message(struct stage *s, struct message *m)
{
	const struct body *p = stage_params(s);
	struct body_state *st = stage_state(s);

	if (p->status != 0 && !m->is_request) {
		m->ops->set_status(m, (int)p->status);
		stage_acted(s, "status", (double)p->status, "");
	}
	if (p->replace != NULL) {
		m->ops->set_body(m, p->replace, strlen(p->replace));
		stage_acted(s, "replace", (double)strlen(p->replace), "bytes");
		return;
	}
	if (p->from == NULL || m->body_len == 0 || st->begun)
		return;
	st->begun = true;
	m->ops->filter_body(m,
	    (struct message_filter){substitute, substitution_free,
		substitution_new(p->from, p->to)});
	stage_acted(s, "substitute", 0, "");
}

static const char *
body_early(const struct conf_fault *f)
{
	return f->stream == STREAM_UPSTREAM ? "stream = \"downstream\"" : NULL;
}

const struct fault_ops body_ops = {
    .kind =
	{
	    .name = "body",
	    .summary = "The body is replaced, or text in it substituted",
	    .details =
		"Of the response, or with `stream = \"upstream\"` of the "
		"request. With `replace` the server's body is read and "
		"forgotten and the text stands in its place; headers stay as "
		"they are but for the length. With `from` and `to` every "
		"occurrence of a literal text (case matters) is substituted "
		"while the body streams through; a match is found wherever "
		"the borders of segments and chunks lie, and the length of "
		"what is held back never exceeds that of `from`. Messages "
		"with a changed length are framed anew, as chunks where the "
		"length is not known in advance."
		"\n\n"
		"`status` changes the status of responses as well, or alone."
		"\n\n"
		"Limits: the text is compared with the bytes as they are "
		"sent. In a compressed body it will not be found: have the "
		"client ask for plain ones with `headers` on the same route "
		"(`stream = \"upstream\"; remove = [ \"Accept-Encoding\" ]`). "
		"Checksums and signatures in headers are not adapted. A "
		"fault that comes or goes amid a body leaves that body as "
		"it began.",
	    .example = "{ type = \"body\"; from = \"\\\"ok\\\"\"; "
		       "to = \"\\\"degraded\\\"\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct body),
	    .flags = KIND_HTTP_ONLY,
	    .check = body_check,
	    .early = body_early,
	},
    .state_size = sizeof(struct body_state),
    .message = body_message,
};
