/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering tables as text and as Markdown. */
#include "config/describe.h"

#include <stdlib.h>
#include <string.h>

#include "config/tables.h"
#include "config/units.h"

#define WIDTH 78

const char *
describe_applies(const struct conf_kind *kind)
{
	if ((kind->flags & KIND_HTTP_ONLY) != 0)
		return "http routes only: it acts on single exchanges";
	if ((kind->flags & KIND_TLS_SERVER) != 0)
		return "routes with tls: it acts on handshakes with clients";
	if ((kind->flags & KIND_TLS) != 0)
		return "routes with TLS of their own, and TLS that passes "
		       "through tcp routes";
	if ((kind->flags & KIND_DNS_ONLY) != 0)
		return "dns routes only: it acts on single queries";
	if ((kind->flags & KIND_NO_DNS) != 0)
		return "udp routes only: it acts on datagrams";
	if ((kind->flags & KIND_DATAGRAM_ONLY) != 0)
		return "udp and dns routes only: it acts on datagrams";
	if ((kind->flags & KIND_STREAM_ONLY) != 0)
		return (kind->flags & KIND_CONNECTION) != 0
			   ? "all routes but udp and dns: it acts on "
			     "connections"
			   : "all routes but udp and dns: connections on tcp, "
			     "single exchanges on http, single commands on "
			     "redis, postgres and mysql";
	if ((kind->flags & KIND_CONNECTION) != 0)
		return "all routes: it acts on connections; on udp, on "
		       "associations; on dns, on queries";
	return "all routes: connections on tcp, single exchanges on http, "
	       "single commands on redis, postgres and mysql, datagrams on "
	       "udp and dns";
}

static const char *
direction_of(const struct conf_kind *kind)
{
	return (kind->flags & KIND_NO_STREAM) != 0
		   ? "none: it takes no stream"
		   : "stream = upstream, downstream (default) or both";
}

void
describe_bare_unit(const struct conf_field *field, struct str *to)
{
	int64_t bare = field->bare == 0 ? 1 : field->bare;
	struct str unit = {0};

	if (field->type == CONF_DURATION || field->type == CONF_NUMBERS)
		units_print_duration(&unit, bare);
	else if (field->type == CONF_SIZE && bare == 1)
		str_add(&unit, "1bytes");
	else if (field->type == CONF_SIZE)
		units_print_size(&unit, bare);
	else if (field->type == CONF_RATE)
		units_print_rate(&unit, (double)bare);
	if (unit.len > 1)
		str_add(to, unit.text + (unit.text[0] == '1' ? 1 : 0));
	str_fini(&unit);
}

/* Columns that the word takes: bytes that are no UTF-8 continuation. */
static size_t
columns(const char *word, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += ((unsigned char)word[i] & 0xc0) != 0x80;
	return n;
}

/* Adds the text in lines of at most WIDTH columns, each behind `margin`
 * blanks, those that go on a paragraph behind `hang` more; an empty line stays
 * one. */
static void
add_hanging(struct str *to, const char *text, unsigned margin, unsigned hang)
{
	size_t column = 0, len, width;
	const char *p = text;

	while (*p != '\0') {
		if (strncmp(p, "\n\n", 2) == 0) {
			str_add(to, "\n\n");
			column = 0;
			p += 2;
			continue;
		}
		p += strspn(p, " \n");
		len = strcspn(p, " \n");
		width = columns(p, len);
		if (column > 0 && column + 1 + width > WIDTH) {
			column = margin + hang;
			str_printf(to, "\n%*s", (int)column, "");
		} else if (column == 0) {
			column = margin;
			str_printf(to, "%*s", (int)column, "");
		} else {
			str_add_char(to, ' ');
			column++;
		}
		str_add_bytes(to, p, len);
		column += width;
		p += len;
	}
	str_add_char(to, '\n');
}

static void
add_wrapped(struct str *to, const char *text, unsigned margin)
{
	add_hanging(to, text, margin, 0);
}

/* The length of the part of an example up to behind the next "; " or ", "
 * outside of quotes: lines may be broken there. */
static size_t
example_part(const char *p)
{
	bool quoted = false;
	size_t n;

	for (n = 0; p[n] != '\0'; n++) {
		if (p[n] == '"')
			quoted = !quoted;
		if (!quoted && (p[n] == ';' || p[n] == ',') && p[n + 1] == ' ')
			return n + 1;
	}
	return n;
}

static void
add_example(struct str *to, const char *text, unsigned margin)
{
	size_t column = margin, len, width;
	const char *p = text;

	str_printf(to, "%*s", (int)margin, "");
	while (*p != '\0') {
		len = example_part(p);
		width = columns(p, len);
		if (column > margin && column + 1 + width > WIDTH) {
			str_printf(to, "\n%*s", (int)margin + 2, "");
			column = margin + 2;
		} else if (column > margin) {
			str_add_char(to, ' ');
			column++;
		}
		str_add_bytes(to, p, len);
		column += width;
		p += len;
		p += strspn(p, " ");
	}
	str_add_char(to, '\n');
}

static bool
is_shown(const struct conf_field *f)
{
	return (f->flags & CONF_HIDDEN) == 0;
}

/* A default on one line. */
static void
add_default(struct str *to, const char *def)
{
	for (; *def != '\0'; def++) {
		if (*def == '\n')
			str_add(to, "\\n");
		else
			str_add_char(to, *def);
	}
}

/* "duration, 0 … 1h, default 10s, a bare number counts ms" */
static void
add_facts(struct str *to, const struct conf_field *f)
{
	struct str bounds = {0}, unit = {0};

	conf_field_type_text(f, to);
	conf_field_bounds_text(f, &bounds);
	describe_bare_unit(f, &unit);
	if (bounds.len > 0)
		str_printf(to, ", %s", bounds.text);
	if ((f->flags & CONF_REQUIRED) != 0) {
		str_add(to, ", required");
	} else if (f->def != NULL) {
		str_add(to, ", default ");
		add_default(to, f->def);
	}
	if (unit.len > 0)
		str_printf(to, ", a bare number counts %s", unit.text);
	str_fini(&bounds);
	str_fini(&unit);
}

static void
add_fields_text(struct str *to, const struct conf_field *table)
{
	const struct conf_field *f;
	struct str line = {0};

	for (f = table; f->name != NULL; f++) {
		if (!is_shown(f))
			continue;
		str_clear(&line);
		str_printf(&line, "%s: ", f->name);
		add_facts(&line, f);
		add_hanging(to, line.text, 2, 2);
		str_clear(&line);
		str_printf(&line, "%s.", f->help);
		add_wrapped(to, line.text, 6);
	}
	str_fini(&line);
}

static bool
has_fields(const struct conf_field *table)
{
	const struct conf_field *f;

	for (f = table; f->name != NULL; f++) {
		if (is_shown(f))
			return true;
	}
	return false;
}

static void
add_sentence(struct str *to, const char *label, const char *text,
	     unsigned margin)
{
	struct str line = {0};

	str_printf(&line, "%s%s.", label, text);
	add_wrapped(to, line.text, margin);
	str_fini(&line);
}

void
describe_kind_text(struct str *to, const struct conf_kind *kind)
{
	const struct conf_field *f;
	struct str line = {0};

	str_printf(to, "%s\n", kind->name);
	add_sentence(to, "", kind->summary, 2);
	str_add_char(to, '\n');
	add_sentence(to, "Applies to: ", describe_applies(kind), 0);
	add_sentence(to, "Direction: ", direction_of(kind), 0);
	str_add(to, "\nParameters\n");
	if (has_fields(kind->fields))
		add_fields_text(to, kind->fields);
	else
		str_add(to, "  none\n");
	if (kind->details != NULL) {
		str_add(to, "\n");
		add_wrapped(to, kind->details, 0);
	}
	if (kind->example != NULL) {
		str_add(to, "\nExample\n");
		add_example(to, kind->example, 2);
	}
	str_add(&line, "Every fault also takes");
	for (f = conf_fault_fields; f->name != NULL; f++) {
		if (strcmp(f->name, "type") != 0)
			str_printf(&line, "%s %s",
				   f == conf_fault_fields + 1 ? "" : ",",
				   f->name);
	}
	str_add_char(to, '\n');
	add_sentence(to, "", line.text, 0);
	str_fini(&line);
}

void
describe_kinds_list_text(struct str *to, const struct conf_kinds *kinds)
{
	size_t i, widest = 0;

	for (i = 0; i < kinds->count; i++)
		widest = MAX(widest, strlen(kinds->items[i]->name));
	for (i = 0; i < kinds->count; i++) {
		if ((kinds->items[i]->flags & KIND_HIDDEN) == 0)
			str_printf(to, "%-*s  %s\n", (int)widest,
				   kinds->items[i]->name,
				   kinds->items[i]->summary);
	}
}

/* A cell of a table: bars would end it. */
static void
add_cell(struct str *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			str_add_char(to, '\\');
		str_add_char(to, *text);
	}
}

static void
add_row(struct str *to, const struct conf_field *f)
{
	struct str type = {0}, bounds = {0}, unit = {0};

	conf_field_type_text(f, &type);
	conf_field_bounds_text(f, &bounds);
	describe_bare_unit(f, &unit);
	str_printf(to, "| `%s` | ", f->name);
	add_cell(to, type.text);
	if (unit.len > 0)
		str_printf(to, " (%s)", unit.text);
	str_printf(to, " | %s | ", bounds.len > 0 ? bounds.text : "");
	if ((f->flags & CONF_REQUIRED) != 0) {
		str_add(to, "required");
	} else if (f->def != NULL) {
		str_add_char(to, '`');
		add_default(to, f->def);
		str_add_char(to, '`');
	}
	str_add(to, " | ");
	add_cell(to, f->help);
	str_add(to, " |\n");
	str_fini(&type);
	str_fini(&bounds);
	str_fini(&unit);
}

static void
add_table(struct str *to, const struct conf_field *table)
{
	const struct conf_field *f;

	str_add(to, "| name | type (unit of a bare number) | bounds | "
		    "default | meaning |\n|---|---|---|---|---|\n");
	for (f = table; f->name != NULL; f++) {
		if (is_shown(f))
			add_row(to, f);
	}
}

void
describe_kind_markdown(struct str *to, const struct conf_kind *kind)
{
	str_printf(to, "# %s\n\n", kind->name);
	add_sentence(to, "", kind->summary, 0);
	str_add(to, "\n");
	add_sentence(to, "- Applies to ", describe_applies(kind), 0);
	add_sentence(to, "- Direction: ", direction_of(kind), 0);
	str_add(to, "\n## Parameters\n\n");
	if (has_fields(kind->fields))
		add_table(to, kind->fields);
	else
		str_add(to, "None.\n");
	str_add(to, "\nThe conditions that every fault takes are described "
		    "with\n[a fault's group](config-fault.md).\n");
	if (kind->details != NULL) {
		str_add(to, "\n## What it does\n\n");
		add_wrapped(to, kind->details, 0);
	}
	if (kind->example != NULL) {
		str_add(to, "\n## Example\n\n```\n");
		add_example(to, kind->example, 0);
		str_add(to, "```\n");
	}
}

void
describe_group_markdown(struct str *to, const struct conf_group *group)
{
	str_printf(to, "## %s\n\n",
		   group->name[0] != '\0' ? group->name : "file");
	add_sentence(to, "", group->summary, 0);
	str_add(to, "\n");
	add_table(to, group->fields);
}
