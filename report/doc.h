/* SPDX-License-Identifier: Apache-2.0 */
/* A document without a look: sections of paragraphs, items, tables and code,
 * that views turn into Markdown or HTML. Text in it is plain; views escape
 * it. */
#ifndef REPORT_DOC_H
#define REPORT_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum doc_kind {
	DOC_SECTION, /* text is its title, id its anchor */
	DOC_TEXT,
	DOC_ITEM,
	DOC_TABLE, /* text is its caption */
	DOC_CODE,
	DOC_PLOT, /* the timeline, which each view draws in its own way */
};

/* What a line or a cell means, for views that have colours; the words say it
 * as well. */
enum doc_tone { TONE_NONE, TONE_GOOD, TONE_BAD, TONE_OPEN };

struct doc_cell {
	char *text; /* owned */
	enum doc_tone tone;
};

struct doc_block {
	enum doc_kind kind;
	enum doc_tone tone;
	const char *id;		/* constant; of a section */
	char *text;		/* owned */
	struct doc_cell *cells; /* owned; of a table: its head first */
	size_t cells_count, columns;
};

struct doc {
	char *title;		  /* owned */
	struct doc_block *blocks; /* owned */
	size_t count;
};

void doc_fini(struct doc *d);
/* Each appends a block. Text is copied; `id` is constant. */
void doc_section(struct doc *d, const char *id, const char *title);
void doc_text(struct doc *d, const char *format, ...) PRINTF_LIKE(2, 3);
void doc_item(struct doc *d, enum doc_tone tone, const char *format, ...)
    PRINTF_LIKE(3, 4);
void doc_code(struct doc *d, const char *text);
void doc_plot(struct doc *d);
/* A table with these columns (separated by "|"); cells follow, row by row. */
void doc_table(struct doc *d, const char *caption, const char *columns);
/* One more column of the last table, which has no cells yet. */
void doc_column(struct doc *d, const char *title);
/* The next cell of the last table. */
void doc_cell(struct doc *d, enum doc_tone tone, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
