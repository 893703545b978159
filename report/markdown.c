/* SPDX-License-Identifier: Apache-2.0 */
/* A document as Markdown. Text from outside (names, messages) is escaped where
 * Markdown would make something of it. */
#include <ctype.h>
#include <string.h>

#include "report/sections.h"
#include "report/views.h"

/* Would Markdown make something of it there? An underscore within a word is
 * one. */
static bool
is_markup(const char *text, size_t at)
{
	if (text[at] != '_')
		return strchr("\\`*[]<>|#", text[at]) != NULL;
	return at == 0 || !isalnum((unsigned char)text[at - 1]) ||
	       !isalnum((unsigned char)text[at + 1]);
}

/* A line of text: no line breaks, no markup, no HTML. */
static void
add_text(struct str *to, const char *text)
{
	size_t room = strlen(text), len;

	for (size_t i = 0; i < room; i += len) {
		unsigned char c = (unsigned char)text[i];

		len = str_utf8((const unsigned char *)text + i, room - i);
		if (len == 0)
			str_add(to, "\xef\xbf\xbd");
		else if (c < 0x20 || c == 0x7f)
			str_add(to, " ");
		else
			str_add(to, is_markup(text, i) ? "\\" : "");
		if (len > 0 && c >= 0x20 && c != 0x7f)
			str_add_bytes(to, text + i, len);
		len += len == 0;
	}
}

static void
add_row(struct str *to, const struct doc_cell *cells, size_t columns)
{
	for (size_t i = 0; i < columns; i++) {
		str_add(to, i > 0 ? " | " : "| ");
		add_text(to, cells[i].text);
	}
	str_add(to, " |\n");
}

static void
add_table(struct str *to, const struct doc_block *b)
{
	add_text(to, b->text);
	str_add(to, ":\n\n");
	for (size_t i = 0; i + b->columns <= b->cells_count; i += b->columns) {
		add_row(to, b->cells + i, b->columns);
		for (size_t k = 0; i == 0 && k < b->columns; k++)
			str_add(to,
				k + 1 < b->columns ? "| --- " : "| --- |\n");
	}
	str_add(to, "\n");
}

/* Indented, so that nothing in it can end it. */
static void
add_code(struct str *to, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		str_add(to, "    ");
		str_add_bytes(to, text, len);
		str_add(to, "\n");
		text += len + (text[len] == '\n');
	}
	str_add(to, "\n");
}

static void
add_plot(const struct report *r, struct str *to)
{
	struct str plot = {0};

	spark_plot(r, &plot);
	add_code(to, plot.text);
	str_fini(&plot);
}

static void
add_block(const struct report *r, struct str *to, const struct doc *d,
	  size_t at)
{
	static const char *const marks[] = {[TONE_NONE] = "",
					    [TONE_GOOD] = "good: ",
					    [TONE_BAD] = "bad: ",
					    [TONE_OPEN] = "open: "};
	const struct doc_block *b = &d->blocks[at];
	bool last = at + 1 == d->count || d->blocks[at + 1].kind != DOC_ITEM;

	switch (b->kind) {
	case DOC_SECTION:
		str_add(to, "## ");
		add_text(to, b->text);
		str_add(to, "\n\n");
		break;
	case DOC_TEXT:
		add_text(to, b->text);
		str_add(to, "\n\n");
		break;
	case DOC_ITEM:
		str_printf(to, "- %s", marks[b->tone]);
		add_text(to, b->text);
		str_add(to, last ? "\n\n" : "\n");
		break;
	case DOC_TABLE:
		add_table(to, b);
		break;
	case DOC_CODE:
		add_code(to, b->text);
		break;
	case DOC_PLOT:
		add_plot(r, to);
		break;
	}
}

void
view_markdown(const struct report *r, struct str *to)
{
	struct doc d = {0};

	sections_build(r, &d);
	str_add(to, "# ");
	add_text(to, d.title);
	str_add(to, "\n\n");
	for (size_t i = 0; i < d.count; i++)
		add_block(r, to, &d, i);
	doc_fini(&d);
}
