/* SPDX-License-Identifier: Apache-2.0 */
/* Each worker tells of its own flows, on its own thread. */
#include "control/observer_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "faults/flow_tell.h"
#include "observe/sink.h"
#include "proxy/plan.h"
#include "proxy/session.h"
#include "proxy/worker.h"

/* What one worker tells. */
struct part {
	struct event_record *events; /* owned */
	size_t count, room;
};

static void
add_flow(struct part *p, const struct flow *f)
{
	if (f->type != FLOW_EXCHANGE && f->type != FLOW_STREAM &&
	    f->type != FLOW_CONNECTION)
		return;
	if (p->count == p->room) {
		p->room = p->room > 0 ? p->room * 2 : 64;
		p->events = xrealloc(p->events,
		    p->room * sizeof(*p->events));
	}
	flow_tell_now(f, &p->events[p->count++]);
}

static void
ask_flows(struct worker *w, void *arg)
{
	struct part *p = &((struct part *)arg)[w->index];
	const struct flow *flows[SESSION_FLOWS];
	struct session *s;

	/* What ended before is told before. */
	if (w->events != NULL)
		event_buffer_flush(w->events);
	TAILQ_FOREACH(s, &w->sessions, entry) {
		size_t n = s->ops->flows(s, flows);

		for (size_t i = 0; i < n; i++)
			add_flow(p, flows[i]);
	}
}

void
observer_ask(struct server *server, struct observer_flows *to)
{
	size_t workers = server_workers(server), used = 0;
	struct part *parts = xcalloc(workers, sizeof(*parts));

	server_ask(server, ask_flows, parts);
	*to = (struct observer_flows){0};
	for (size_t i = 0; i < workers; i++)
		to->count += parts[i].count;
	to->events = xcalloc(to->count + 1, sizeof(*to->events));
	for (size_t i = 0; i < workers; i++) {
		if (parts[i].count > 0)
			memcpy(to->events + used, parts[i].events,
			    parts[i].count * sizeof(*to->events));
		used += parts[i].count;
		free(parts[i].events);
	}
	free(parts);
}

void
observer_ask_armed(const struct server *server,
    void (*tell)(void *arg, const char *route, const char *fault,
	const char *kind),
    void *arg)
{
	const struct plan *plan = server_plan(server);
	int64_t now_us = clock_now(&clock_real), next_us = DEADLINE_NEVER;

	for (size_t i = 0; plan != NULL && i < plan->routes_count; i++) {
		const struct armed_route *r = &plan->routes[i];

		for (size_t k = 0; r->conf->enabled && k < r->faults_count;
		     k++) {
			const struct armed_fault *f = &r->faults[k];

			if (condition_in_force(f, now_us, &next_us))
				tell(arg, intern(r->name), intern(f->name),
				    f->ops->kind.name);
		}
	}
}
