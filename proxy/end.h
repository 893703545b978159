/* SPDX-License-Identifier: Apache-2.0 */
/* One socket of a session: the client end or the upstream end. It owns the
 * descriptor and its one libevent event, and hides how bytes get in and out:
 * as they are, or through a TLS layer (proxy/tls.h). It decides nothing: its
 * owner says what it wants to hear of, end_want() alone touches the event. */
#ifndef PROXY_END_H
#define PROXY_END_H

#include <assert.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

struct msghdr;
struct end;
struct tls;
struct worker;

/* What on_event is told; several may come in one call. */
#define END_READABLE 0x1u /* bytes, end of stream or an error await a read */
#define END_WRITABLE 0x2u /* asked for and now possible */
#define END_GONE     0x4u /* the peer reset while nobody was reading */
#define END_SECURED  0x8u /* the TLS handshake is over (tls_failure) */
#define END_CUT	     0x10u /* a fault on the wire ends it (tls_cut_how) */

/* Results of reading and writing beside a positive count. */
#define END_AGAIN  (-1) /* nothing now */
#define END_CLOSED 0	/* reading: the peer's FIN */
#define END_FAILED (-2) /* error; end->error holds the errno */

struct end {
	struct event ev;
	struct worker *worker;
	void (*on_event)(struct end *, unsigned what);
	struct tls *tls; /* owned layer; NULL: bytes go as they are */
	ssize_t post_result; /* if `posted` */
	int fd;		 /* -1: none */
	uint8_t error;	 /* errno behind END_FAILED and END_GONE */
	uint8_t armed;	 /* EV_* now registered; 0: none */
	bool is_unix : 1;
	bool fin_seen : 1;  /* the peer's end of stream was read */
	bool fin_sent : 1;  /* we shut our writing side down */
	bool deaf : 1;	    /* the kernel discards what the peer sends */
	bool silent : 1;    /* and for good */
	bool gone_seen : 1; /* END_GONE was reported */
	bool stamped : 1;   /* the kernel stamps what arrives */
	bool truncated : 1; /* TLS: the end came without a close_notify */
	bool abrupt : 1;    /* TLS: end ours without one, too */
	bool fin_near : 1;  /* the peer's end of stream has come */
	bool posted : 1;    /* by end_post(); the next write takes the result */
};
/* Two a session: what an idle connection costs. */
static_assert(sizeof(struct end) <= sizeof(struct event) + 40, "struct end");

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
/* True if it may be reading now; a TLS layer says nothing else. */
static inline bool
end_reads(const struct end *e)
{
	return e->tls != NULL || (e->armed & EV_READ) != 0;
}
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
/* After a read: is the end of stream all that is left? Then it is read, too
 * (END_CLOSED will be all that end_read says). False: not so, or nobody knows
 * yet. */
bool end_finish(struct end *e);
/* Writes what the kernel takes: a count (maybe short), END_AGAIN or
 * END_FAILED. Never raises SIGPIPE. */
ssize_t end_write(struct end *e, const void *from, size_t len);
/* The same for the last bytes of all: they may wait for end_shutdown() or
 * end_close(), which has to follow at once, so that one segment carries
 * them and the end. */
ssize_t end_write_last(struct end *e, const void *from, size_t len);
/* The same from the front of a queue, at most `limit` bytes; the caller drops
 * what was written. */
ssize_t end_write_bytes(struct end *e, const struct bytes *q, size_t limit);
/* Has the first bytes of a queue sent with those of other ends, when the
 * worker's turn ends; nothing where a layer is to see them. The owner's next
 * write in that turn must be of the same bytes: it says what became of them. */
void end_post(struct end *e, const struct bytes *q);
/* Sends FIN once. */
void end_shutdown(struct end *e);
/* The kernel discards what the peer sends from now on, or no more
 * (proxy/kernel.h). False where the socket cannot (Unix sockets), and on one
 * that is silent. */
bool end_set_deaf(struct end *e, bool on);
/* The connection is dead and its peer is not told: deaf for good. The owner
 * writes nothing any more. However it is closed later, the kernel forgets it,
 * or resets it where that is not allowed. */
void end_silence(struct end *e);
/* The kernel loses segments that come in with payload, each with that
 * probability (0: none any more). False where it may not; without a socket:
 * where it would not. */
bool end_lose(struct end *e, double probability);
/* Segments of the peer that the kernel dropped. */
uint32_t end_dropped(const struct end *e);
/* Both (b may be NULL, or have no socket) are closed without a word to their
 * peers, whose next segments are answered by RST. False where the kernel may
 * not; then nothing changed. */
bool end_vanish(struct end *a, struct end *b);
/* Bytes that the layer or the kernel holds and the peer has not
 * acknowledged. */
size_t end_unacked(const struct end *e);
/* Closes politely: unread input is drained first, so that no RST is sent, and
 * what was written is delivered. Nothing if there is no socket. */
void end_close(struct end *e);
/* Closes at once: what came and was not read is of no use. */
void end_drop(struct end *e);
/* Closes with RST. */
void end_reset(struct end *e);

/* What errno, of a call on the socket that failed, means: END_AGAIN, or
 * END_FAILED, and then it is kept as end->error. */
ssize_t end_failed(struct end *e);

/* --- the socket itself, for the TLS layer --------------------------------- */

ssize_t end_raw_read(struct end *e, void *to, size_t len);
ssize_t end_raw_read_arrived(struct end *e, void *to, size_t len, bool exact,
    int64_t *arrived_us);
ssize_t end_raw_write(struct end *e, const void *from, size_t len);
ssize_t end_raw_write_bytes(struct end *e, const struct bytes *q,
    size_t limit);
void end_raw_shutdown(struct end *e);
void end_raw_close(struct end *e);
/* Hear of the socket; on_event is then told by the layer. */
void end_arm(struct end *e, bool read, bool write);

#endif
