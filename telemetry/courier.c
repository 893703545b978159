/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a courier. Two parties hold it, its owner and its thread; who
 * lets go last frees it, so that an owner need not wait for a name that nobody
 * resolves. */
#include "telemetry/courier.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

struct courier {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on the monotonic clock */
	struct courier_job job;
	int cancel_fd;
	unsigned holders;
	bool woken, ending, done;
};

static struct timespec
timespec_of(int64_t at_us)
{
	return (struct timespec){
	    .tv_sec = at_us / 1000000,
	    .tv_nsec = at_us % 1000000 * 1000,
	};
}

/* With the lock held: it is gone afterwards. */
static void
let_go(struct courier *c)
{
	bool last = --c->holders == 0;

	pthread_mutex_unlock(&c->lock);
	if (!last)
		return;
	close(c->cancel_fd);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* With the lock held: until it is woken, told to end, or time is over. */
static void
sleep_until(struct courier *c, int64_t at_us)
{
	struct timespec at = timespec_of(at_us);

	while (!c->woken && !c->ending && clock_now(&clock_real) < at_us) {
		if (at_us == COURIER_NEVER)
			pthread_cond_wait(&c->changed, &c->lock);
		else
			pthread_cond_timedwait(&c->changed, &c->lock, &at);
	}
}

static void *
work(void *arg)
{
	struct courier *c = arg;
	int64_t next_us = COURIER_NEVER;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		bool last;

		sleep_until(c, next_us);
		last = c->ending;
		c->woken = false;
		pthread_mutex_unlock(&c->lock);
		next_us = c->job.run(c->job.arg, c->cancel_fd, last);
		pthread_mutex_lock(&c->lock);
		if (last)
			break;
	}
	c->job.free(c->job.arg);
	/* What the library keeps for this thread: nobody waits for its end. */
	OPENSSL_thread_stop();
	c->done = true;
	pthread_cond_broadcast(&c->changed);
	let_go(c);
	return NULL;
}

static bool
start(struct courier *c)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int code;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&thread, &attr, work, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return code == 0;
}

struct courier *
courier_new(const struct courier_job *job, struct error *err)
{
	struct courier *c = xcalloc(1, sizeof(*c));
	pthread_condattr_t attr;

	c->job = *job;
	c->holders = 2;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
	c->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->cancel_fd >= 0 && start(c))
		return c;
	error_set(err, 0, "no thread for telemetry can be started");
	if (c->cancel_fd >= 0)
		close(c->cancel_fd);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
	return NULL;
}

void
courier_wake(struct courier *c)
{
	pthread_mutex_lock(&c->lock);
	c->woken = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

/* With the lock held. */
static void
await_done(struct courier *c, int64_t wait_us)
{
	int64_t until_us = clock_now(&clock_real) + wait_us;
	struct timespec at = timespec_of(until_us);

	while (!c->done && clock_now(&clock_real) < until_us)
		pthread_cond_timedwait(&c->changed, &c->lock, &at);
}

void
courier_end(struct courier *c, int64_t wait_us)
{
	const uint64_t one = 1;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->ending = true;
	pthread_cond_broadcast(&c->changed);
	if (wait_us > 0) {
		await_done(c, wait_us);
		if (!c->done && write(c->cancel_fd, &one, sizeof(one)) > 0)
			await_done(c, wait_us);
	}
	let_go(c);
}
