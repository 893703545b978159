/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker is told: connections, plans, the end. */
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "proxy/front.h"
#include "proxy/protocol.h"
#include "proxy/worker.h"

struct mail_accepted {
	struct mail mail;
	struct accepted accepted;
};

struct mail_plan {
	struct mail mail;
	struct plan *plan;
	void (*done)(void *arg);
	void *arg;
};

void
worker_take(struct worker *w, const struct accepted *from)
{
	struct plan_listener *l =
	    w->plan != NULL ? plan_listener(w->plan, from->listener) : NULL;

	if (l == NULL) {
		close(from->fd);
		return;
	}
	if (front_needed(l))
		front_accept(w, l, from);
	else
		w->protocols->of[l->protocol]->accept(w, l, from);
}

static void
deliver_accepted(struct mail *mail, void *arg)
{
	struct mail_accepted *m =
	    CONTAINER_OF(mail, struct mail_accepted, mail);

	worker_take(arg, &m->accepted);
	free(m);
}

void
worker_post_accepted(struct worker *w, const struct accepted *from)
{
	struct mail_accepted *m = xcalloc(1, sizeof(*m));

	m->mail.deliver = deliver_accepted;
	m->accepted = *from;
	mailbox_post(&w->mailbox, &m->mail);
}

static void
deliver_plan(struct mail *mail, void *arg)
{
	struct mail_plan *m = CONTAINER_OF(mail, struct mail_plan, mail);
	struct worker *w = arg;
	struct plan *old = w->plan;

	/* Dead sessions still point into the old plan. */
	worker_reap(w);
	w->plan = m->plan;
	w->precise = false;
	for (size_t i = 0; i < w->plan->routes_count; i++)
		w->precise |= w->plan->routes[i].conf->precise;
	worker_reconcile(w);
	worker_reap(w);
	for (int i = 0; i < PROTOCOL_COUNT; i++) {
		if (w->protocols->of[i]->reconcile != NULL)
			w->protocols->of[i]->reconcile(w);
	}
	plan_unref(old);
	if (m->done != NULL)
		m->done(m->arg);
	free(m);
}

void
worker_post_plan(struct worker *w, struct plan *plan, void (*done)(void *),
		 void *arg)
{
	struct mail_plan *m = xcalloc(1, sizeof(*m));

	m->mail.deliver = deliver_plan;
	m->plan = plan_ref(plan);
	m->done = done;
	m->arg = arg;
	worker_hurry(w);
	mailbox_post(&w->mailbox, &m->mail);
}

static void
deliver_drain(struct mail *mail, void *arg)
{
	struct worker *w = arg;
	struct session *s, *next;

	free(mail);
	w->draining = true;
	for (s = TAILQ_FIRST(&w->sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, entry);
		s->ops->drain(s);
	}
}

static void
deliver_stop(struct mail *mail, void *arg)
{
	struct worker *w = arg;

	free(mail);
	w->stopping = true;
	event_base_loopbreak(w->base);
}

static void
post(struct worker *w, void (*deliver)(struct mail *, void *))
{
	struct mail *mail = xcalloc(1, sizeof(*mail));

	mail->deliver = deliver;
	mailbox_post(&w->mailbox, mail);
}

void
worker_post_drain(struct worker *w)
{
	post(w, deliver_drain);
}

void
worker_post_stop(struct worker *w)
{
	post(w, deliver_stop);
}
