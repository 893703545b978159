/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: dialling, their states, and how they end.
 *
 * A connection that its server closes while it idles is nobody's failure. One
 * that is closed just as a request goes out is none either, if the request
 * cannot have arrived: the peer closed in order, said nothing, and its host
 * acknowledged not one byte. Only then the request is sent again. A reset is
 * always a failure: whether the request was read first is not to be told. */
#include "load/conn.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "load/conn_io.h"
#include "load/pool.h"

#define READS_MAX 16 /* a turn, so that others come in between */
#define LEAVE_US  1000000

static void on_io(evutil_socket_t fd, short what, void *arg);

/* --- lists and events --- */

static bool
has_room(const struct load_conn *c)
{
	return c->state <= LOAD_CONN_READY && c->keep && !c->pool->fresh &&
	       c->count < c->limit;
}

static void
unlist(struct load_conn *c)
{
	if (c->listed)
		TAILQ_REMOVE(&c->pool->roomy, c, entry);
	else
		TAILQ_REMOVE(&c->pool->full, c, entry);
}

static void
relist(struct load_conn *c)
{
	unlist(c);
	c->listed = has_room(c);
	if (c->listed)
		TAILQ_INSERT_HEAD(&c->pool->roomy, c, entry);
	else
		TAILQ_INSERT_HEAD(&c->pool->full, c, entry);
}

/* What the state waits for. */
static void
watch(struct load_conn *c)
{
	short want = EV_PERSIST;

	if (c->state == LOAD_CONN_CLOSED)
		return;
	if (c->state != LOAD_CONN_DIALLING)
		want |= EV_READ;
	if (c->state == LOAD_CONN_DIALLING || c->want_write ||
	    (c->state != LOAD_CONN_SECURING && c->out_at < c->out.len &&
	     c->write_error == 0))
		want |= EV_WRITE;
	if (want == c->watched)
		return;
	if (c->watched != 0)
		event_del(&c->event);
	c->watched = want;
	event_assign(&c->event, c->pool->timer->base, c->fd, want, on_io, c);
	event_add(&c->event, NULL);
}

void
load_conn_close(struct load_conn *c)
{
	if (c->state == LOAD_CONN_CLOSED)
		return;
	load_io_close(c);
	deadline_disarm(&c->pool->timer->heap, &c->leaving);
	unlist(c);
	c->listed = false;
	c->state = LOAD_CONN_CLOSED;
	TAILQ_INSERT_TAIL(&c->pool->closed, c, entry);
}

/* --- how it ends --- */

/* Its only request cannot have arrived; see above. */
static bool
is_unread(const struct load_conn *c)
{
	const struct load_exchange *x = TAILQ_FIRST(&c->exchanges);
	size_t waits = c->out.len - c->out_at;

	return c->served > 0 && c->count == 1 && x->sent &&
	       x->sample.first_us == 0 &&
	       waits + load_io_unacknowledged(c) >= c->sent_bytes;
}

/* Keeps why requests broke: the last reason, for people. */
static void
note(struct load_conn *c, const char *why)
{
	snprintf(c->pool->tally->why, sizeof(c->pool->tally->why), "%s", why);
}

/* The connection is over. clean: the peer closed it in order. */
static void
fail(struct load_conn *c, bool clean, const char *why)
{
	bool again = clean && is_unread(c);
	struct load_exchange *x;

	if (c->count > 0 && !again)
		note(c, why);
	load_conn_close(c);
	while ((x = TAILQ_FIRST(&c->exchanges)) != NULL) {
		if (again)
			load_exchange_again(x);
		else
			load_exchange_end(x, SAMPLE_BROKEN);
	}
}

static void
on_left(struct deadline *d, int64_t now_us)
{
	load_conn_close(CONTAINER_OF(d, struct load_conn, leaving));
}

/* It has served, and serves no more. */
static void
leave(struct load_conn *c)
{
	bool waits = c->state == LOAD_CONN_READY && c->served > 0 &&
		     c->pool->protocol->leave != NULL &&
		     c->pool->protocol->leave(c);

	if (!waits) {
		load_conn_close(c);
		return;
	}
	c->state = LOAD_CONN_LEAVING;
	c->leaving.on_due = on_left;
	deadline_arm(&c->pool->timer->heap, &c->leaving,
		     load_timer_now(c->pool->timer) + LEAVE_US);
	load_io_flush(c);
	watch(c);
}

void
load_conn_free(struct load_conn *c)
{
	if (c->pool->protocol->close != NULL)
		c->pool->protocol->close(c);
	free(c->protocol_state);
	str_fini(&c->out);
	free(c);
}

/* --- dialling --- */

/* Is it we who lack something? */
static bool
is_want(int code)
{
	static const int wants[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM,
				    EADDRNOTAVAIL};

	for (size_t i = 0; i < COUNT_OF(wants); i++) {
		if (code == wants[i])
			return true;
	}
	return false;
}

struct load_conn *
load_conn_new(struct load_pool *pool)
{
	struct load_conn *c = xcalloc(1, sizeof(*c));
	int code;

	c->pool = pool;
	c->keep = true;
	c->fd = -1;
	c->limit = pool->protocol->streams;
	c->protocol_state = xcalloc(1, pool->protocol->conn_size);
	TAILQ_INIT(&c->exchanges);
	TAILQ_INSERT_HEAD(&pool->full, c, entry);
	code = load_io_dial(c);
	if (code == 0) {
		watch(c);
	} else {
		note(c, strerror(code));
		load_conn_close(c);
	}
	if (is_want(code))
		return NULL;
	return c;
}

static void
greet(struct load_conn *c)
{
	c->state = LOAD_CONN_GREETING;
	c->pool->tally->opened++;
	if (c->pool->protocol->open != NULL)
		c->pool->protocol->open(c);
	else
		load_conn_ready(c);
	if (c->state != LOAD_CONN_CLOSED)
		load_io_flush(c);
}

static void
secure(struct load_conn *c)
{
	int done = load_io_handshake(c);

	if (done < 0)
		fail(c, false, load_io_tls_error(c));
	else if (done > 0)
		greet(c);
}

static void
on_dialled(struct load_conn *c)
{
	struct load_endpoint *e = c->pool->endpoint;
	int code = load_io_dialled(c);

	if (code != 0) {
		load_io_close(c);
		if (c->tries >= e->count || load_io_dial(c) != 0)
			fail(c, false, strerror(code));
		return;
	}
	e->good = (e->good + c->tries - 1) % e->count;
	c->tries = 1;
	if (e->tls == NULL) {
		greet(c);
		return;
	}
	c->state = LOAD_CONN_SECURING;
	str_add_bytes(&c->out, c->pool->protocol->ask.at,
		      c->pool->protocol->ask.len);
	secure(c);
}

/* --- talking --- */

static void
hear(struct load_conn *c, size_t len)
{
	struct view data = {c->pool->buffer, len};

	c->heard_us = load_timer_now(c->pool->timer);
	if (c->state == LOAD_CONN_LEAVING)
		return;
	if (!c->pool->protocol->data(c, data) && c->state != LOAD_CONN_CLOSED)
		fail(c, false, "the answer cannot be read");
}

static void
hear_end(struct load_conn *c)
{
	if (c->state != LOAD_CONN_LEAVING && c->pool->protocol->eof != NULL)
		c->pool->protocol->eof(c);
	if (c->state != LOAD_CONN_CLOSED)
		fail(c, true, "closed before the answer was whole");
}

static void
read_all(struct load_conn *c)
{
	for (int i = 0; i < READS_MAX && c->state != LOAD_CONN_CLOSED; i++) {
		ssize_t n = load_io_read(c, c->pool->buffer, LOAD_READ_SIZE);

		if (n == LOAD_IO_AGAIN)
			return;
		if (n > 0)
			hear(c, (size_t)n);
		else if (n == 0)
			hear_end(c);
		else
			fail(c, false,
			     c->ssl != NULL ? load_io_tls_error(c)
					    : strerror(errno));
	}
}

/* What the peer still had to say was read first. */
static void
talk(struct load_conn *c)
{
	c->want_write = false;
	read_all(c);
	if (c->state == LOAD_CONN_CLOSED || load_io_flush(c))
		return;
	if (c->write_error == EPIPE)
		hear_end(c);
	else
		fail(c, false, strerror(c->write_error));
}

static void
on_io(evutil_socket_t fd, short what, void *arg)
{
	struct load_conn *c = arg;
	struct load_timer *timer = c->pool->timer;

	switch (c->state) {
	case LOAD_CONN_DIALLING:
		on_dialled(c);
		break;
	case LOAD_CONN_SECURING:
		secure(c);
		break;
	case LOAD_CONN_GREETING:
	case LOAD_CONN_READY:
	case LOAD_CONN_LEAVING:
		talk(c);
		break;
	case LOAD_CONN_CLOSED:
		break;
	}
	watch(c);
	timer->settle(timer->arg);
}

bool
load_conn_check(struct load_conn *c)
{
	read_all(c);
	return has_room(c) && c->state == LOAD_CONN_READY;
}

/* --- exchanges --- */

void
load_conn_flush(struct load_conn *c)
{
	if (c->state == LOAD_CONN_CLOSED)
		return;
	/* An error is met when the socket is read. */
	if (!load_io_flush(c))
		event_active(&c->event, EV_READ, 1);
	watch(c);
}

static void
send_request(struct load_conn *c, struct load_exchange *x)
{
	size_t before = c->out.len;

	x->sent = true;
	c->pool->protocol->send(c, x);
	if (c->state != LOAD_CONN_READY)
		return;
	c->sent_bytes = c->out.len - before;
	load_conn_flush(c);
}

void
load_conn_ready(struct load_conn *c)
{
	struct load_exchange *x, *next;

	c->state = LOAD_CONN_READY;
	for (x = TAILQ_FIRST(&c->exchanges);
	     x != NULL && c->state == LOAD_CONN_READY; x = next) {
		next = TAILQ_NEXT(x, entry);
		if (!x->sent)
			send_request(c, x);
	}
}

void
load_conn_add(struct load_conn *c, struct load_exchange *x)
{
	x->conn = c;
	x->sent = false;
	x->tag = -1;
	TAILQ_INSERT_TAIL(&c->exchanges, x, entry);
	c->count++;
	if (c->state == LOAD_CONN_CLOSED) {
		load_exchange_end(x, SAMPLE_BROKEN);
		return;
	}
	relist(c);
	if (c->state == LOAD_CONN_READY)
		send_request(c, x);
}

void
load_conn_remove(struct load_conn *c, struct load_exchange *x, bool answered)
{
	TAILQ_REMOVE(&c->exchanges, x, entry);
	x->conn = NULL;
	c->count--;
	c->served += answered;
	if (c->state == LOAD_CONN_CLOSED)
		return;
	if (c->count == 0 && (!c->keep || c->pool->fresh))
		leave(c);
	else
		relist(c);
}

void
load_conn_retire(struct load_conn *c)
{
	c->keep = false;
	if (c->state == LOAD_CONN_CLOSED || c->state == LOAD_CONN_LEAVING)
		return;
	if (c->count == 0)
		leave(c);
	else
		relist(c);
}

void
load_conn_limit(struct load_conn *c, size_t streams)
{
	c->limit = streams;
	if (c->state <= LOAD_CONN_READY)
		relist(c);
}
