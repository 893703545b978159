/* SPDX-License-Identifier: Apache-2.0 */
/* One socket of a session and its one event.
 *
 * While its owner reads, a reset shows up in the read. While nobody reads or
 * writes, the event waits edge-triggered for what can still happen: that way
 * a vanished peer is noticed without a level-triggered event spinning on
 * input that nobody wants. */
#include "proxy/end.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stdalign.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proxy/kernel.h"
#include "proxy/send_batch.h"
#include "proxy/tls.h"
#include "proxy/worker.h"

#define WATCH (EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST)
/* The most unread input that a polite close reads away. */
#define DRAIN_MAX (256 * 1024)
/* A stamp older than this is a wall clock that was set. */
#define STAMP_MAX_AGE_US 1000000

void
end_init(struct end *e, struct worker *worker,
    void (*on_event)(struct end *, unsigned what))
{
	*e = (struct end){.worker = worker, .on_event = on_event, .fd = -1};
}

static int
pending_error(const struct end *e)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static void
tell(struct end *e, unsigned what)
{
	if (e->tls != NULL)
		tls_ready(e->tls, what);
	else
		e->on_event(e, what);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct end *e = arg;
	struct worker *w = e->worker;
	unsigned seen = 0;

	(void)fd;
	if (what & EV_TIMEOUT || e->armed & EV_ET) {
		int error = what & EV_TIMEOUT ? ENOMEM : pending_error(e);

		if (error == 0)
			return;
		e->error = (uint8_t)error;
		e->gone_seen = true;
		end_arm(e, false, false);
		tell(e, END_GONE);
		return;
	}
	if (what & EV_CLOSED)
		e->fin_near = true;
	if (what & EV_READ)
		seen |= END_READABLE;
	if (what & EV_WRITE)
		seen |= END_WRITABLE;
	tell(e, seen);
	worker_run_due(w);
}

void
end_attach(struct end *e, int fd, bool is_unix)
{
	e->fd = fd;
	e->is_unix = is_unix;
	e->posted = false;
}

static void
rearm(struct end *e, short want)
{
	if (e->armed == want)
		return;
	if (e->armed != 0)
		event_del(&e->ev);
	e->armed = (uint8_t)want;
	if (want == 0)
		return;
	event_assign(&e->ev, e->worker->base, e->fd, want, on_ready, e);
	/* Without room in the kernel nothing would ever be told of it: it is as
	 * good as gone, and its owner hears that. */
	if (UNLIKELY(event_add(&e->ev, NULL) < 0))
		event_active(&e->ev, EV_TIMEOUT, 0);
}

int
end_detach(struct end *e)
{
	int fd = e->fd;

	rearm(e, 0);
	e->fd = -1;
	return fd;
}

void
end_arm(struct end *e, bool read, bool write)
{
	short want = 0;

	if (e->fd < 0)
		return;
	if (read)
		want |= EV_READ | EV_CLOSED | EV_PERSIST;
	if (write)
		want |= EV_WRITE | EV_PERSIST;
	if (want == 0 && !e->gone_seen)
		want = WATCH;
	rearm(e, want);
}

void
end_want(struct end *e, bool read, bool write)
{
	if (UNLIKELY(e->tls != NULL))
		tls_want(e->tls, read, write);
	else
		end_arm(e, read, write);
}

/* A lack of memory passes, and the socket is as good as it was. */
ssize_t
end_failed(struct end *e)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
	    errno == ENOBUFS || errno == ENOMEM)
		return END_AGAIN;
	/* After an error was fetched the socket only says EPIPE. */
	if (!e->gone_seen)
		e->error = (uint8_t)errno;
	return END_FAILED;
}

/* What a read gave that brought no bytes. */
static ssize_t
no_bytes(struct end *e, ssize_t n)
{
	if (n < 0)
		return end_failed(e);
	if (e->gone_seen)
		return END_FAILED;
	e->fin_seen = true;
	return END_CLOSED;
}

ssize_t
end_raw_read(struct end *e, void *to, size_t len)
{
	ssize_t n = recv(e->fd, to, len, 0);

	return n > 0 ? n : no_bytes(e, n);
}

ssize_t
end_read(struct end *e, void *to, size_t len)
{
	if (UNLIKELY(e->tls != NULL))
		return tls_read(e->tls, to, len);
	return end_raw_read(e, to, len);
}

bool
end_finish(struct end *e)
{
	char byte;

	if (LIKELY(!e->fin_near) || e->tls != NULL || e->gone_seen ||
	    recv(e->fd, &byte, 1, MSG_PEEK) != 0)
		return false;
	e->fin_seen = true;
	return true;
}

/* The stamp among the control messages, as monotonic time. The kernel stamps
 * by the wall clock, which may have been set since. */
int64_t
end_arrival(struct msghdr *msg, int64_t now_us)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c)) {
		struct timespec ts;
		int64_t age_us;

		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		age_us = clock_wall_us() -
		    ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
		if (age_us >= 0 && age_us < STAMP_MAX_AGE_US)
			return now_us - age_us;
	}
	return now_us;
}

static ssize_t
read_stamped(struct end *e, void *to, size_t len, int64_t *arrived_us)
{
	alignas(struct cmsghdr) char control[64];
	struct iovec iov = {.iov_base = to, .iov_len = len};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control),
	};
	int on = 1;
	ssize_t n = recvmsg(e->fd, &msg, 0);

	*arrived_us = worker_now(e->worker);
	if (n <= 0)
		return no_bytes(e, n);
	if (e->stamped)
		*arrived_us = end_arrival(&msg, *arrived_us);
	else if (!e->is_unix)
		e->stamped = setsockopt(e->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on,
		    sizeof(on)) == 0;
	return n;
}

ssize_t
end_raw_read_arrived(struct end *e, void *to, size_t len, bool exact,
    int64_t *arrived_us)
{
	ssize_t n;

	if (exact)
		return read_stamped(e, to, len, arrived_us);
	n = end_raw_read(e, to, len);
	*arrived_us = worker_now(e->worker);
	return n;
}

ssize_t
end_read_arrived(struct end *e, void *to, size_t len, bool exact,
    int64_t *arrived_us)
{
	ssize_t n;

	if (LIKELY(e->tls == NULL))
		return end_raw_read_arrived(e, to, len, exact, arrived_us);
	n = tls_read(e->tls, to, len);
	*arrived_us = worker_now(e->worker);
	return n;
}

void
end_post(struct end *e, const struct bytes *q)
{
	struct iovec iov;

	if (e->tls == NULL && e->fd >= 0 && bytes_iov(q, &iov, 1, SIZE_MAX) > 0)
		e->posted = send_batch_add(e->worker->batch, e->fd,
		    iov.iov_base, iov.iov_len, &e->post_result);
}

static ssize_t
take_posted(struct end *e)
{
	e->posted = false;
	if (e->post_result >= 0)
		return e->post_result;
	errno = (int)-e->post_result;
	return end_failed(e);
}

ssize_t
end_raw_write(struct end *e, const void *from, size_t len)
{
	ssize_t n;

	if (e->posted)
		return take_posted(e);
	n = send(e->fd, from, len, MSG_NOSIGNAL);
	return n >= 0 ? n : end_failed(e);
}

ssize_t
end_write(struct end *e, const void *from, size_t len)
{
	if (UNLIKELY(e->tls != NULL))
		return tls_write(e->tls, from, len);
	return end_raw_write(e, from, len);
}

ssize_t
end_write_last(struct end *e, const void *from, size_t len)
{
	ssize_t n;

	if (e->tls != NULL)
		return tls_write(e->tls, from, len);
	assert(!e->posted);
	n = send(e->fd, from, len, MSG_NOSIGNAL | MSG_MORE);
	return n >= 0 ? n : end_failed(e);
}

ssize_t
end_write_bytes(struct end *e, const struct bytes *q, size_t limit)
{
	if (UNLIKELY(e->tls != NULL))
		return tls_write_bytes(e->tls, q, limit);
	return end_raw_write_bytes(e, q, limit);
}

ssize_t
end_raw_write_bytes(struct end *e, const struct bytes *q, size_t limit)
{
	struct iovec iov[64];
	struct msghdr msg = {.msg_iov = iov};
	ssize_t n;

	if (e->posted)
		return take_posted(e);
	msg.msg_iovlen = (size_t)bytes_iov(q, iov, 64, limit);
	if (msg.msg_iovlen == 1)
		return end_raw_write(e, iov[0].iov_base, iov[0].iov_len);
	n = sendmsg(e->fd, &msg, MSG_NOSIGNAL);
	return n >= 0 ? n : end_failed(e);
}

void
end_raw_shutdown(struct end *e)
{
	if (e->fd >= 0)
		shutdown(e->fd, SHUT_WR);
}

void
end_shutdown(struct end *e)
{
	if (e->fd < 0 || e->fin_sent)
		return;
	e->fin_sent = true;
	if (e->tls != NULL)
		tls_shutdown(e->tls);
	else
		end_raw_shutdown(e);
}

bool
end_set_deaf(struct end *e, bool on)
{
	if (e->fd < 0 || e->is_unix || e->silent ||
	    !kernel_discard(e->fd, on))
		return false;
	e->deaf = on;
	return true;
}

void
end_silence(struct end *e)
{
	end_set_deaf(e, true);
	e->silent = true;
}

bool
end_lose(struct end *e, double probability)
{
	if (e->is_unix)
		return false;
	return e->fd < 0 ? kernel_can_lose() : kernel_lose(e->fd, probability);
}

uint32_t
end_dropped(const struct end *e)
{
	return e->fd < 0 || e->is_unix ? 0 : kernel_dropped(e->fd);
}

bool
end_vanish(struct end *a, struct end *b)
{
	if (!kernel_forget(a->fd, true))
		return false;
	if (b != NULL && b->fd >= 0 && !kernel_forget(b->fd, true)) {
		kernel_forget(a->fd, false);
		return false;
	}
	end_reset(a);
	if (b != NULL)
		end_reset(b);
	return true;
}

size_t
end_unacked(const struct end *e)
{
	size_t held = e->tls != NULL ? tls_held(e->tls) : 0;
	int n = 0;

	if (e->fd < 0 || ioctl(e->fd, SIOCOUTQ, &n) < 0 || n < 0)
		return held;
	return held + (size_t)n;
}

/* The kernel goes on with the end of the connection alone: if it did not hear
 * the last acknowledgement, nobody could make it hear any more, and no new
 * connection of the same two ports would get through. */
void
end_raw_close(struct end *e)
{
	rearm(e, 0);
	if (e->silent)
		kernel_forget(e->fd, true);
	else if (e->deaf)
		kernel_discard(e->fd, false);
	close(e->fd);
	e->fd = -1;
}

void
end_close(struct end *e)
{
	size_t drained = 0;
	ssize_t n;

	if (e->fd < 0)
		return;
	if (e->silent) {
		end_reset(e);
		return;
	}
	if (e->tls != NULL) {
		tls_leave(e);
		return;
	}
	while (!e->fin_seen && drained < DRAIN_MAX) {
		n = recv(e->fd, e->worker->scratch, WORKER_SCRATCH,
		    MSG_DONTWAIT);
		if (n <= 0)
			break;
		drained += (size_t)n;
	}
	end_raw_close(e);
}

void
end_drop(struct end *e)
{
	if (e->fd < 0)
		return;
	if (e->silent)
		end_reset(e);
	else if (e->tls != NULL)
		tls_leave(e);
	else
		end_raw_close(e);
}

void
end_reset(struct end *e)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (e->fd < 0)
		return;
	setsockopt(e->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	end_raw_close(e);
	if (e->tls != NULL)
		tls_drop(e);
}
