/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations in the words of Grafana's HTTP API (/api/annotations). Times are
 * milliseconds since 1970. */
#ifndef TELEMETRY_ANNOTATION_JSON_H
#define TELEMETRY_ANNOTATION_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Everything is borrowed. */
struct annotation_body {
	int64_t start_ms, end_ms;
	const char *text; /* NULL: it stays as it is */
	const char *run; /* becomes the tag "run:…" */
	const char *const *tags; /* NULLs are passed over */
	size_t tags_count;
	const char *const *more; /* likewise */
	size_t more_count;
};

/* Appends the body of a POST (`whole`), or of a PATCH of its end and text. */
void annotation_write(struct str *to, const struct annotation_body *body,
    bool whole);
/* The id in the answer to a POST; 0: there is none. */
int64_t annotation_read_id(struct view reply);

/* One of a list that Grafana gave. */
struct annotation_found {
	int64_t id, start_ms, end_ms;
	const void *tags; /* for annotation_has_tag(); borrowed for the call */
};

/* Calls `each` for those of a list that have an id and both times; nothing if
 * it is none. */
void annotation_each(struct view reply,
    void (*each)(void *arg, const struct annotation_found *found), void *arg);
/* Is the tag among those of what was found? */
bool annotation_has_tag(const struct annotation_found *found,
    const char *tag);

#endif
