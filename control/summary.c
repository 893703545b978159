/* SPDX-License-Identifier: Apache-2.0 */
/* Summaries of sampled log lines. */
#include "control/summary.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/route_log.h"

struct summary {
	struct server *server; /* borrowed */
	struct event *every;
};

static void
tell_kind(const struct armed_route *route, const char *kind)
{
	struct route_counts *c = counters_first(&route->shared->counters);
	uint64_t rest = 0;

	for (; c != NULL; c = c->next) {
		struct fault_counts *f = counters_first_fault(c);

		while (f != NULL && f->kind != kind)
			f = f->next;
		if (f != NULL)
			rest += log_sample_rest(&f->lines);
	}
	if (rest > 0)
		log_line(LOG_INFO, "fault_injected",
		    "faults injected, more often than there are lines",
		    LOG_STR("route", route->name), LOG_STR("type", kind),
		    LOG_UINT("count", rest), LOG_END);
}

/* The kinds of later blocks are told with the first block that has them. */
static void
tell_faults(const struct armed_route *route)
{
	struct route_counts *c = counters_first(&route->shared->counters);

	for (; c != NULL; c = c->next) {
		struct fault_counts *f = counters_first_fault(c);

		for (; f != NULL; f = f->next)
			tell_kind(route, f->kind);
	}
}

static void
tell(struct summary *s)
{
	const struct plan *plan = server_plan(s->server);

	for (size_t i = 0; plan != NULL && i < plan->routes_count; i++) {
		route_log_rest(&plan->routes[i]);
		tell_faults(&plan->routes[i]);
	}
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tell(arg);
}

struct summary *
summary_new(struct event_base *base, struct server *server)
{
	struct summary *s = xcalloc(1, sizeof(*s));
	struct timeval second = {.tv_sec = 1};

	s->server = server;
	s->every = event_new(base, -1, EV_PERSIST, on_second, s);
	event_add(s->every, &second);
	return s;
}

void
summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	tell(s);
	event_free(s->every);
	free(s);
}
