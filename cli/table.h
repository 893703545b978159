/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: columns as wide as what stands in them. Cells are added
 * row by row; everything is copied and made harmless for a terminal. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

#define TABLE_COLUMNS 16

/* Zeroed memory is no table: table_init() first. */
struct table {
	size_t columns;
	bool right[TABLE_COLUMNS];   /* aligned at the right: numbers */
	size_t width[TABLE_COLUMNS]; /* of the widest cell */
	char **cells;		     /* owned; the heads are the first row */
	size_t count, room;
};

/* How a table is printed. */
struct table_look {
	bool colour;  /* the heads stand out */
	size_t width; /* lines are cut to so many columns; 0: never */
	size_t rows;  /* rows below the heads that are printed; 0: all */
};

/* Begins a table whose heads are the words of `heads`, divided by "|"; one
 * that begins with ">" stands over numbers. */
void table_init(struct table *t, const char *heads);
void table_fini(struct table *t);
/* The next cell; an empty one is printed as "-". */
void table_add(struct table *t, const char *text);
void table_addf(struct table *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* Rows below the heads. */
size_t table_rows(const struct table *t);
/* Appends the heads and all whole rows, a line each. */
void table_print(const struct table *t, const struct table_look *look,
    struct str *to);

#endif
