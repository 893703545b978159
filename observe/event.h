/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, as data: one stream of events that journal, logs, counters,
 * traces and the observer of reactions consume. Producers fill in a struct
 * event_record on the stack; all text in it is constant or interned
 * (base/intern.h), so that it may cross threads by value. */
#ifndef OBSERVE_EVENT_H
#define OBSERVE_EVENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "observe/trace.h"

/* X(enum, word in journals) */
#define EVENT_TYPES(X)                                                         \
	X(EVENT_FLOW_OPEN, "flow_open")                                        \
	X(EVENT_FLOW_CLOSE, "flow_close")                                      \
	X(EVENT_DECISION, "decision")                                          \
	X(EVENT_EFFECT, "effect")                                              \
	X(EVENT_MEASURE, "measure")                                            \
	X(EVENT_CONNECT, "connect")                                            \
	X(EVENT_REQUEST, "request")                                            \
	X(EVENT_RESPONSE, "response")                                          \
	X(EVENT_OPAQUE, "opaque") /* nothing is known of what follows */       \
	X(EVENT_FAULT_ARMED, "fault_armed")                                    \
	X(EVENT_FAULT_CLEARED, "fault_cleared")                                \
	X(EVENT_PARTITION_UP, "partition_up")                                  \
	X(EVENT_PARTITION_DOWN, "partition_down")                              \
	X(EVENT_RELOAD, "config_reload")                                       \
	X(EVENT_ALERT_MATCHED, "alert_matched")                                \
	X(EVENT_LATENESS, "lateness") /* of our own timers */                  \
	X(EVENT_GAP, "gap") /* `count` events were lost here */

enum event_type {
#define X(id, word) id,
	EVENT_TYPES(X)
#undef X
	    EVENT_TYPE_COUNT
};

/* Why a fault does or does not act on a flow. */
#define EVENT_VERDICTS(X)                                                      \
	X(VERDICT_NONE, "")                                                    \
	X(VERDICT_APPLIED, "applied")                                          \
	X(VERDICT_DISABLED, "disabled")                                        \
	X(VERDICT_NOT_MATCHED, "not_matched")                                  \
	X(VERDICT_NOT_DRAWN, "not_drawn")                                      \
	X(VERDICT_NOT_COUNTED, "not_counted")                                  \
	X(VERDICT_LIMIT, "limit")                                              \
	X(VERDICT_INACTIVE, "inactive")

enum event_verdict {
#define X(id, word) id,
	EVENT_VERDICTS(X)
#undef X
};

/* Who asked for what. Targets and ids are hashes: they tell equal from
 * different, and nothing else; 0: none. */
struct event_identity {
	struct in6_addr client; /* mapped IPv4; all zero on Unix sockets */
	const char *method;	/* constant; NULL: no request */
	uint64_t request; /* method, target and length of the body */
	uint64_t token;	  /* what looks like an id in the target */
	uint64_t id;	  /* an id that the client gave it */
	const char *id_from; /* the header that has it; constant */
	uint64_t trace;	     /* its trace */
	uint64_t endpoint; /* method and path, but for what looks like an id */
	int attempt;	     /* as the client counts, from 0; -1: unsaid */
	int retry_after_s;   /* as the answer asked; 0: it did not */
	int grpc_status;     /* of the answer; -1: it has none */
};

/* When, on the clock of time_us; 0: it did not happen. */
struct event_times {
	int64_t request_us;  /* the last byte from the client */
	int64_t response_us; /* the first byte that went to the client */
	int64_t response_last_us;
	int64_t left_us; /* the client ended its stream, or reset it */
	int64_t forwarded_us; /* the request had been written to the upstream */
	int64_t answered_us;  /* the head of its answer had come from there */
};

#define EVENT_UPSTREAM_TEXT 128
#define EVENT_TARGET_TEXT   512
#define EVENT_STATE_TEXT    512

/* How a flow appears in a trace: what spans say beyond its event. */
struct event_trace {
	struct trace_context in; /* of the request; its parent: the client's
				    span, all zero: we began the trace */
	unsigned char server_id[SPAN_ID_SIZE]; /* our span towards the client */
	unsigned char client_id[SPAN_ID_SIZE]; /* … towards the upstream */
	char state[EVENT_STATE_TEXT];	       /* tracestate; "": none */
	char upstream[EVENT_UPSTREAM_TEXT];    /* host, path of a socket */
	char host[EVENT_UPSTREAM_TEXT];	       /* that was asked for */
	char target[EVENT_TARGET_TEXT]; /* path and query, values hidden */
	struct in6_addr peer;		/* the upstream's; all zero: none */
	uint16_t upstream_port, peer_port, client_port; /* 0: none */
	/* Towards the client and the upstream: HTTP/1.0 is 10, HTTP/1.1 11,
	 * HTTP/2 20; 0: nobody knows. */
	uint8_t version, call_version;
	bool secure, upstream_secure; /* https */
	int64_t call_us;  /* the upstream was called; 0: it was not */
	int64_t done_us;  /* … and was through; 0: nobody knows */
	const char *unreached; /* why it was not reached, constant; or NULL */
};

/* How much of a message there was. */
enum event_part { PART_NONE, PART_SOME, PART_WHOLE };

/* How far an exchange came: what a verdict about lost data stands on. */
struct event_exchange {
	bool known;	   /* false: the flow is no exchange */
	uint8_t forwarded; /* enum event_part: the request, to the server */
	uint8_t answered;  /* … the answer, by the server */
	uint8_t delivered; /* … the answer, to the client */
	bool stores;	   /* what was asked may change something */
	bool commit;	   /* a command that ends a transaction for good */
	bool failed;	   /* a command: the server answered by an error */
	const char *transaction; /* constant: as it was when the command came;
				    NULL: there are none */
	char code[12]; /* of that error; "": none */
};

struct event_record {
	enum event_type type;
	int64_t time_us;     /* monotonic; stamped by the producer */
	const char *route;   /* interned; NULL: none */
	const char *fault;   /* interned; NULL: none */
	const char *kind;    /* the fault's kind */
	uint64_t session;    /* 0: none; sessions count from 1 */
	uint64_t flow;	     /* number on the route, from 0 */
	bool has_flow;
	bool is_connection;  /* the one below exchanges, numbered apart */
	const char *dir;     /* "upstream", "downstream", "both" or NULL */
	/* EVENT_DECISION */
	enum event_verdict verdict;
	bool matched;	     /* when, first, skip, every */
	bool drawn;	     /* the probability's draw came out for it */
	double draw;	     /* what was drawn, 0 … 1 */
	/* EVENT_EFFECT, EVENT_FLOW_CLOSE, EVENT_CONNECT, …: a constant word */
	const char *what;
	double amount;
	const char *unit;
	/* EVENT_MEASURE: achieved beside asked, µs; EVENT_FLOW_CLOSE: bytes */
	uint64_t count;
	double asked_us, achieved_us, error_max_us;
	uint64_t bytes_up, bytes_down;
	uint64_t head_down; /* EVENT_FLOW_CLOSE: of bytes_down, the head of an
			       HTTP answer, and what came before it */
	int status; /* HTTP status, errno, … */
	double duration_us;
	/* EVENT_FLOW_OPEN (client only), EVENT_FLOW_CLOSE */
	const char *flow_type; /* constant: "stream", "datagram", … */
	struct event_identity who;
	struct event_times when;
	struct event_exchange exchange;
	bool own_reply; /* EVENT_FLOW_CLOSE: the response was the proxy's */
	int64_t first_us; /* EVENT_MEASURE: the first of them; 0: unknown */
	/* EVENT_FLOW_CLOSE: borrowed; NULL: it is in no trace that is kept. */
	const struct event_trace *trace;
};

/* Sets of types: a bit each. */
#define EVENT_BIT(type) (UINT32_C(1) << (type))
#define EVENTS_ALL	UINT32_MAX
/* What somebody wants to hear. */
struct event_wish {
	uint32_t all;  /* types, whatever they are about */
	uint32_t kept; /* types, if they are about a flow whose trace is kept */
};
/* Those that the control thread makes: the data path knows nothing of them. */
#define EVENTS_OF_CONTROL                                                      \
	(EVENT_BIT(EVENT_FAULT_ARMED) | EVENT_BIT(EVENT_FAULT_CLEARED) |       \
	    EVENT_BIT(EVENT_PARTITION_UP) | EVENT_BIT(EVENT_PARTITION_DOWN) |  \
	    EVENT_BIT(EVENT_RELOAD) | EVENT_BIT(EVENT_ALERT_MATCHED))

typedef void (*event_sink_fn)(void *arg, const struct event_record *event);

/* The text of a client's address, in buf; NULL: a Unix socket has none. */
const char *event_address(const struct in6_addr *a,
    char buf[INET6_ADDRSTRLEN]);
/* "flow_open", … */
const char *event_type_name(enum event_type type);
const char *event_verdict_name(enum event_verdict verdict);

#endif
