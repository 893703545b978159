/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of faults, as protocol layers (hosts) use it: flows, their two
 * links, and the decision which faults act on which flow. It knows no sockets
 * and no event loop; a host feeds bytes in, takes bytes out, and is told when
 * a fault ends or answers a flow. One thread per engine. */
#ifndef FAULTS_ENGINE_H
#define FAULTS_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/zone.h"
#include "faults/fault.h"
#include "observe/counters.h"
#include "observe/event.h"
#include "observe/trace.h"

/* --- a route with its faults armed (made by proxy/plan.c) ---------------- */

/* Shared by all workers and over reloads, keyed by the route's name. */
struct route_shared {
	atomic_uint refs;
	atomic_uint_fast64_t next_flow; /* number of the next flow */
	/* Of the next FLOW_CONNECTION, which are counted apart. */
	atomic_uint_fast64_t next_connection;
	atomic_int connections;		/* open now, all workers */
	struct route_counters counters;
};

/* Takes and drops a reference; the last one frees. Any thread. */
struct route_shared *route_shared_ref(struct route_shared *shared);
void route_shared_unref(struct route_shared *shared);

struct flow;

struct armed_fault {
	const struct conf_fault *conf; /* the model's, or a partition's */
	const struct fault_ops *ops;
	struct fault_shared *shared; /* counted */
	uint64_t hash;		     /* rng_hash(conf->name) */
	const char *name;	     /* interned */
	uint8_t layer;	  /* enum conf_layer, resolved */
	const char *counted_as;	     /* in metrics; constant */
	bool at_listener; /* it acts on the port: the route has it alone */
	/* Set: flows ask for it themselves, and conf says how often they may
	 * at most. Fills `to` (zeroed) with what this flow asked for, its
	 * probability too; to be taken apart by conf_fault_fini in any case.
	 * False: nothing. */
	bool (*ask)(const struct flow *, const struct armed_fault *,
	    struct conf_fault *to);
};

/* TLS contexts of a route, opaque here (proxy/tls_context.h). */
struct tls_client;
struct tls_server;

struct armed_route {
	const struct conf_route *conf; /* the plan's model's */
	struct route_shared *shared;   /* counted */
	const char *name, *listen;     /* interned */
	uint64_t hash;		       /* rng_hash(name) */
	struct tls_server *tls;	       /* counted; NULL: no TLS with clients */
	struct tls_client *upstream_tls; /* counted; NULL: none upstream */
	struct armed_fault *faults;    /* partitions first, then the file's */
	size_t faults_count;
};

/* The first effect of a fault on a flow. */
struct injection {
	const struct flow *flow;
	const struct armed_fault *fault;
	const char *effect; /* constant word; NULL: bytes were touched */
	double amount;
	const char *unit; /* constant: "bytes", "us", "" */
};

/* --- the engine: what every flow of one worker shares ------------------- */

struct engine {
	const struct clock *clock;
	struct deadline_heap deadlines; /* the owner runs what is due */
	struct bytes_pool pool;
	uint64_t seed;
	unsigned index; /* of its worker, for counters */
	struct trace_policy tracing;
	uint64_t trace_bits[2]; /* of ids; drawn anew at every start */
	uint64_t trace_draws;
	struct zone traces; /* memory of flows' traces */
	event_sink_fn emit; /* NULL: nobody listens */
	void *emit_arg;
	struct event_wish wish; /* no other events are made */
	/* Told of every injection; NULL: nobody is. `lines` are those of its
	 * fault kind on its route and worker. */
	void (*injected)(const struct injection *, struct log_sample *lines);
};

/* --- flows ---------------------------------------------------------------- */

enum flow_type {
	FLOW_STREAM,	 /* a TCP session: all kinds */
	FLOW_CONNECTION, /* the connection under the exchanges of HTTP or of a
			    data protocol: only kinds with KIND_CONNECTION; its
			    links carry no bytes */
	FLOW_EXCHANGE,	 /* one request (a command) and its answer */
	FLOW_DATAGRAM,	 /* whole datagrams: a client's association, or a DNS
			    query and its answer */
	FLOW_WIRE,	 /* the records below TLS of one end: faults of that
			    layer; no events or byte counts of its own */
};

enum fact {
	FACT_SNI,
	FACT_ALPN, /* what was agreed on, else the offers, by commas */
	FACT_DESTINATION, /* host:port that the client wants to go to */
	FACT_HOST,
	FACT_METHOD,
	FACT_PATH,
	FACT_QUERY,
	FACT_DNS_NAME,
	FACT_DNS_TYPE,
	FACT_COUNT,
};

/* What a command asks. */
struct flow_request {
	const char *method; /* constant */
	struct view text;   /* its beginning; borrowed */
	uint64_t hash;	    /* of all of it */
};

struct link;

/* What a host does for its flows. None of them may free the flow before it
 * returns to the event loop. */
struct flow_ops {
	/* No stage holds the opening (any more): dial, serve. Called once;
	 * perhaps from within flow_open(). */
	void (*opened)(struct flow *);
	/* link->out has bytes, or the end of stream reached it. */
	void (*output)(struct flow *, struct link *);
	/* The link may be read again: its holds are gone. */
	void (*resume)(struct flow *, struct link *);
	/* A fault ends the flow. */
	void (*end)(struct flow *, enum flow_end how);
	/* The source end of `link` is to stop (or resume) acknowledging. */
	void (*deaf)(struct flow *, struct link *, bool on);
	/* The kernel is to lose what the source end of `link` sends, each
	 * segment with that probability; and how many it dropped. NULL, or
	 * false: it cannot. */
	bool (*lose)(struct flow *, struct link *, double probability);
	uint32_t (*lost)(const struct flow *, const struct link *);
	/* Ends the flow, and the kernel forgets its connections. NULL, or
	 * false: it cannot, and nothing changed. */
	bool (*vanish)(struct flow *);
	/* HTTP: answer locally; NULL elsewhere. */
	bool (*answer)(struct flow *, const struct stage_reply *reply);
	/* HTTP/2: GOAWAY on the client's connection; NULL elsewhere. */
	bool (*goaway)(struct flow *, const struct stage_goaway *goaway);
	/* HTTP/2: the trailers of the link's end of stream become these lines
	 * ("name: value\r\n" each; NULL: none). False: there were none to
	 * lose, or they left. NULL elsewhere. */
	bool (*trailers)(struct flow *, struct link *, const char *lines);
	/* HTTP/1: true if bytes of the link are frames of a WebSocket; *scan
	 * (NULL: nobody asks): where those stand that come next. NULL
	 * elsewhere. */
	bool (*websocket)(const struct flow *, const struct link *,
	    struct ws_scan *scan);
	/* Facts for `when`; false: unknown. Borrowed until the host returns
	 * to its loop. May be NULL. */
	bool (*fact)(const struct flow *, enum fact, struct view *);
	/* n-th request header of that name. May be NULL. */
	bool (*header)(const struct flow *, const char *name, size_t n,
	    struct view *);
	/* The request header at *at, which is 0 at first and moves on; false:
	 * there is no more. May be NULL. */
	bool (*next_header)(const struct flow *, size_t *at, struct view *name,
	    struct view *value);
	int (*status)(const struct flow *); /* 0: not known yet; may be NULL */
	/* n-th command of the request, as far as it is known. NULL: its flows
	 * are no commands. */
	bool (*command)(const struct flow *, size_t n, struct view *);
	/* What was asked, for events. NULL: the facts say it. */
	bool (*request)(const struct flow *, struct flow_request *);
	/* How far the exchange came; `to` is zeroed. May be NULL. */
	void (*progress)(const struct flow *, struct event_exchange *to);
	/* The trace it belongs to; false: none. May be NULL. */
	bool (*trace)(const struct flow *, struct trace_context *);
	bool is_http2; /* flows are streams of HTTP/2 */
};

struct link {
	struct flow *flow;
	struct stage *first, *last; /* empty: the fast path */
	struct bytes out;	    /* passed every stage; the host takes it */
	size_t held;		    /* bytes in all its queues */
	size_t limit;		    /* reading stops at this many */
	size_t head_len; /* HTTP: stream offset at which the body begins */
	uint64_t fed;	 /* bytes that entered, fast path included */
	uint64_t taken;	 /* bytes that left, fast path included */
	double lose; /* probability asked of the kernel; 0: none */
	uint16_t stage_holds, deaf_holds;
	uint16_t timed; /* stages that count from exact arrivals */
	struct stage *ender; /* it ended the flow; what it passed is on its
				way through the stages behind it */
	uint8_t ending;	     /* enum flow_end: what happens then */
	bool dir; /* enum link_dir */
	bool full;
	bool again; /* fed while pumping */
	bool eof_in;  /* the source ended */
	bool eof_out; /* and that passed every stage */
	bool pumping;
};

struct decision;
struct flow_trace;

struct flow {
	const struct flow_ops *ops;
	struct engine *engine;
	const struct armed_route *route; /* NULL: its route was removed */
	const char *route_name;		 /* interned */
	struct route_counts *counts;	 /* its worker's, of its route */
	struct route_shared *kept; /* counted: `counts` of a removed route */
	uint64_t number;		 /* on its route */
	uint64_t session;		 /* number of the session, for events */
	int64_t start_us;
	struct in6_addr client;	  /* address of the client (mapped IPv4) */
	struct decision *decisions; /* owned: what was decided, by fault */
	struct flow_trace *trace; /* owned; NULL: spans are not wanted */
	struct link links[2];	  /* LINK_UP, LINK_DOWN */
	struct event_times when;  /* kept while somebody listens */
	const char *acted, *acted_kind; /* a fault that acted and is gone;
					   interned; NULL: none */
	uint32_t end_code; /* HTTP/2: error code of its end; 0: the host's */
	uint8_t type;		  /* enum flow_type */
	uint8_t layer;		  /* enum conf_layer whose faults are meant */
	uint16_t open_holds;
	bool opening, open, ended, closing, responded;
	bool faulted; /* a fault took effect */
	bool own_reply; /* HTTP: the response was the proxy's */
	bool asking;  /* the request may name further commands */
	uint16_t client_port; /* 0: a Unix socket */
	int16_t grpc_status; /* of the answer; -1: it has none */
	int retry_after_s; /* as the answer asked; 0: it did not */
};

/* Prepares a flow. Borrows engine and route, which is not NULL. */
void flow_init(struct flow *f, const struct flow_ops *ops,
    struct engine *engine, const struct armed_route *route,
    enum flow_type type, uint64_t number);
/* Decides about every fault, builds the chains, asks the open slots. Calls
 * ops->opened before it returns unless a stage holds or ends the flow. */
void flow_open(struct flow *f);
/* The same for a flow whose client was read before: its first bytes. */
void flow_open_early(struct flow *f, const void *data, size_t len);
/* HTTP: the response's status is known; decides faults that waited for it. */
void flow_respond(struct flow *f);
/* Another command became known, or that there are no more (`asking`): decides
 * faults that waited for it. */
void flow_learned(struct flow *f);
/* HTTP: runs the message slots of the link's stages over `m`. */
void flow_message(struct flow *f, enum link_dir dir, struct message *m);
/* A TLS layer asks: runs the tls slots of the link's stages over `turn`. */
void flow_tls(struct flow *f, enum link_dir dir, struct tls_turn *turn);
/* The route's faults changed, or time moved a fault in or out of force:
 * builds, updates and dissolves stages in place. route NULL: removed, the
 * flow goes on without faults. */
void flow_reconcile(struct flow *f, const struct armed_route *route);
/* Ends the flow now, as a stage would (stage_end()): also for a fault that
 * stands on another of its flows. Nothing if it ended before. */
void flow_end_now(struct flow *f, enum flow_end how);
/* Takes the flow apart: stages are detached, held bytes dropped, the flow's
 * end becomes an event with `reason` (constant text). Repeated calls are
 * ignored. */
void flow_fini(struct flow *f, const char *reason);

/* True if somebody wants events of that type about this flow, as it is now. */
bool flow_is_told(const struct flow *f, enum event_type type);
/* An event of this flow, route, number and time filled in; false if nobody
 * wants it. */
bool flow_event(const struct flow *f, enum event_type type,
    struct event_record *event);
/* Tells it, once it is complete. */
static inline void
flow_emit(const struct flow *f, const struct event_record *event)
{
	f->engine->emit(f->engine->emit_arg, event);
}

/* True if the fault's kind decides about this type of flow. */
bool flow_considers(const struct flow *f, const struct armed_fault *fault);

/* True if bytes may go straight from source to sink: no stage, nothing
 * queued, no hold. */
static inline bool
link_is_fast(const struct link *l)
{
	return l->first == NULL && bytes_empty(&l->out) && l->stage_holds == 0;
}

/* True if the source may be read. */
static inline bool
link_wants(const struct link *l)
{
	return !l->full && l->stage_holds == 0 && !l->eof_in;
}

/* The end of stream is next: every byte was taken. */
static inline bool
link_at_eof(const struct link *l)
{
	return l->eof_out && bytes_empty(&l->out);
}

/* Feeds all of `src` (emptied) to the first stage, or to out. May call any
 * op of the host before it returns. */
void link_feed(struct link *l, struct bytes *src);
/* Feeds a copy of the bytes, stamped with arrival time `time_us`. */
void link_feed_copy(struct link *l, const void *data, size_t len,
    int64_t time_us);
/* The source ended. Repeated calls are ignored. */
void link_feed_eof(struct link *l);
/* The host took n bytes from the front of out (they are dropped here). */
void link_taken(struct link *l, size_t n);
/* The same, and they are added to `to`. */
void link_take_text(struct link *l, size_t n, struct str *to);
/* All that is in out goes to the end of `to`, a queue of the engine's pool,
 * and counts as taken. */
void link_move(struct link *l, struct bytes *to);
/* FLOW_DATAGRAM: feeds a copy of one datagram (len may be 0) that arrived at
 * time_us. False if the link holds all it may: the datagram is lost. */
bool link_feed_datagram(struct link *l, const void *data, size_t len,
    int64_t time_us) WARN_UNUSED;
/* FLOW_DATAGRAM: the host took the first datagram of out; `sent`: it went to
 * the sink, else it is lost. Dropped here. */
void link_taken_datagram(struct link *l, bool sent);
/* While somebody listens: bytes passed now, from the client or to it. */
void flow_mark(struct flow *f, enum link_dir dir);
/* The host: the client ended its stream, or reset it. Only the first time
 * counts. */
void flow_left(struct flow *f);
/* True if somebody listens: what only events need is worth its while. */
static inline bool
flow_is_watched(const struct flow *f)
{
	return UNLIKELY(f->engine->emit != NULL);
}
/* The host, if the flow's end is to be told: a field of the answer's head or
 * trailers. Those are kept that verdicts need: Retry-After in seconds,
 * grpc-status. */
void flow_note_field(struct flow *f, struct view name, struct view value);
/* n bytes came from the source, or went to the sink: counts them. */
static inline void
link_received(struct link *l, size_t n)
{
	l->fed += n;
	if (flow_is_watched(l->flow) && !l->dir)
		flow_mark(l->flow, LINK_UP);
	counter_add(&l->flow->counts->received[l->dir], n);
}
static inline void
link_sent(struct link *l, size_t n)
{
	l->taken += n;
	if (flow_is_watched(l->flow) && l->dir)
		flow_mark(l->flow, LINK_DOWN);
	counter_add(&l->flow->counts->sent[l->dir], n);
}
/* The fast path moved n bytes past the engine. */
static inline void
link_passed(struct link *l, size_t n)
{
	link_received(l, n);
	link_sent(l, n);
}

/* --- time conditions (faults/condition.c) -------------------------------- */

/* Is the fault in force at now_us, as far as enabled, for, on and off say?
 * *next_us is lowered to the time of the next change, if there is one. */
bool condition_in_force(const struct armed_fault *f, int64_t now_us,
    int64_t *next_us);
/* What the route's faults do to its port now; likewise with *next_us. */
enum listener_effect condition_listener(const struct armed_route *r,
    int64_t now_us, int64_t *next_us);

#endif
