/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of the data plane: its life and its sessions. */
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
#include "proxy/lateness.h"
#include "proxy/protocol.h"
#include "proxy/tls.h"
#include "proxy/worker_turn.h"

#define TRIM_EVERY_US (2 * 1000000LL)
/* So many sessions are worth going through the heap for. */
#define TRIM_SESSIONS 500
/* Mail, and everything else. */
#define WORKER_PRIORITIES 2

/* --- the reaper --- */

void
worker_reap(struct worker *w)
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
	worker_reap(arg);
}

/* --- faults change --- */

void
worker_reconcile(struct worker *w)
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
	worker_reconcile(CONTAINER_OF(d, struct worker, change));
}

/* --- mail --- */

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
}

static void
on_trim(struct deadline *d, int64_t now_us)
{
	struct worker *w = CONTAINER_OF(d, struct worker, trim);

	atomic_store_explicit(&w->turned_us, now_us, memory_order_relaxed);
	bytes_pool_trim(&w->engine.pool);
	give_back(w);
	for (int i = 0; i < PROTOCOL_COUNT; i++) {
		if (w->protocols->of[i]->trim != NULL)
			w->protocols->of[i]->trim(w);
	}
	worker_arm(w, d, now_us + TRIM_EVERY_US);
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
	w->trim.on_due = on_trim;
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
	worker_arm(w, &w->trim, worker_now(w) + TRIM_EVERY_US);
	return w;
}

/* Until worker_post_stop()'s mail. */
static void *
run(void *arg)
{
	struct worker *w = arg;

	while (!w->stopping) {
		worker_turn(w);
		if (w->events != NULL)
			event_buffer_pass(w->events, worker_now(w));
		event_base_loop(w->base, TAILQ_EMPTY(&w->later)
			? EVLOOP_ONCE
			: EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
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
		worker_reap(w);
		for (int i = 0; i < PROTOCOL_COUNT; i++) {
			if (w->protocols->of[i]->fini != NULL)
				w->protocols->of[i]->fini(w);
		}
		tls_worker_fini(w);
		event_del(&w->mailbox_ev);
		event_del(&w->reap_ev);
	}
	zone_fini(&w->tcp_zone);
	zone_fini(&w->http1_zone);
	zone_fini(&w->data_zone);
	zone_fini(&w->edit_zone);
	zone_fini(&w->engine.traces);
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
