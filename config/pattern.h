/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling what conditions are written in: patterns and status ranges.
 * Matching stands in config/fault.h; ranges of addresses in
 * config/address.h. */
#ifndef CONFIG_PATTERN_H
#define CONFIG_PATTERN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/model.h"

/* A pattern among the members of a struct. */
struct conf_pattern_slot {
	const char *key; /* in its table; NULL ends */
	size_t offset;
	bool nocase;
	bool http; /* a fact of HTTP exchanges only */
	bool tls;  /* a fact of TLS hellos */
	bool dns;  /* a fact of DNS queries only */
	bool command; /* a fact of commands only */
};
extern const struct conf_pattern_slot conf_when_patterns[];  /* conf_when */
extern const struct conf_pattern_slot conf_match_patterns[]; /* conf_route */

/* The slot's pattern in `target`, which is what the table is of. Borrowed. */
struct conf_pattern *conf_pattern_at(const struct conf_pattern_slot *slot,
				     void *target);
/* conf_pattern_clear() for all slots. */
void conf_patterns_clear(const struct conf_pattern_slot *slots, void *target);
/* Frees the compiled conditions on headers; header_text, from which they were
 * made, stays. */
void conf_headers_clear(struct conf_when *w);
/* Compiles `p` from its text (NULL: no condition; `p` then stays empty).
 * What was compiled before is freed. After a failure `p` matches nothing
 * sensible; it keeps its text and may be cleared or compiled again. */
bool conf_pattern_compile(struct conf_pattern *p, bool nocase,
			  struct error *err) WARN_UNUSED;
/* Frees the compiled part, not the text: that belongs to a table. */
void conf_pattern_clear(struct conf_pattern *p);
/* "503", "5xx", "500-599" within 100 … 599; false: err says so, and neither
 * *min nor *max is set. */
bool conf_status_parse(const char *text, int *min, int *max,
		       struct error *err) WARN_UNUSED;

#endif
