/* SPDX-License-Identifier: Apache-2.0 */
/* Text: a growing string and a borrowed view of one. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* A growing string. Zeroed memory is an empty one. */
struct str {
	char *text; /* owned, ended by NUL; NULL while it has no room */
	size_t len;
	size_t room;
};

/* Bytes that belong to somebody else; not ended by NUL. */
struct view {
	const char *at;
	size_t len;
};

#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})

/* Frees the text; `s` is empty afterwards and may be used again. */
void str_fini(struct str *s);
/* Makes room for `more` bytes (and a NUL) behind what is there. */
void str_reserve(struct str *s, size_t more);
/* Forgets the text, keeps the memory. */
void str_clear(struct str *s);
/* Each appends; what is appended must not lie in `s` itself. */
void str_add(struct str *s, const char *text);
void str_add_bytes(struct str *s, const void *data, size_t len);
void str_add_char(struct str *s, char c);
/* In decimal. */
void str_add_uint(struct str *s, uint64_t value);
void str_printf(struct str *s, const char *format, ...) PRINTF_LIKE(2, 3);
/* Hands the text over ("" if nothing was added), owned; `s` is empty
 * afterwards. */
char *str_take(struct str *s) WARN_UNUSED;

/* A view of a NUL-ended string (NULL: empty). Borrows. */
struct view view_of(const char *text);
/* True if the view holds exactly `text`. */
bool view_is(struct view v, const char *text) PURE;
/* The same, letters compared without regard to case (ASCII). */
bool view_is_nocase(struct view v, const char *text) PURE;
/* Without the blanks and tabs around it. */
struct view view_trim(struct view v);
/* True if both hold the same bytes. */
bool view_equal(struct view a, struct view b) PURE;

/* Bytes of the well-formed UTF-8 character at `at` (RFC 3629: no overlong
 * forms, no surrogates), of which `room` bytes are there, one at least; 0: it
 * is none. */
size_t str_utf8(const unsigned char *at, size_t room) PURE;

#endif
