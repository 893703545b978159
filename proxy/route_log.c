/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of log lines about connections of a route. */
#include "proxy/route_log.h"

#include "base/log.h"
#include "faults/engine.h"

static const struct {
	enum log_level level;
	const char *event, *rest;
} sorts[LINE_COUNT] = {
    [LINE_UPSTREAM] = {LOG_WARN, "upstream_error",
	"the upstream failed, more often than there are lines"},
    [LINE_PREFACE] = {LOG_WARN, "proxy_header_bad",
	"connections without a proper PROXY header, more often than there are "
	"lines"},
    [LINE_TLS] = {LOG_INFO, "tls_failed",
	"no TLS with clients, more often than there are lines"},
    [LINE_UPSTREAM_TLS] = {LOG_WARN, "upstream_tls_failed",
	"no TLS with the upstream, more often than there are lines"},
    [LINE_DESTINATION] = {LOG_INFO, "destination_refused",
	"clients' destinations were refused, more often than there are lines"},
    [LINE_LOOP] = {LOG_WARN, "destination_loop",
	"connections would have come back to us, more often than there are "
	"lines"},
    [LINE_SOURCE] = {LOG_ERROR, "keep_source_failed",
	"clients' addresses cannot be used to dial from, more often than "
	"there are lines"},
};

bool
route_log_due(struct route_counts *counts, enum route_line line,
    int64_t now_us)
{
	return log_enabled(sorts[line].level) &&
	       log_sample_take(&counts->lines[line], now_us);
}

void
route_log_rest(const struct armed_route *route)
{
	for (size_t i = 0; i < LINE_COUNT; i++) {
		struct route_counts *c =
		    counters_first(&route->shared->counters);
		uint64_t rest = 0;

		for (; c != NULL; c = c->next)
			rest += log_sample_rest(&c->lines[i]);
		if (rest > 0)
			log_line(sorts[i].level, sorts[i].event, sorts[i].rest,
			    LOG_STR("route", route->name),
			    LOG_STR("upstream", route->conf->upstream.text),
			    LOG_UINT("count", rest), LOG_END);
	}
}
