/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does at the end of each turn of its loop.
 *
 *   turn of the loop:  sockets and mail ─► deadlines ─► turn ends ─► events out
 *
 * What several turn ends are to send goes to the kernel in one call before they
 * are run, unless a deadline is near: then they send one by one. Deadlines are
 * looked at between turn ends, but for those whose bytes are gone already.
 *
 * One absolute timerfd wakes it for the earliest deadline of its heap. */
#include "proxy/worker_turn.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "proxy/send_batch.h"

/* The timer's lateness that is made up for, at most; what is later than sane
 * was somebody else's turn on the processor. */
#define LEAD_MAX_US	 50
#define LATENESS_SANE_US 200
#define PRECISE_LEAD_US	 80
/* A turn may last this long; deadlines within it are looked at between its
 * callbacks. */
#define DUE_SOON_US 2000
#define LATER_RUNS  32 /* in a turn */

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

void
worker_run_due(struct worker *w)
{
	if (atomic_load_explicit(&w->ordered, memory_order_relaxed))
		event_base_loopcontinue(w->base);
	if (deadline_next(&w->engine.deadlines) > w->due_by_us)
		return;
	run_due(w, worker_now(w));
}

/* Returns how many turn ends, from the first one on, may have been posted. */
static size_t
post(struct worker *w)
{
	struct turn_end *t = TAILQ_FIRST(&w->turn_ends);
	size_t n = 0;

	/* For one alone a plain send costs less. */
	if (t == NULL || TAILQ_NEXT(t, entry) == NULL ||
	    deadline_next(&w->engine.deadlines) <= w->due_by_us)
		return 0;
	TAILQ_FOREACH (t, &w->turn_ends, entry) {
		if (send_batch_full(w->batch))
			break;
		if (t->post != NULL)
			t->post(t);
		n++;
	}
	send_batch_run(w->batch);
	return n;
}

static void
run_turn_ends(struct worker *w)
{
	struct turn_end *t;
	size_t posted = post(w);

	while ((t = TAILQ_FIRST(&w->turn_ends)) != NULL) {
		turn_end_cancel(t);
		t->run(t);
		/* No fault acts before all that was sent is known to be. */
		if (posted > 0)
			posted--;
		if (posted == 0)
			worker_run_due(w);
	}
	for (int n = 0; n < LATER_RUNS; n++) {
		t = TAILQ_FIRST(&w->later);
		if (t == NULL)
			return;
		turn_end_cancel(t);
		t->run(t);
	}
}

void
worker_turn(struct worker *w)
{
	int64_t now_us = worker_now(w);

	if (w->timer_fired)
		now_us = after_timer(w, now_us);
	run_due(w, now_us);
	w->due_by_us = now_us + DUE_SOON_US;
	run_turn_ends(w);
	set_timer(w);
}

bool
worker_turn_init(struct worker *w)
{
	TAILQ_INIT(&w->turn_ends);
	TAILQ_INIT(&w->later);
	w->batch = send_batch_new();
	w->timer_at_us = DEADLINE_NEVER;
	w->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->base == NULL || w->timer_fd < 0)
		return false;
	event_assign(&w->timer_ev, w->base, w->timer_fd, EV_READ | EV_PERSIST,
		     on_timer, w);
	return event_add(&w->timer_ev, NULL) == 0;
}

void
worker_turn_fini(struct worker *w)
{
	if (w->base != NULL && event_initialized(&w->timer_ev))
		event_del(&w->timer_ev);
	if (w->timer_fd >= 0)
		close(w->timer_fd);
	send_batch_free(w->batch);
}
