/* SPDX-License-Identifier: Apache-2.0 */
/* A look over the raw text before libconfig reads it, for what libconfig
 * takes without a word or is hurt by: integers that wrap, comments and
 * strings that never end, NUL bytes, byte order marks, bottomless nesting. */
#ifndef CONFIG_PRELEX_H
#define CONFIG_PRELEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "config/diag.h"

struct prelex_include {
	char *path; /* owned, as written */
	unsigned line;
};

struct prelex {
	struct conf_diag *diag;
	struct conf_where where;	 /* the file; the line moves along */
	struct prelex_include *includes; /* owned; found in the text */
	size_t includes_count;
};

/* Scans `len` bytes of `text`, which NUL follows; errors go to p->diag. False
 * if there was one. Call once per struct; where and diag are set before. */
bool prelex_scan(struct prelex *p, const char *text, size_t len) WARN_UNUSED;
void prelex_fini(struct prelex *p);

#endif
