/* SPDX-License-Identifier: Apache-2.0 */
/* One timerfd, set anew only if the earliest deadline came nearer. */
#include "load/timer.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

int64_t
load_timer_now(const struct load_timer *t)
{
	int64_t now_us = clock_now(t->clock) - t->origin_us;

	return MAX(now_us, 1);
}

void
load_timer_rearm(struct load_timer *t)
{
	int64_t next_us = deadline_next(&t->heap), now_us, wait_us;
	struct itimerspec spec = {0};

	/* One that went away is left: it wakes us once for nothing. */
	if (next_us >= t->armed_us)
		return;
	/* Looked at once: what MAX compares must be what it takes. */
	now_us = load_timer_now(t);
	wait_us = MAX(next_us - now_us, 0);
	spec.it_value.tv_sec = wait_us / 1000000;
	spec.it_value.tv_nsec = wait_us % 1000000 * 1000 + 1;
	timerfd_settime(t->fd, 0, &spec, NULL);
	t->armed_us = next_us;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct load_timer *t = arg;
	uint64_t times;

	if (read(fd, &times, sizeof(times)) < 0 && errno != EAGAIN)
		return;
	t->armed_us = DEADLINE_NEVER;
	deadline_run(&t->heap, load_timer_now(t));
	t->settle(t->arg);
}

bool
load_timer_init(struct load_timer *t, struct error *err)
{
	t->armed_us = DEADLINE_NEVER;
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (t->fd < 0)
		return error_set(err, errno, "timerfd: %s", strerror(errno));
	event_assign(&t->event, t->base, t->fd, EV_READ | EV_PERSIST, on_timer,
		     t);
	event_add(&t->event, NULL);
	return true;
}

void
load_timer_fini(struct load_timer *t)
{
	if (t->fd >= 0) {
		event_del(&t->event);
		close(t->fd);
	}
	t->fd = -1;
	deadline_heap_fini(&t->heap);
}
