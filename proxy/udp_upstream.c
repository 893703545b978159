/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of a session towards its server, connected, so that ICMP errors
 * reach it. Where a route leads is looked up again now and then, and when
 * nobody listens there: a name may have moved.
 *
 *	ensure ─► addresses ─► in use? keep it : connect ─► resume
 *	             ▲                                       │ refused
 *	             └───────────── next datagram ◄──────────┘ */
#include "proxy/udp.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proxy/dial.h"
#include "proxy/resolve.h"

#define LOOK_EVERY_US (30 * 1000000LL)
/* Batches that one session may read before others get their turn. */
#define BATCHES 4

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct udp_session *s = arg;
	struct worker *w = s->session.worker;
	struct udp_batch *batch = w->udp->batch;
	struct udp_gather gather = {0};

	(void)what;
	for (int i = 0; i < BATCHES && s->state == UDP_RELAY; i++) {
		uint32_t lost = 0;
		int n = udp_batch_receive(batch, fd, worker_now(w), &lost);

		if (n < 0) {
			udp_upstream_refused(s, -n);
			continue;
		}
		if (n > 0) {
			s->refused = false;
			s->untried = 0;
		}
		for (int k = 0; k < n; k++) {
			struct udp_datagram d;

			udp_batch_get(batch, (unsigned)k, &d);
			udp_relay_datagram(&gather, s, LINK_DOWN, &d);
		}
		udp_relay_flush(&gather);
		if (n < UDP_BATCH)
			break;
	}
	worker_run_due(w);
}

static void
drop_socket(struct udp_session *s)
{
	if (s->fd < 0)
		return;
	event_del(&s->ev);
	close(s->fd);
	s->fd = -1;
	s->stamped = false;
}

/* Sources of datagrams can be made up: they must not take the descriptors of
 * everybody else. The last eighth is not for them. */
static bool
is_reserved(int fd)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	       (rlim_t)fd >= limit.rlim_cur - limit.rlim_cur / 8;
}

/* Connects to one address: 0, or errno. */
static int
connect_to(struct udp_session *s, const struct resolve_address *a)
{
	int fd = socket(a->addr.ss_family,
			SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	if (is_reserved(fd)) {
		close(fd);
		return EMFILE;
	}
	if (connect(fd, (const struct sockaddr *)&a->addr, a->len) < 0) {
		error = errno;
		close(fd);
		return error;
	}
	udp_tune_upstream(fd);
	drop_socket(s);
	s->fd = fd;
	memcpy(&s->to, &a->addr, MIN(a->len, sizeof(s->to)));
	event_assign(&s->ev, s->session.worker->base, fd, EV_READ | EV_PERSIST,
		     on_ready, s);
	if (event_add(&s->ev, NULL) == 0)
		return 0;
	drop_socket(s);
	return ENOMEM;
}

static void
tell(struct udp_session *s, enum dial_result result)
{
	struct udp_flow *f = TAILQ_FIRST(&s->flows);

	dial_count(s->counts, result,
		   worker_now(s->session.worker) - s->dialed_us);
	if (f != NULL)
		dial_tell(&f->flow, result, s->dialed_us);
}

/* Where the address in use stands in the list; its end if it does not. */
static size_t
place_of(const struct udp_session *s, const struct resolve_list *list)
{
	size_t i = 0;

	while (i < list->count &&
	       memcmp(&list->at[i].addr, &s->to, list->at[i].len) != 0)
		i++;
	return i;
}

/* Connects to the first address behind `place` that can be reached. */
static bool
connect_behind(struct udp_session *s, const struct resolve_list *list,
	       size_t place)
{
	for (size_t i = 1; i <= list->count; i++) {
		if (connect_to(s, &list->at[(place + i) % list->count]) == 0)
			return true;
	}
	return false;
}

/* The first socket, another one, or the one that is there already. */
static void
use_list(struct udp_session *s, const struct resolve_list *list)
{
	size_t place = s->fd >= 0 ? place_of(s, list) : list->count;
	bool had_none = s->fd < 0;

	s->look_us = worker_now(s->session.worker) + LOOK_EVERY_US;
	if (place < list->count && (!s->refused || list->count == 1))
		return;
	if (place == list->count)
		place = list->count - 1;
	if (!connect_behind(s, list, place)) {
		tell(s, DIAL_UNREACHABLE);
		if (had_none)
			udp_session_close(s, CLOSE_DIAL_FAILED);
		return;
	}
	s->untried = (uint8_t)(list->count - 1);
	s->refused = false;
	tell(s, DIAL_OK);
	s->state = UDP_RELAY;
	if (had_none)
		udp_relay_resume(s);
}

static void
look_failed(struct udp_session *s)
{
	tell(s, DIAL_DNS);
	s->look_us = worker_now(s->session.worker) + LOOK_EVERY_US;
	if (s->fd < 0)
		udp_session_close(s, CLOSE_DIAL_FAILED);
}

static void
stop_looking(struct udp_session *s)
{
	resolve_cancel(s->resolve);
	s->resolve = NULL;
	deadline_disarm(&s->session.worker->engine.deadlines, &s->dial);
}

static void
on_resolved(void *arg, int error, const struct resolve_list *list)
{
	struct udp_session *s = arg;

	s->resolve = NULL;
	deadline_disarm(&s->session.worker->engine.deadlines, &s->dial);
	if (error != 0)
		look_failed(s);
	else
		use_list(s, list);
}

static void
on_late(struct deadline *d, int64_t now_us)
{
	struct udp_session *s = CONTAINER_OF(d, struct udp_session, dial);

	(void)now_us;
	stop_looking(s);
	look_failed(s);
}

void
udp_upstream_ensure(struct udp_session *s)
{
	struct worker *w = s->session.worker;
	const struct conf_route *conf = s->route->conf;
	struct resolve_query query = {
	    .name = conf->upstream.host,
	    .port = conf->upstream.port,
	    .mailbox = &w->mailbox,
	    .done = on_resolved,
	    .arg = s,
	};
	struct resolve_list list;
	int error;

	if (s->resolve != NULL)
		return;
	if (s->state == UDP_OPENING)
		s->state = UDP_DIALING;
	s->dialed_us = worker_now(w);
	if (!resolve_cached(w->resolver, query.name, query.port, &list,
			    &error)) {
		s->resolve = resolve_start(w->resolver, &query);
		s->dial.on_due = on_late;
		worker_arm(w, &s->dial,
			   s->dialed_us + conf->connect_timeout_us);
	} else if (error != 0) {
		look_failed(s);
	} else {
		use_list(s, &list);
	}
}

void
udp_upstream_refused(struct udp_session *s, int error)
{
	if (s->state != UDP_RELAY)
		return;
	s->look_us = 0;
	if (s->refused)
		return;
	s->refused = true;
	s->dialed_us = worker_now(s->session.worker);
	tell(s, error == ECONNREFUSED ? DIAL_REFUSED : DIAL_UNREACHABLE);
	if (s->route != NULL)
		resolve_forget(s->session.worker->resolver,
			       s->route->conf->upstream.host);
}

/* What ICMP had to say of what was sent last. */
static bool
was_unheard(const struct udp_session *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
	       error != 0;
}

/* Where the route leads, as far as known without waiting; nowhere once it is
 * gone. */
static bool
known_list(const struct udp_session *s, struct resolve_list *to)
{
	const struct conf_address *upstream;
	int error;

	if (s->route == NULL)
		return false;
	upstream = &s->route->conf->upstream;
	return resolve_cached(s->session.worker->resolver, upstream->host,
			      upstream->port, to, &error) &&
	       error == 0;
}

bool
udp_upstream_try_next(struct udp_session *s)
{
	struct resolve_list list;
	size_t place;

	if (!was_unheard(s) || !known_list(s, &list)) {
		s->untried = 0;
		return false;
	}
	s->untried--;
	place = place_of(s, &list);
	return place < list.count && connect_behind(s, &list, place);
}

void
udp_upstream_silence(struct udp_session *s)
{
	stop_looking(s);
	if (s->fd >= 0)
		event_del(&s->ev);
}

void
udp_upstream_close(struct udp_session *s)
{
	stop_looking(s);
	drop_socket(s);
}
