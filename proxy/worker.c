/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of the data plane: its life, and what others tell it. */
#include "proxy/worker.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "observe/sink.h"
#include "proxy/flow_log.h"
#include "proxy/front.h"
#include "proxy/lateness.h"
#include "proxy/protocol.h"
#include "proxy/tls.h"
#include "proxy/worker_turn.h"

#define TIDY_EVERY_US (2 * 1000000LL)
/* So many sessions are worth going through the heap for. */
#define TRIM_SESSIONS 500
/* Mail, and everything else. */
#define WORKER_PRIORITIES 2

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

/* --- the reaper --- */

static void
reap(struct worker *w)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&w->reaping)) != NULL) {
		TAILQ_REMOVE(&w->reaping, s, entry);
		s->ops->free(s);
	}
}

static void
on_reap(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	reap(arg);
}

/* --- mail --- */

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
reconcile_all(struct worker *w)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&w->sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, entry);
		s->ops->reconcile(s);
	}
	tls_worker_reconcile(w);
	deadline_disarm(&w->engine.deadlines, &w->change);
	if (w->plan != NULL) {
		int64_t at = plan_next_change(w->plan, worker_now(w));

		if (at != DEADLINE_NEVER)
			worker_arm(w, &w->change, at);
	}
}

static void
on_change(struct deadline *d, int64_t now_us)
{
	(void)now_us;
	reconcile_all(CONTAINER_OF(d, struct worker, change));
}

static void
deliver_plan(struct mail *mail, void *arg)
{
	struct mail_plan *m = CONTAINER_OF(mail, struct mail_plan, mail);
	struct worker *w = arg;
	struct plan *old = w->plan;

	/* Dead sessions still point into the old plan. */
	reap(w);
	w->plan = m->plan;
	w->precise = false;
	for (size_t i = 0; i < w->plan->routes_count; i++)
		w->precise |= w->plan->routes[i].conf->precise;
	reconcile_all(w);
	reap(w);
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

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	atomic_store(&w->ordered, false);
	mailbox_run(&w->mailbox, w);
}

/* After a burst of sessions their memory goes back to the system. */
static void
give_back(struct worker *w)
{
	size_t now = w->sessions_count;

	if (w->sessions_peak > TRIM_SESSIONS && now < w->sessions_peak / 2) {
		malloc_trim(0);
		w->sessions_peak = now;
	}
	w->sessions_peak = MAX(w->sessions_peak, now);
}

static void
on_tidy(struct deadline *d, int64_t now_us)
{
	struct worker *w = CONTAINER_OF(d, struct worker, tidy);

	atomic_store_explicit(&w->turned_us, now_us, memory_order_relaxed);
	bytes_pool_trim(&w->engine.pool);
	give_back(w);
	for (int i = 0; i < PROTOCOL_COUNT; i++) {
		if (w->protocols->of[i]->tidy != NULL)
			w->protocols->of[i]->tidy(w);
	}
	worker_arm(w, d, now_us + TIDY_EVERY_US);
}

/* --- life --- */

struct worker *
worker_new(unsigned index, uint64_t seed, const struct protocols *protocols,
	   struct resolver *resolver, struct error *err)
{
	struct event_config *config = event_config_new();
	struct worker *w = xcalloc(1, sizeof(*w));

	w->index = w->engine.index = index;
	w->protocols = protocols;
	w->resolver = resolver;
	w->engine.clock = &clock_real;
	w->engine.seed = seed;
	w->engine.injected = flow_log_injection;
	w->change.on_due = on_change;
	w->tidy.on_due = on_tidy;
	w->scratch = xmalloc(WORKER_SCRATCH);
	TAILQ_INIT(&w->sessions);
	TAILQ_INIT(&w->reaping);
	/* Not PRECISE_TIMER: it would set a timer of libevent's every turn,
	 * and exact deadlines are ours. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
					  EVENT_BASE_FLAG_NO_CACHE_TIME);
	w->base = event_base_new_with_config(config);
	event_config_free(config);
	if (w->base != NULL)
		event_base_priority_init(w->base, WORKER_PRIORITIES);
	if (!worker_turn_init(w) ||
	    !mailbox_init(&w->mailbox, err)) {
		error_set(err, errno, "cannot start a worker: %s",
			  strerror(errno));
		worker_free(w);
		return NULL;
	}
	event_assign(&w->mailbox_ev, w->base, mailbox_fd(&w->mailbox),
		     EV_READ | EV_PERSIST, on_mail, w);
	event_priority_set(&w->mailbox_ev, 0);
	event_add(&w->mailbox_ev, NULL);
	event_assign(&w->reap_ev, w->base, -1, 0, on_reap, w);
	atomic_store(&w->turned_us, worker_now(w));
	worker_arm(w, &w->tidy, worker_now(w) + TIDY_EVERY_US);
	return w;
}

void
worker_loop(struct worker *w)
{
	while (!w->stopping) {
		worker_turn(w);
		if (w->events != NULL)
			event_buffer_pass(w->events, worker_now(w));
		event_base_loop(w->base, EVLOOP_ONCE);
	}
}

static void *
run(void *arg)
{
	worker_loop(arg);
	return NULL;
}

void
worker_start(struct worker *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&w->thread, NULL, run, w) != 0) {
		log_line(LOG_ERROR, NULL, "cannot start a thread", LOG_END);
		abort();
	}
	w->started = true;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
worker_join(struct worker *w)
{
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

void
worker_free(struct worker *w)
{
	struct session *s;

	if (w == NULL)
		return;
	if (w->base != NULL) {
		mailbox_run(&w->mailbox, w);
		while ((s = TAILQ_FIRST(&w->sessions)) != NULL)
			s->ops->close(s, CLOSE_SHUTDOWN);
		reap(w);
		for (int i = 0; i < PROTOCOL_COUNT; i++) {
			if (w->protocols->of[i]->fini != NULL)
				w->protocols->of[i]->fini(w);
		}
		tls_worker_fini(w);
		event_del(&w->mailbox_ev);
		event_del(&w->reap_ev);
	}
	lateness_free(w->lateness);
	event_buffer_free(w->events);
	mailbox_fini(&w->mailbox);
	worker_turn_fini(w);
	deadline_heap_fini(&w->engine.deadlines);
	bytes_pool_fini(&w->engine.pool);
	plan_unref(w->plan);
	if (w->base != NULL)
		event_base_free(w->base);
	free(w->scratch);
	free(w);
}
