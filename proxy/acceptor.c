/* SPDX-License-Identifier: Apache-2.0 */
/* Listening and dealing out. */
#include "proxy/acceptor.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/listener.h"

/* How long accepting rests when descriptors have run out. */
#define STARVED_MS 100

struct acceptor {
	struct worker **workers; /* borrowed */
	size_t workers_count;
	struct event_base *base; /* borrowed from the only worker, or owned */
	bool own_base, started, stopping;
	pthread_t thread;
	struct mailbox mailbox;
	struct event mailbox_ev, change_ev, rest_ev;
	struct listener_list listeners;
	struct plan *plan; /* counted */
	uint64_t accepted; /* so far */
	bool resting;
	int64_t warned_us;
};

struct mail_apply {
	struct mail mail;
	struct plan *plan; /* NULL: close everything */
	struct opened_listener *opened;
	size_t opened_count;
	void (*done)(void *arg);
	void *arg;
};

/* --- faults at the port --- */

static enum listener_effect
effect_of(const struct listener *l, int64_t now_us, int64_t *next_us)
{
	if (l->plan->routes_count > 1)
		return LISTENER_OPEN;
	return condition_listener(l->plan->routes[0], now_us, next_us);
}

static void
update_all(struct acceptor *a)
{
	int64_t now_us = clock_now(&clock_real), next = DEADLINE_NEVER;
	struct listener *l;

	TAILQ_FOREACH (l, &a->listeners, entry)
		listener_update(l, effect_of(l, now_us, &next), a->resting);
	event_del(&a->change_ev);
	if (next != DEADLINE_NEVER) {
		struct timeval wait;

		next = MAX(next - now_us, 1);
		wait.tv_sec = next / 1000000;
		wait.tv_usec = next % 1000000;
		event_add(&a->change_ev, &wait);
	}
}

static void
on_change(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	update_all(arg);
}

/* --- accepting --- */

static void
on_accept(struct listener *l, int fd, const struct sockaddr_storage *peer)
{
	struct acceptor *a = l->owner;
	const struct plan_listener *plan = l->plan;
	struct accepted accepted = {
	    .fd = fd,
	    .listener = l->opened.id,
	    .session =
		atomic_fetch_add(&a->workers[0]->shared->session_numbers,
		    1) + 1,
	    .flow = UINT64_MAX,
	    .port = l->opened.port,
	    .peer = *peer,
	};
	struct route_shared *shared = plan->routes[0]->shared;

	a->accepted++;
	if (plan->routes_count == 1)
		accepted.flow = atomic_fetch_add(
		    conf_protocol_has_exchanges(plan->protocol)
			? &shared->next_connection
			: &shared->next_flow,
		    1);
	if (!a->own_base)
		worker_take(a->workers[0], &accepted);
	else
		worker_post_accepted(
		    a->workers[a->accepted % a->workers_count], &accepted);
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *a = arg;

	(void)fd;
	(void)what;
	a->resting = false;
	update_all(a);
}

/* Out of descriptors: clients wait in the queue while accepting rests. */
static void
on_starved(struct listener *l)
{
	struct acceptor *a = l->owner;
	struct timeval rest = {.tv_usec = STARVED_MS * 1000};
	int64_t now_us = clock_now(&clock_real);

	if (now_us - a->warned_us > 1000000) {
		log_line(LOG_WARN, "accept_paused",
		    "the system is short of something: accepting rests",
		    LOG_STR("listener", l->opened.address),
		    LOG_STR("error", strerror(errno)), LOG_END);
		a->warned_us = now_us;
	}
	a->resting = true;
	event_add(&a->rest_ev, &rest);
	update_all(a);
}

/* --- plans --- */

static void
add_listener(struct acceptor *a, const struct opened_listener *opened)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->opened = *opened;
	l->base = a->base;
	l->effect = LISTENER_OPEN;
	l->on_accept = on_accept;
	l->on_starved = on_starved;
	l->owner = a;
	TAILQ_INSERT_TAIL(&a->listeners, l, entry);
}

static void
remove_listener(struct acceptor *a, struct listener *l)
{
	TAILQ_REMOVE(&a->listeners, l, entry);
	listener_close(l);
	free(l);
}

static void
bind_plan(struct acceptor *a, struct plan *plan)
{
	struct listener *l, *next;

	for (l = TAILQ_FIRST(&a->listeners); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		l->plan = plan != NULL ? plan_listener(plan, l->opened.id)
				       : NULL;
		if (l->plan == NULL)
			remove_listener(a, l);
		else
			listener_reconcile(l);
	}
	plan_unref(a->plan);
	a->plan = plan;
	update_all(a);
}

static void
deliver_apply(struct mail *mail, void *arg)
{
	struct mail_apply *m = CONTAINER_OF(mail, struct mail_apply, mail);
	struct acceptor *a = arg;

	for (size_t i = 0; i < m->opened_count; i++) {
		if (!m->opened[i].is_datagram)
			add_listener(a, &m->opened[i]);
	}
	bind_plan(a, m->plan);
	if (m->done != NULL)
		m->done(m->arg);
	free(m->opened);
	free(m);
}

/* On a worker's loop, mail is to overtake that worker's sockets. */
static void
post(struct acceptor *a, struct mail *mail)
{
	if (!a->own_base)
		worker_hurry(a->workers[0]);
	mailbox_post(&a->mailbox, mail);
}

void
acceptor_post_plan(struct acceptor *a, struct plan *plan,
    const struct opened_listener *opened, size_t opened_count,
    void (*done)(void *), void *arg)
{
	struct mail_apply *m = xcalloc(1, sizeof(*m));

	m->mail.deliver = deliver_apply;
	m->plan = plan_ref(plan);
	m->opened = xcalloc(opened_count, sizeof(*opened));
	m->opened_count = opened_count;
	if (opened_count > 0)
		memcpy(m->opened, opened, opened_count * sizeof(*opened));
	m->done = done;
	m->arg = arg;
	post(a, &m->mail);
}

void
acceptor_post_close(struct acceptor *a, void (*done)(void *), void *arg)
{
	struct mail_apply *m = xcalloc(1, sizeof(*m));

	m->mail.deliver = deliver_apply;
	m->done = done;
	m->arg = arg;
	post(a, &m->mail);
}

/* --- life --- */

static void
on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *a = arg;

	(void)fd;
	(void)what;
	if (!a->own_base)
		atomic_store(&a->workers[0]->ordered, false);
	mailbox_run(&a->mailbox, a);
}

static struct event_base *
make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
	    EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

struct acceptor *
acceptor_new(struct worker **workers, size_t count, struct error *err)
{
	struct acceptor *a = xcalloc(1, sizeof(*a));

	if (!mailbox_init(&a->mailbox, err)) {
		free(a);
		return NULL;
	}
	TAILQ_INIT(&a->listeners);
	a->workers = workers;
	a->workers_count = count;
	a->own_base = count > 1;
	a->base = a->own_base ? make_base() : workers[0]->base;
	if (a->base == NULL) {
		error_set(err, errno, "no event loop: %s", strerror(errno));
		mailbox_fini(&a->mailbox);
		free(a);
		return NULL;
	}
	event_assign(&a->mailbox_ev, a->base, mailbox_fd(&a->mailbox),
	    EV_READ | EV_PERSIST, on_mail, a);
	event_priority_set(&a->mailbox_ev, 0);
	event_add(&a->mailbox_ev, NULL);
	event_assign(&a->change_ev, a->base, -1, 0, on_change, a);
	event_assign(&a->rest_ev, a->base, -1, 0, on_rested, a);
	return a;
}

static void *
run(void *arg)
{
	struct acceptor *a = arg;

	while (!a->stopping)
		event_base_loop(a->base, EVLOOP_ONCE);
	return NULL;
}

void
acceptor_start(struct acceptor *a)
{
	sigset_t all, before;

	if (!a->own_base)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&a->thread, NULL, run, a) != 0)
		abort();
	a->started = true;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void
deliver_stop(struct mail *mail, void *arg)
{
	struct acceptor *a = arg;

	free(mail);
	a->stopping = true;
}

void
acceptor_free(struct acceptor *a)
{
	struct listener *l;

	if (a == NULL)
		return;
	if (a->started) {
		struct mail *mail = xcalloc(1, sizeof(*mail));

		mail->deliver = deliver_stop;
		mailbox_post(&a->mailbox, mail);
		pthread_join(a->thread, NULL);
	}
	mailbox_run(&a->mailbox, a);
	while ((l = TAILQ_FIRST(&a->listeners)) != NULL)
		remove_listener(a, l);
	event_del(&a->mailbox_ev);
	event_del(&a->change_ev);
	event_del(&a->rest_ev);
	plan_unref(a->plan);
	mailbox_fini(&a->mailbox);
	if (a->own_base)
		event_base_free(a->base);
	free(a);
}
