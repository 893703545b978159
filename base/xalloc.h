/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that cannot fail: out of memory ends the program at once, with a
 * line on standard error. Most libraries are made to allocate by it
 * (cli/libraries.h). */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stddef.h>

#include "base/attr.h"

/* Zeroed memory for `count` times `size` bytes; returns owned, never NULL. */
void *xcalloc(size_t count, size_t size) WARN_UNUSED;
/* The same, at a multiple of `align` (a power of two), with whole units of it
 * to itself. */
void *xcalloc_aligned(size_t align, size_t size) WARN_UNUSED;
/* Unset memory; returns owned, never NULL. */
void *xmalloc(size_t size) WARN_UNUSED;
/* As realloc(3); `ptr` may be NULL. Returns owned, never NULL. */
void *xrealloc(void *ptr, size_t size) WARN_UNUSED;
/* The array of *count elements of `size` bytes with room for one more, which
 * is zeroed and counted; NULL with a count of 0 is an empty one. Arrays double
 * at powers of two. Returns owned, in place of `items`. */
void *xgrow(void *items, size_t *count, size_t size) WARN_UNUSED;
/* Copies a string; NULL gives NULL. Returns owned. */
char *xstrdup(const char *s) WARN_UNUSED;
/* Copies `len` bytes and ends them with NUL. Returns owned. */
char *xmemdup0(const void *data, size_t len) WARN_UNUSED;
/* printf into fresh memory. Returns owned. */
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2) WARN_UNUSED;
/* Ends the program in the same way, for who was refused memory that he asked
 * for by himself; the line ends in `whom`. */
void xalloc_refused(const char *whom) NORETURN;

#endif
