/* SPDX-License-Identifier: Apache-2.0 */
/* What the control thread has a worker do between two of its callbacks. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "observe/sink.h"
#include "proxy/lateness.h"
#include "proxy/worker.h"

struct mail_call {
	struct mail mail;
	void (*call)(struct worker *w, void *arg);
	void *arg;
	void (*done)(void *arg);
	void *done_arg;
};

static void
deliver_call(struct mail *mail, void *arg)
{
	struct mail_call *m = CONTAINER_OF(mail, struct mail_call, mail);

	m->call(arg, m->arg);
	m->done(m->done_arg);
	free(m);
}

void
worker_post_call(struct worker *w, void (*call)(struct worker *, void *),
    void *arg, void (*done)(void *), void *done_arg)
{
	struct mail_call *m = xcalloc(1, sizeof(*m));

	m->mail.deliver = deliver_call;
	m->call = call;
	m->arg = arg;
	m->done = done;
	m->done_arg = done_arg;
	worker_hurry(w);
	mailbox_post(&w->mailbox, &m->mail);
}

void
worker_close_sessions(struct worker *w, const char *route)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&w->sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, entry);
		if (s->route == route)
			s->ops->close(s, CLOSE_ROUTE);
	}
}

struct session *
worker_session(const struct worker *w, uint64_t number)
{
	struct session *s;

	TAILQ_FOREACH(s, &w->sessions, entry) {
		if (s->number == number)
			return s;
	}
	return NULL;
}

static void
emit(void *arg, const struct event_record *event)
{
	event_buffer_add(arg, event);
}

void
worker_listen(struct worker *w, struct sink *sink)
{
	const struct event_wish none = {0};
	struct event_wish wish = sink != NULL ? sink_wanted(sink) : none;

	if (((wish.all | wish.kept) & ~EVENTS_OF_CONTROL) == 0)
		sink = NULL;
	lateness_free(w->lateness);
	event_buffer_free(w->events);
	w->events = sink != NULL ? event_buffer_new(sink) : NULL;
	w->engine.emit = sink != NULL ? emit : NULL;
	w->engine.emit_arg = w->events;
	w->engine.wish = wish;
	w->lateness = sink != NULL ? lateness_new(w) : NULL;
}
