/* SPDX-License-Identifier: Apache-2.0 */
/* A host of flows in memory, for tests of faults and of the engine: one route
 * with faults as a user writes them, any number of flows, a clock that moves
 * only when it is told to, and a record of what each receiver saw and when.
 *
 *	struct harness *h = harness_new(42);
 *	harness_add(h, "latency,latency=80ms");
 *	struct harness_flow *f = harness_open(h);
 *	harness_send(f, LINK_DOWN, "hello");
 *	harness_advance(h, 80000);
 *	harness_expect(f, LINK_DOWN, "hello");
 *	harness_free(h);
 *
 * What goes wrong ends the test with ck_abort_msg(). */
#ifndef HARNESS_FLOW_HARNESS_H
#define HARNESS_FLOW_HARNESS_H

#include "faults/engine.h"
#include "faults/ws.h"

#define HARNESS_START_US 1000000000 /* what the clock shows at first */

/* One delivery: bytes that the host took at once. */
struct harness_piece {
	int64_t time_us; /* since HARNESS_START_US */
	size_t len;
};

/* What the receiver of one link saw. */
struct harness_side {
	struct str bytes;
	struct harness_piece *pieces; /* owned */
	size_t count, room;
	bool eof;
	int64_t eof_us;	  /* since HARNESS_START_US */
	bool blocked;	  /* it takes nothing */
	bool deaf;	  /* the source end acknowledges nothing */
	double lose;	  /* what the kernel is asked to lose */
	uint32_t lost;	  /* and has; the test sets it */
	unsigned resumed; /* how often reading was resumed */
	unsigned asked;	  /* how often the host was told of output */
};

struct harness_flow {
	struct flow flow; /* first */
	struct harness *harness;
	struct harness_flow *next;
	struct harness_side got[2]; /* by link */
	bool opened, ended, answered, closed, vanished;
	int64_t opened_us, ended_us; /* since HARNESS_START_US */
	enum flow_end how;
	int answer_status;
	struct str answer_headers; /* one a line */
	struct str answer_body;
	/* HTTP/2 */
	unsigned goaways;
	struct stage_goaway goaway; /* the last */
	struct str trailers;	    /* of LINK_DOWN's end of stream */
	/* HTTP/1: what is sent are frames of a WebSocket; set it once the heads
	 * were sent. */
	bool websocket;
	struct ws_scan frames[2]; /* what was sent, by link */
	/* What `when` sees; borrowed, NULL or 0: unknown. Set them between
	 * harness_prepare() and harness_begin(). */
	const char *facts[FACT_COUNT];
	const char *const *headers; /* "Name: value", NULL-ended */
	int status;
	const char *const *commands; /* NULL-ended; harness_learn() tells */
};

struct harness {
	struct clock clock;
	struct engine engine;
	const char *protocol; /* "tcp"; "http" or "udp" for kinds that need it,
				 set before faults are added */
	bool tls; /* the route has tls = { intercept = true; } */
	bool is_http2; /* new exchanges are streams */
	bool admin;    /* the kernel loses segments and forgets connections */
	struct conf_model *model;
	struct armed_route *route;
	struct route_shared shared;
	struct harness_fault *kept; /* shared numbers, by name */
	char **texts;		    /* the faults in force */
	size_t texts_count;
	struct harness_flow *flows;
	struct event_record *events; /* in order */
	size_t events_count, events_room;
};

/* A route without faults. Returns owned. */
struct harness *harness_new(uint64_t seed);
/* Closes every flow and frees all; NULL is accepted. */
void harness_free(struct harness *h);

/* Adds a fault, "KIND[,KEY=VALUE]…" as on the command line; live flows meet
 * it at once. */
void harness_add(struct harness *h, const char *text);
/* Replaces the n-th fault's text (from 0): an update if name and kind stay. */
void harness_set(struct harness *h, size_t n, const char *text);
/* Removes the n-th fault. */
void harness_remove(struct harness *h, size_t n);
/* The errors and warnings that the loader has about such a fault, one a line;
 * empty if none. Returns owned. */
char *harness_complaints(struct harness *h, const char *text);

/* A new TCP session; it is opened. Owned by the harness. */
struct harness_flow *harness_open(struct harness *h);
/* A client's association on a udp route; likewise. */
struct harness_flow *harness_open_datagrams(struct harness *h);
/* The same in two steps, with another type or facts in between. */
struct harness_flow *harness_prepare(struct harness *h, enum flow_type type);
void harness_begin(struct harness_flow *f);
/* The request names these commands (NULL-ended); `more`: perhaps others. */
void harness_learn(struct harness_flow *f, const char *const *commands,
    bool more);
/* The session ends by itself; the record stays. */
void harness_close(struct harness_flow *f);

/* The source of a link sends (ignored once the flow ended). */
void harness_send(struct harness_flow *f, enum link_dir dir, const char *text);
void harness_send_bytes(
    struct harness_flow *f, enum link_dir dir, const void *data, size_t len);
/* Sends `len` bytes of a pattern that harness_expect_pattern() knows, in
 * chunks of `chunk`, while the link may be read. Returns how many went. */
size_t harness_send_pattern(
    struct harness_flow *f, enum link_dir dir, size_t len, size_t chunk);
/* One datagram. False if the link had no room for it. */
bool harness_send_datagram(
    struct harness_flow *f, enum link_dir dir, const char *text);
/* The source ends its stream. */
void harness_eof(struct harness_flow *f, enum link_dir dir);
/* The receiver stops (or goes on) taking bytes. */
void harness_block(struct harness_flow *f, enum link_dir dir, bool on);

/* Moves the clock on, stopping at every deadline on the way. */
void harness_advance(struct harness *h, int64_t us);
/* Moves the clock to each deadline until none is left, for at most limit_us;
 * fails the test if that is not enough. */
void harness_settle(struct harness *h, int64_t limit_us);
/* Time since HARNESS_START_US. */
int64_t harness_now(const struct harness *h);

/* The receiver saw exactly this text. */
void harness_expect(
    const struct harness_flow *f, enum link_dir dir, const char *text);
/* The receiver saw exactly these datagrams, each ended by a comma. */
void harness_expect_datagrams(
    const struct harness_flow *f, enum link_dir dir, const char *texts);
/* The receiver saw exactly `len` bytes of the pattern. */
void harness_expect_pattern(
    const struct harness_flow *f, enum link_dir dir, size_t len);
/* When the byte at `offset` was delivered, since HARNESS_START_US; fails if it
 * was not. */
int64_t harness_delivered_us(
    const struct harness_flow *f, enum link_dir dir, size_t offset);
/* The most bytes delivered in any window of `window_us`. */
size_t harness_busiest(
    const struct harness_flow *f, enum link_dir dir, int64_t window_us);
/* How many events there are of this type, and with this word (NULL: any). */
size_t harness_events(
    const struct harness *h, enum event_type type, const char *what);
/* The last event of this type, or NULL. */
const struct event_record *harness_last(
    const struct harness *h, enum event_type type);

/* --- between the harness's own files -------------------------------------- */

/* Loads the texts and brings every live flow in line. */
void harness_apply(struct harness *h);
/* Frees route, model, texts and shared numbers. */
void harness_disarm(struct harness *h);

#endif
