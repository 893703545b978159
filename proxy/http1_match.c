/* SPDX-License-Identifier: Apache-2.0 */
/* First match wins. */
#include "proxy/http1_match.h"

#include "proxy/destination.h"
#include "proxy/plan_hosts.h"

struct view
http1_match_path(const struct http1_head *h, const char *data)
{
	struct view path = http1_span(data, h->path);

	if (path.len == 0 && !view_is(http1_span(data, h->method), "CONNECT"))
		return VIEW("/");
	return path;
}

const struct armed_route *
http1_match_route(const struct plan_listener *l, const struct http1_head *h,
    const char *data, const struct client_facts *facts)
{
	struct view host = http1_span(data, h->host);
	struct view path = http1_match_path(h, data);
	struct view sni = {"", 0};
	const struct armed_route *route;
	struct host_walk walk;

	client_facts_answer(facts, FACT_SNI, &sni);
	plan_hosts_begin(&walk, l, host);
	while ((route = plan_hosts_next(&walk)) != NULL) {
		const struct conf_route *r = route->conf;

		if (conf_pattern_match(&r->match_host, host) &&
		    conf_pattern_match(&r->match_path, path) &&
		    conf_pattern_match(&r->match_sni, sni) &&
		    destination_fits(r,
			facts != NULL ? facts->destination : NULL))
			break;
	}
	return route;
}

bool
http1_match_fact(const struct http1_head *h, const char *data,
    const struct client_facts *facts, enum fact fact, struct view *to)
{
	switch (fact) {
	case FACT_HOST:
		*to = http1_span(data, h->host);
		return h->has_host || h->host.len > 0;
	case FACT_METHOD:
		*to = http1_span(data, h->method);
		return true;
	case FACT_PATH:
		*to = http1_match_path(h, data);
		return true;
	case FACT_QUERY:
		*to = http1_span(data, h->query);
		return true;
	case FACT_SNI:
	case FACT_ALPN:
	case FACT_DESTINATION:
		return client_facts_answer(facts, fact, to);
	case FACT_DNS_NAME:
	case FACT_DNS_TYPE:
	case FACT_COUNT:
		break;
	}
	return false;
}
