/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people. */
#include "cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/text_width.h"

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"
#define GAP   2

void
table_init(struct table *t, const char *heads)
{
	*t = (struct table){0};
	for (const char *at = heads; *at != '\0';) {
		size_t len = strcspn(at, "|");

		assert(t->columns < TABLE_COLUMNS);
		t->right[t->columns++] = at[0] == '>';
		at += len + (at[len] == '|');
	}
	for (const char *at = heads; *at != '\0';) {
		size_t len = strcspn(at, "|"), mark = at[0] == '>';

		table_addf(t, "%.*s", (int)(len - mark), at + mark);
		at += len + (at[len] == '|');
	}
}

void
table_fini(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}

void
table_add(struct table *t, const char *text)
{
	size_t column = t->count % t->columns, width;
	struct str clean = {0};

	text_add_clean(&clean, text[0] != '\0' ? text : "-");
	width = text_width(clean.text);
	t->width[column] = MAX(t->width[column], width);
	if (t->count == t->room) {
		t->room = MAX(2 * t->room, 64);
		t->cells = xrealloc(t->cells, t->room * sizeof(*t->cells));
	}
	t->cells[t->count++] = str_take(&clean);
}

void
table_addf(struct table *t, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	table_add(t, text);
	free(text);
}

size_t
table_rows(const struct table *t)
{
	return t->count / t->columns - 1;
}

/* One row as a line without its end; no blanks behind the last cell. */
static void
add_row(const struct table *t, char *const *cells, struct str *line)
{
	for (size_t i = 0; i < t->columns; i++) {
		size_t blanks = t->width[i] - text_width(cells[i]);

		if (t->right[i])
			text_add_blanks(line, blanks);
		str_add(line, cells[i]);
		if (i + 1 == t->columns)
			break;
		text_add_blanks(line, GAP + (t->right[i] ? 0 : blanks));
	}
}

void
table_print(const struct table *t, const struct table_look *look,
    struct str *to)
{
	size_t rows = table_rows(t);
	struct str line = {0};

	if (look->rows > 0)
		rows = MIN(rows, look->rows);
	for (size_t row = 0; row <= rows; row++) {
		bool bold = look->colour && row == 0;

		str_clear(&line);
		add_row(t, t->cells + row * t->columns, &line);
		str_add(to, bold ? BOLD : "");
		text_add_cut(to, line.text,
		    look->width > 0 ? look->width : line.len);
		str_add(to, bold ? PLAIN "\n" : "\n");
	}
	str_fini(&line);
}
