/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling what conditions are written in: patterns, address ranges,
 * status ranges. Matching stands in config/fault.h and config/address.h. */
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

struct conf_pattern *conf_pattern_at(const struct conf_pattern_slot *slot,
				     void *target);
/* conf_pattern_clear for all slots. */
void conf_patterns_clear(const struct conf_pattern_slot *slots, void *target);
/* Frees the compiled conditions on headers, not their texts. */
void conf_headers_clear(struct conf_when *w);
/* True if the bytes may be a host name or an IPv4 address. */
bool conf_host_valid(const char *host, size_t len) PURE;
/* Compiles `p` from its text (NULL: no condition; `p` then stays empty).
 * What was compiled before is freed. On failure `p` keeps its text only. */
bool conf_pattern_compile(struct conf_pattern *p, bool nocase,
			  struct error *err) WARN_UNUSED;
/* Frees the compiled part, not the text: that belongs to a table. */
void conf_pattern_clear(struct conf_pattern *p);
/* "10.1.0.0/16", "::1", "10.0.0.1": bits beyond the prefix must be 0. */
bool conf_cidr_parse(const char *text, struct conf_cidr *to,
		     struct error *err) WARN_UNUSED;
/* True if the text looks like an address or a range rather than a name. */
bool conf_cidr_meant(const char *text) PURE;
/* "503", "5xx", "500-599" within 100 … 599. */
bool conf_status_parse(const char *text, int *min, int *max,
		       struct error *err) WARN_UNUSED;

#endif
