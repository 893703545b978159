/* SPDX-License-Identifier: Apache-2.0 */
/* Growing lists of blocks and cells. */
#include "report/doc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static char *
format_text(const char *format, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	assert(n >= 0);
	text = xmalloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, ap);
	return text;
}

static struct doc_block *
add(struct doc *d, enum doc_kind kind, char *text)
{
	d->blocks = xrealloc(d->blocks, (d->count + 1) * sizeof(*d->blocks));
	d->blocks[d->count] = (struct doc_block){.kind = kind, .text = text};
	return &d->blocks[d->count++];
}

void
doc_fini(struct doc *d)
{
	for (size_t i = 0; i < d->count; i++) {
		struct doc_block *b = &d->blocks[i];

		for (size_t k = 0; k < b->cells_count; k++)
			free(b->cells[k].text);
		free(b->cells);
		free(b->text);
	}
	free(d->blocks);
	free(d->title);
	*d = (struct doc){0};
}

void
doc_section(struct doc *d, const char *id, const char *title)
{
	add(d, DOC_SECTION, xstrdup(title))->id = id;
}

void
doc_text(struct doc *d, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(d, DOC_TEXT, format_text(format, ap));
	va_end(ap);
}

void
doc_item(struct doc *d, enum doc_tone tone, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(d, DOC_ITEM, format_text(format, ap))->tone = tone;
	va_end(ap);
}

void
doc_code(struct doc *d, const char *text)
{
	add(d, DOC_CODE, xstrdup(text));
}

void
doc_plot(struct doc *d)
{
	add(d, DOC_PLOT, xstrdup(""));
}

static void
add_cell(struct doc_block *b, enum doc_tone tone, char *text)
{
	b->cells = xrealloc(b->cells, (b->cells_count + 1) * sizeof(*b->cells));
	b->cells[b->cells_count++] = (struct doc_cell){text, tone};
}

void
doc_table(struct doc *d, const char *caption, const char *columns)
{
	struct doc_block *b = add(d, DOC_TABLE, xstrdup(caption));

	for (const char *at = columns; at != NULL;) {
		size_t len = strcspn(at, "|");

		add_cell(b, TONE_NONE, xmemdup0(at, len));
		b->columns++;
		at = at[len] == '|' ? at + len + 1 : NULL;
	}
}

void
doc_column(struct doc *d, const char *title)
{
	struct doc_block *b = &d->blocks[d->count - 1];

	assert(b->kind == DOC_TABLE && b->cells_count == b->columns);
	add_cell(b, TONE_NONE, xstrdup(title));
	b->columns++;
}

void
doc_cell(struct doc *d, enum doc_tone tone, const char *format, ...)
{
	struct doc_block *b = &d->blocks[d->count - 1];
	va_list ap;

	assert(d->count > 0 && b->kind == DOC_TABLE);
	va_start(ap, format);
	add_cell(b, tone, format_text(format, ap));
	va_end(ap);
}
