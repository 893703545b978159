/* SPDX-License-Identifier: Apache-2.0 */
/* One socket of a session: the client end or the upstream end. It owns the
 * descriptor and its one libevent event, and hides how bytes get in and out;
 * TLS will stand behind the same calls. It decides nothing: its owner says
 * what it wants to hear of, end_want() alone touches the event. */
#ifndef PROXY_END_H
#define PROXY_END_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

struct msghdr;
struct worker;
struct end;

/* What on_event is told; several may come in one call. */
#define END_READABLE 0x1u /* bytes, end of stream or an error await a read */
#define END_WRITABLE 0x2u /* asked for and now possible */
#define END_GONE     0x4u /* the peer reset while nobody was reading */

/* Results of reading and writing beside a positive count. */
#define END_AGAIN  (-1) /* nothing now */
#define END_CLOSED 0	/* reading: the peer's FIN */
#define END_FAILED (-2) /* error; end->error holds the errno */

struct end {
	struct event ev;
	struct worker *worker;
	void (*on_event)(struct end *, unsigned what);
	int fd;		/* -1: none */
	int error;	/* errno behind END_FAILED and END_GONE */
	short armed;	/* EV_* now registered; 0: none */
	bool is_unix;
	bool fin_seen;	/* the peer's end of stream was read */
	bool fin_sent;	/* we shut our writing side down */
	bool deaf;	/* the kernel discards what the peer sends */
	bool gone_seen; /* END_GONE was reported */
	bool stamped;	/* the kernel stamps what arrives */
};

/* Prepares an end without a socket. */
void end_init(struct end *e, struct worker *worker,
    void (*on_event)(struct end *, unsigned what));
/* Takes the connected, non-blocking descriptor. */
void end_attach(struct end *e, int fd, bool is_unix);
/* Gives the descriptor away (unregistered), for handing a connection from
 * one owner to another. Returns it owned. */
int end_detach(struct end *e);
/* Reconciles the event: hear of readable, writable. With neither, a reset by
 * the peer is still noticed (END_GONE), without spinning. Cheap when nothing
 * changes. */
void end_want(struct end *e, bool read, bool write);
/* Reads up to len bytes: a count, END_CLOSED, END_AGAIN or END_FAILED. */
ssize_t end_read(struct end *e, void *to, size_t len);
/* The same, and when the bytes arrived (µs, monotonic): with `exact`, by the
 * kernel's own stamp, so that the time they waited for us is not counted as
 * theirs. The first exact read of a socket, and Unix sockets, give the time
 * of the call. */
ssize_t end_read_arrived(struct end *e, void *to, size_t len, bool exact,
    int64_t *arrived_us);
/* When a received message arrived (µs, monotonic), by the kernel's stamp if
 * there is one that can be trusted, else now_us. */
int64_t end_arrival(struct msghdr *msg, int64_t now_us);
/* Writes what the kernel takes: a count (maybe short), END_AGAIN or
 * END_FAILED. Never raises SIGPIPE. */
ssize_t end_write(struct end *e, const void *from, size_t len);
/* The same from the front of a queue, at most `limit` bytes; the caller drops
 * what was written. */
ssize_t end_write_bytes(struct end *e, const struct bytes *q, size_t limit);
/* Sends FIN once. */
void end_shutdown(struct end *e);
/* Discards inbound segments from now on (IP_MINTTL, IPV6_MINHOPCOUNT), or no
 * more. False where the socket cannot (Unix sockets). */
bool end_set_deaf(struct end *e, bool on);
/* Bytes the kernel holds that the peer has not acknowledged. */
size_t end_unacked(const struct end *e);
/* Closes politely: unread input is drained first, so that no RST is sent.
 * Nothing if there is no socket. */
void end_close(struct end *e);
/* Closes at once: what came and was not read is of no use. */
void end_drop(struct end *e);
/* Closes with RST. */
void end_reset(struct end *e);

#endif
