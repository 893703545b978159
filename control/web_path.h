/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries of requests, taken apart and percent-decoded (RFC 3986,
 * 2.1): what both of our APIs find their handlers and parameters by. */
#ifndef CONTROL_WEB_PATH_H
#define CONTROL_WEB_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

#define WEB_PATH_SEGMENTS 8
#define WEB_PATH_NAMES	  2 /* most names in one pattern */

struct web_path {
	char *segments[WEB_PATH_SEGMENTS]; /* owned, decoded */
	size_t count; /* may be larger than what is kept: too long */
	bool doubled; /* "//" */
	bool broken;  /* an escape that is none, or an escaped NUL */
};

/* Takes "/a/b%20c" apart, which begins with "/"; to be finished. A slash that
 * is escaped belongs to its segment. A broken escape stands for itself, an
 * escaped NUL ends its segment. */
void web_path_split(struct web_path *to, struct view path);
void web_path_fini(struct web_path *p);
/* True if the path is the pattern, such as "/proxies/{name}"; {…} stands for
 * a segment that is not empty. `names` gets WEB_PATH_NAMES of those, borrowed
 * from the path; NULL behind the last. */
bool web_path_match(const struct web_path *p, const char *pattern,
		    const char **names);

/* Takes the next parameter of a query ("a=1&b") off its front and decodes it;
 * "+" is a blank. Without "=" the value is "". Both are owned by the caller.
 * False: there is none left. *broken is set if an escape is none. */
bool web_query_next(struct view *query, char **name, char **value,
		    bool *broken) WARN_UNUSED;

#endif
