/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client meant to go: patterns of hosts, ranges and ports that tell
 * routes of one listener apart. How it is learnt stands in proxy/front.h. */
#ifndef CONFIG_DESTINATION_H
#define CONFIG_DESTINATION_H

#include <netinet/in.h>
#include <stdbool.h>

#include "config/build.h"
#include "config/model.h"

/* One of a list. "db:5432", "*.example.com:443", "10.0.0.0/8",
 * "[2001:db8::/32]:8000-8999", "*:443", "*". */
struct conf_destination {
	struct conf_pattern host; /* text (owned) NULL: see range */
	struct conf_cidr range;
	uint16_t port_min, port_max; /* 0 … 65535 unless ports were named */
};

/* What is asked for: a name as it was said, or an address. */
struct conf_wanted {
	const char *host;	   /* an address in its usual spelling */
	const struct in6_addr *ip; /* mapped IPv4; NULL: it is a name */
	uint16_t port;
};

/* Parses one pattern; fills `*to` (owned: conf_destination_fini) or err. */
bool conf_destination_parse(const char *text, struct conf_destination *to,
			    struct error *err) WARN_UNUSED;
void conf_destination_fini(struct conf_destination *d);
/* Names meet patterns of names only: nothing is resolved for this. */
bool conf_destination_match(const struct conf_destination *d,
			    const struct conf_wanted *wanted);
/* True if the route takes it: it asks for no destination, or any fits. */
bool conf_route_wants(const struct conf_route *r,
		      const struct conf_wanted *wanted);

/* From the route's texts to its patterns; errors go to the spot. */
void conf_destinations_compile(struct conf_route *r,
			       const struct conf_spot *at);
/* What accept, upstream = "destination" and match allow together. */
void conf_accept_compile(const struct conf_route *r,
			 const struct conf_spot *at);
/* What only the whole route shows: patterns that its accept cannot meet, and
 * (a warning) a way for everybody to everywhere. */
void conf_destinations_check(const struct conf_route *r,
			     struct conf_diag *diag);
/* Frees what was compiled, not the texts. */
void conf_destinations_clear(struct conf_route *r);

#endif
