/* SPDX-License-Identifier: Apache-2.0 */
/* A manual page from its template: prose is written by hand, lists come from
 * the tables. */
#include "config/load.h"
#include "docs/generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults/fault.h"

#define WIDTH 78

static void
add_word(struct str *to, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			str_add(to, "\\e");
		else
			str_add_char(to, word[i]);
	}
}

/* Adds a sentence as text lines of mdoc: no word of it may act as a
 * request. */
static void
add_sentence(struct str *to, const char *text)
{
	size_t line = to->len, len;

	while (*text != '\0') {
		len = strcspn(text, " ");
		if (to->len > line && to->len - line + len + 1 > WIDTH) {
			str_add_char(to, '\n');
			line = to->len;
		} else if (to->len > line) {
			str_add_char(to, ' ');
		}
		if (to->len == line && (text[0] == '.' || text[0] == '\''))
			str_add(to, "\\&");
		add_word(to, text, len);
		text += len;
		text += strspn(text, " ");
	}
	str_add(to, ".\n");
}

static void
add_fields(struct str *to, const struct conf_field *fields)
{
	struct str facts = {0};

	str_add(to, ".Bl -tag -width Ds\n");
	for (const struct conf_field *f = fields; f->name != NULL; f++) {
		if (!generate_shows_field(f))
			continue;
		str_printf(to, ".It Cm %s\n", f->name);
		str_clear(&facts);
		generate_facts(&facts, f);
		add_sentence(to, f->help);
		str_add(to, ".br\n");
		add_sentence(to, facts.text);
	}
	str_add(to, ".El\n");
	str_fini(&facts);
}

static bool
add_group(struct str *to, const char *name)
{
	const struct conf_group *group = conf_groups;

	if (strcmp(name, "file") == 0)
		name = "";
	while (group->name != NULL && strcmp(group->name, name) != 0)
		group++;
	if (group->name == NULL) {
		fprintf(stderr, "generate: there is no group \"%s\"\n", name);
		return false;
	}
	add_fields(to, group->fields);
	return true;
}

static void
add_kinds(struct str *to)
{
	str_add(to, ".Bl -tag -width connect_timeout -compact\n");
	for (size_t i = 0; i < fault_kinds.count; i++) {
		const struct conf_kind *kind = fault_kinds.items[i];

		if (!generate_shows_kind(kind))
			continue;
		str_printf(to, ".It Cm %s\n", kind->name);
		add_sentence(to, kind->summary);
	}
	str_add(to, ".El\n");
}

/* One line of the template, its newline taken off. */
static bool
expand(struct str *to, const char *line)
{
	if (strncmp(line, "@fields ", 8) == 0)
		return add_group(to, line + 8);
	if (strcmp(line, "@kinds") == 0)
		add_kinds(to);
	else
		str_printf(to, "%s\n", line);
	return true;
}

bool
generate_man(const char *template, const char *to)
{
	FILE *file = fopen(template, "r");
	struct str text = {0};
	char line[1024];
	bool ok = file != NULL;

	if (!ok)
		fprintf(stderr, "generate: %s: %s\n", template,
		    strerror(errno));
	while (ok && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		ok = expand(&text, line);
	}
	if (file != NULL)
		fclose(file);
	ok = ok && generate_file(to, &text);
	str_fini(&text);
	return ok;
}
