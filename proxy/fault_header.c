/* SPDX-License-Identifier: Apache-2.0 */
/* Naming faults in the head of a response. */
#include "proxy/fault_header.h"

#include <string.h>

#include "faults/flow_tell.h"
#include "proxy/http1_reply.h"

void
fault_header_clean(struct message *response)
{
	struct view theirs;

	/* A head that nobody edits leaves as it came. */
	if (response->ops->header(response, FAULT_HEADER, 0, &theirs))
		response->ops->remove_header(response, FAULT_HEADER);
}

/* Names may be any text; those that are tokens need no quotes. */
static bool
is_token(const char *name)
{
	static const char rest[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789!#$%&'*+-.^_`|~:/";
	size_t begins = strcspn(rest, "0"); /* with a letter */

	return *name != '\0' && memchr(rest, *name, begins) != NULL &&
	    name[strspn(name, rest)] == '\0';
}

static void
add_fault(struct str *list, const char *kind, const char *name)
{
	size_t before = list->len;

	str_printf(list, "%s%s;id=", before > 0 ? ", " : "", kind);
	if (is_token(name))
		str_add(list, name);
	else
		http1_reply_quote(list, name);
	if (list->len <= FAULT_HEADER_MAX)
		return;
	list->len = before;
	list->text[before] = '\0';
}

void
fault_header_add(const struct flow *f, struct str *head)
{
	const struct armed_fault *fault;
	struct str list = {0};
	size_t at = 0;

	if (!fault_header_is_wanted(f))
		return;
	if (f->acted != NULL)
		add_fault(&list, f->acted_kind, f->acted);
	while ((fault = flow_next_injector(f, &at)) != NULL)
		add_fault(&list, fault->ops->kind.name, fault->name);
	if (list.len > 0)
		str_printf(head, FAULT_HEADER ": %s\r\n", list.text);
	str_fini(&list);
}
