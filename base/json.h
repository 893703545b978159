/* SPDX-License-Identifier: Apache-2.0 */
/* A writer of compact JSON into a struct str. It puts the commas and checks
 * the nesting; the prefix is `jsonw_` because `json_` belongs to jansson,
 * which reads JSON where this only writes it. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define JSONW_DEPTH 32 /* deepest nesting */

/* Invariant: the text so far is a prefix of a valid document. */
struct jsonw {
	struct str *out;  /* borrowed */
	unsigned depth;	  /* open objects and arrays */
	uint64_t objects; /* bit n: level n is an object */
	uint64_t filled;  /* bit n: level n has a member */
	bool keyed;	  /* a key waits for its value */
};

/* Begins a document at the end of `out`, which is borrowed. */
void jsonw_init(struct jsonw *w, struct str *out);
/* True once one whole value was written. */
bool jsonw_done(const struct jsonw *w);

/* Begin and end an object or an array, which is a value itself. */
void jsonw_object(struct jsonw *w);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_array_end(struct jsonw *w);
/* The name of the next value; objects only. */
void jsonw_key(struct jsonw *w, const char *key);

/* Texts: bytes that are no UTF-8 become U+FFFD, and jsonw_string() writes null
 * for NULL. */
void jsonw_string(struct jsonw *w, const char *text);
void jsonw_view(struct jsonw *w, struct view text);
void jsonw_int(struct jsonw *w, int64_t value);
void jsonw_uint(struct jsonw *w, uint64_t value);
/* The shortest text that reads back as the same double; NaN and infinity,
 * which JSON lacks, become null. */
void jsonw_double(struct jsonw *w, double value);
void jsonw_bool(struct jsonw *w, bool value);
void jsonw_null(struct jsonw *w);
/* A value that is JSON already; it is trusted. */
void jsonw_raw(struct jsonw *w, struct view json);

/* A key and its value in one call. */
void jsonw_put_string(struct jsonw *w, const char *key, const char *text);
void jsonw_put_view(struct jsonw *w, const char *key, struct view text);
void jsonw_put_int(struct jsonw *w, const char *key, int64_t value);
void jsonw_put_uint(struct jsonw *w, const char *key, uint64_t value);
void jsonw_put_double(struct jsonw *w, const char *key, double value);
void jsonw_put_bool(struct jsonw *w, const char *key, bool value);

/* Appends `text` as a JSON string with its quotes: controls, DEL and C1
 * controls escaped, invalid UTF-8 replaced. */
void jsonw_quote(struct str *out, struct view text);
/* Appends the shortest text of a finite double. */
void jsonw_number(struct str *out, double value);

#endif
