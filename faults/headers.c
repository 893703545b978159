/* SPDX-License-Identifier: Apache-2.0 */
/* Headers set, added and removed on their way. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "faults/header.h"
#include "faults/message.h"
#include "faults/registry.h"

struct headers {
	struct conf_strings set, add, remove;
};

static const struct conf_field fields[] = {
    {.name = "set",
	.type = CONF_STRINGS,
	.offset = offsetof(struct headers, set),
	.help = "Headers that replace all others of their name, each as "
		"\"Name: value\""},
    {.name = "add",
	.type = CONF_STRINGS,
	.offset = offsetof(struct headers, add),
	.help = "Headers that are added behind the others, each as "
		"\"Name: value\""},
    {.name = "remove",
	.type = CONF_STRINGS,
	.offset = offsetof(struct headers, remove),
	.help = "Names of headers that are removed"},
    CONF_FIELD_END,
};

static void
headers_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct headers *p = params;

	if (p->set.count + p->add.count + p->remove.count == 0)
		conf_error(diag, where,
		    "nothing to do; expected set, add or remove");
	header_check_lines(&p->set, "set", where, diag);
	header_check_lines(&p->add, "add", where, diag);
	header_check_names(&p->remove, "remove", where, diag);
}

/* Calls `edit` for every line. */
static void
edit_all(struct message *m, const struct conf_strings *lines,
    void (*edit)(struct message *, const char *name, const char *value))
{
	for (size_t i = 0; i < lines->count; i++) {
		struct view name = header_name(lines->items[i]);
		char *copy = xmemdup0(name.at, name.len);

		edit(m, copy, header_value(lines->items[i]));
		free(copy);
	}
}

static void
headers_message(struct stage *s, struct message *m)
{
	const struct headers *p = stage_params(s);

	for (size_t i = 0; i < p->remove.count; i++)
		m->ops->remove_header(m, p->remove.items[i]);
	edit_all(m, &p->set, m->ops->set_header);
	edit_all(m, &p->add, m->ops->add_header);
	stage_acted(s, "headers",
	    (double)(p->set.count + p->add.count + p->remove.count), "");
}

static const char *
headers_early(const struct conf_fault *f)
{
	return f->stream == STREAM_UPSTREAM ? "stream = \"downstream\"" : NULL;
}

const struct fault_ops headers_ops = {
    .kind =
	{
	    .name = "headers",
	    .summary = "Headers are set, added or removed",
	    .details =
		"Headers of the response are edited, with "
		"`stream = \"upstream\"` those of the request, with `both` "
		"of both. First come removals, then `set`, then `add`. All "
		"other headers and the body pass byte for byte. Names are "
		"compared without regard to case."
		"\n\n"
		"Uses: a cache header that lies (`Cache-Control`, `ETag`, "
		"`Age`), a lost or stale token, a wrong `Content-Type`, a "
		"trace context that gets lost, a `Retry-After` out of "
		"proportion."
		"\n\n"
		"Content-Length and Transfer-Encoding frame the message and "
		"are refused; `malform` breaks framing. Trailers are not "
		"touched.",
	    .example = "{ type = \"headers\"; "
		       "set = [ \"Cache-Control: max-age=86400\" ]; "
		       "remove = [ \"ETag\" ]; }",
	    .fields = fields,
	    .params_size = sizeof(struct headers),
	    .flags = KIND_HTTP_ONLY,
	    .check = headers_check,
	    .early = headers_early,
	},
    .message = headers_message,
};
