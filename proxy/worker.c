/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of the data plane.
 *
 *   turn of the loop:  sockets and mail ─► deadlines ─► turn ends ─► events out
 *
 * One absolute timerfd wakes it for the earliest deadline of its heap. */
#include "proxy/worker.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "observe/sink.h"
#include "proxy/flow_log.h"
#include "proxy/lateness.h"
#include "proxy/protocol.h"
#include "proxy/tls.h"

#define TIDY_EVERY_US (2 * 1000000LL)
/* So many sessions are worth going through the heap for. */
#define TRIM_SESSIONS 500
/* The timer's lateness that is made up for, at most; what is later than sane
 * was somebody else's turn on the processor. */
#define LEAD_MAX_US	 50
#define LATENESS_SANE_US 200
#define PRECISE_LEAD_US	 80
/* A turn may last this long; deadlines within it are looked at between its
 * callbacks. */
#define DUE_SOON_US 2000
/* Mail, and everything else. */
#define WORKER_PRIORITIES 2

/* --- deadlines --- */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	/* The turn's end runs what is due. */
	(void)n;
	(void)what;
	w->timer_fired = true;
}

/* How much before a deadline the timer is to wake us: as much as it is late
 * on average; the rest of the wait is spent spinning. */
static int64_t
lead_us(const struct worker *w)
{
	return w->precise ? PRECISE_LEAD_US : (int64_t)w->lateness_us;
}

static void
set_timer(struct worker *w)
{
	struct itimerspec spec = {0};
	int64_t next = deadline_next(&w->engine.deadlines);

	if (next != DEADLINE_NEVER)
		next = MAX(next - lead_us(w), 1);
	if (next == w->timer_at_us)
		return;
	w->timer_at_us = next;
	if (next != DEADLINE_NEVER) {
		spec.it_value.tv_sec = next / 1000000;
		spec.it_value.tv_nsec = next % 1000000 * 1000;
	}
	timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* Learns how late the timer was, and waits out what it was early. */
static int64_t
after_timer(struct worker *w, int64_t now_us)
{
	int64_t next = deadline_next(&w->engine.deadlines);
	double late = (double)(now_us - w->timer_at_us);

	w->timer_fired = false;
	if (late >= 0 && late < LATENESS_SANE_US)
		w->lateness_us += (late - w->lateness_us) / 16;
	w->lateness_us = MIN(w->lateness_us, LEAD_MAX_US);
	while (next > now_us && next - now_us <= lead_us(w))
		now_us = worker_now(w);
	/* A timer that fired has to be set again, even for the same time. */
	w->timer_at_us = -1;
	return now_us;
}

static void
run_due(struct worker *w, int64_t now_us)
{
	int64_t next = deadline_next(&w->engine.deadlines);

	if (next > now_us)
		return;
	histogram_add(&w->lag, &histogram_errors, now_us - next);
	deadline_run(&w->engine.deadlines, now_us);
}

static void
run_turn_ends(struct worker *w)
{
	struct turn_end *t;

	while ((t = TAILQ_FIRST(&w->turn_ends)) != NULL) {
		worker_turn_end_cancel(w, t);
		t->run(t);
	}
}

static void
run_deadlines(struct worker *w)
{
	int64_t now_us = worker_now(w);

	if (w->timer_fired)
		now_us = after_timer(w, now_us);
	run_due(w, now_us);
	run_turn_ends(w);
	w->due_by_us = now_us + DUE_SOON_US;
	set_timer(w);
}

void
worker_run_due(struct worker *w)
{
	if (atomic_load_explicit(&w->ordered, memory_order_relaxed))
		event_base_loopcontinue(w->base);
	if (deadline_next(&w->engine.deadlines) > w->due_by_us)
		return;
	run_due(w, worker_now(w));
}

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
		if (protocols[i]->tidy != NULL)
			protocols[i]->tidy(w);
	}
	worker_arm(w, d, now_us + TIDY_EVERY_US);
}

/* --- life --- */

struct worker *
worker_new(unsigned index, uint64_t seed, struct resolver *resolver,
	   struct error *err)
{
	struct event_config *config = event_config_new();
	struct worker *w = xcalloc(1, sizeof(*w));

	w->index = w->engine.index = index;
	w->resolver = resolver;
	w->engine.clock = &clock_real;
	w->engine.seed = seed;
	w->engine.injected = flow_log_injection;
	w->timer_at_us = DEADLINE_NEVER;
	w->change.on_due = on_change;
	w->tidy.on_due = on_tidy;
	w->scratch = xmalloc(WORKER_SCRATCH);
	TAILQ_INIT(&w->sessions);
	TAILQ_INIT(&w->reaping);
	TAILQ_INIT(&w->turn_ends);
	/* Not PRECISE_TIMER: it would set a timer of libevent's every turn,
	 * and exact deadlines are ours. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
					  EVENT_BASE_FLAG_NO_CACHE_TIME);
	w->base = event_base_new_with_config(config);
	event_config_free(config);
	if (w->base != NULL)
		event_base_priority_init(w->base, WORKER_PRIORITIES);
	w->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->base == NULL || w->timer_fd < 0 ||
	    !mailbox_init(&w->mailbox, err)) {
		error_set(err, errno, "cannot start a worker: %s",
			  strerror(errno));
		worker_free(w);
		return NULL;
	}
	event_assign(&w->timer_ev, w->base, w->timer_fd, EV_READ | EV_PERSIST,
		     on_timer, w);
	event_add(&w->timer_ev, NULL);
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
		run_deadlines(w);
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
		worker_reap(w);
		for (int i = 0; i < PROTOCOL_COUNT; i++) {
			if (protocols[i]->fini != NULL)
				protocols[i]->fini(w);
		}
		tls_worker_fini(w);
		event_del(&w->timer_ev);
		event_del(&w->mailbox_ev);
		event_del(&w->reap_ev);
	}
	lateness_free(w->lateness);
	event_buffer_free(w->events);
	mailbox_fini(&w->mailbox);
	if (w->timer_fd >= 0)
		close(w->timer_fd);
	deadline_heap_fini(&w->engine.deadlines);
	bytes_pool_fini(&w->engine.pool);
	plan_unref(w->plan);
	if (w->base != NULL)
		event_base_free(w->base);
	free(w->scratch);
	free(w);
}
