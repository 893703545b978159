/* SPDX-License-Identifier: Apache-2.0 */
/* How much room text takes in a terminal: UTF-8 (RFC 3629), wide and combining
 * characters; and text from outside made harmless for one. */
#ifndef CLI_TEXT_WIDTH_H
#define CLI_TEXT_WIDTH_H

#include <stddef.h>

#include "base/str.h"

/* Columns that the text takes. It must be clean. */
size_t text_width(const char *text);
/* Appends `text` with control characters and bytes that are no UTF-8 replaced
 * by U+FFFD: what a peer or a file called itself never moves the cursor. */
void text_add_clean(struct str *to, const char *text);
/* Appends as much of the (clean) text as fits into `width` columns; what is
 * cut ends with "…". */
void text_add_cut(struct str *to, const char *text, size_t width);
/* Appends n blanks. */
void text_add_blanks(struct str *to, size_t n);

#endif
