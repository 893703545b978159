/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is wrong with a configuration, collected: a user sees all
 * errors of a file at once, each as `file:line: what, what was expected`. */
#ifndef CONFIG_DIAG_H
#define CONFIG_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/* Where in a configuration something stands. Zeroed: not from a file. */
struct conf_where {
	const char *file; /* interned */
	unsigned line;
};

struct conf_message {
	bool warning;
	char *where; /* owned; "file:line" or a field's path, never empty */
	char *text;  /* owned; what is wrong, what was expected, a hint; longer
			ones are cut at 2,000 bytes */
};

/* Zeroed memory is an empty collection. */
struct conf_diag {
	struct conf_message *messages; /* owned */
	size_t count, errors;	       /* errors: those that are not warnings */
	size_t conflicts; /* errors that are right by themselves and do not fit
			     with the rest */
};

/* Frees the messages; the collection is empty afterwards. */
void conf_diag_fini(struct conf_diag *diag);
/* Adds an error at `where` (NULL or zeroed: "configuration"). Beyond 1,000
 * messages further ones are not kept; errors are counted all the same. */
void conf_error(struct conf_diag *diag, const struct conf_where *where,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for what clashes with something else: a name or an address that is
 * taken. */
void conf_conflict(struct conf_diag *diag, const struct conf_where *where,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for what is legal and surely not meant. */
void conf_warn(struct conf_diag *diag, const struct conf_where *where,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* The first error that was kept; NULL: there is none. Borrowed. */
const struct conf_message *conf_diag_first(const struct conf_diag *diag) PURE;
/* Its text, or "refused". Borrowed. */
const char *conf_diag_text(const struct conf_diag *diag) PURE;

/* Where a group was read, so that an error about one of its keys names the
 * key's own line. */
struct conf_spot {
	struct conf_diag *diag;
	struct conf_where where; /* of the group */
	/* Where that key stands in the group; NULL: all are at where. */
	struct conf_where (*line)(const struct conf_spot *spot,
				  const char *key);
};

/* The line of that key, or where the group begins. */
struct conf_where conf_spot_where(const struct conf_spot *spot,
    const char *key);
/* Adds "key: text" at the key's line. */
void conf_spot_error(const struct conf_spot *spot, const char *key,
		     const char *format, ...) PRINTF_LIKE(3, 4);

#endif
