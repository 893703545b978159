/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted while traffic passes. Every route has one block a worker;
 * only that worker writes it, with plain stores, and whoever wants a figure
 * adds the blocks up:
 *
 *	route ─► route_counters ─► block of worker 0 ─► block of worker 1 ─► …
 *	                               ├─► http_counts
 *	                               └─► fault_counts (one a kind) ─► …
 *
 * Blocks come with a worker's first connection to the route and stay until
 * the route goes, so figures never fall back while it lives. */
#ifndef OBSERVE_COUNTERS_H
#define OBSERVE_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "observe/counter.h"
#include "observe/exemplar.h"
#include "observe/sample.h"

/* --- histograms ----------------------------------------------------------- */

#define HISTOGRAM_BOUNDS 15

/* Upper bounds in µs, inclusive, and as exposed in seconds. */
struct histogram_scale {
	int64_t bounds_us[HISTOGRAM_BOUNDS];
	const char *le[HISTOGRAM_BOUNDS + 1]; /* the last: "+Inf" */
};

/* 1 ms … 60 s, for durations; 10 µs … 1 s, for small errors. */
extern const struct histogram_scale histogram_durations, histogram_errors;

struct histogram {
	struct counter buckets[HISTOGRAM_BOUNDS + 1]; /* not cumulative */
	struct counter sum_us;
};

/* What a histogram held when it was read; several add up. */
struct histogram_sum {
	uint64_t buckets[HISTOGRAM_BOUNDS + 1];
	uint64_t sum_us;
};

/* Counts one value; a negative one counts as 0. Returns its bucket. */
unsigned histogram_add(struct histogram *h,
    const struct histogram_scale *scale, int64_t us);
/* Adds what `h` holds now. */
void histogram_read(const struct histogram *h, struct histogram_sum *to);
/* How many values there are. */
uint64_t histogram_count(const struct histogram_sum *h);

/* --- what is counted ------------------------------------------------------ */

/* Who ended a connection. */
#define CLOSED_BY_WORDS(X)                                                     \
	X(CLOSED_BY_CLIENT, "client")                                          \
	X(CLOSED_BY_UPSTREAM, "upstream")                                      \
	X(CLOSED_BY_FAULT, "fault")                                            \
	X(CLOSED_BY_TIMEOUT, "timeout")                                        \
	X(CLOSED_BY_PROXY, "proxy")

/* What became of a try to reach the upstream. INJECTED: a fault ended the
 * connection before it was reached. */
#define CONNECT_WORDS(X)                                                       \
	X(CONNECT_OK, "ok")                                                    \
	X(CONNECT_REFUSED, "refused")                                          \
	X(CONNECT_RESET, "reset")                                              \
	X(CONNECT_TIMEOUT, "timeout")                                          \
	X(CONNECT_UNREACHABLE, "unreachable")                                  \
	X(CONNECT_DNS, "dns")                                                  \
	X(CONNECT_TLS, "tls")                                                  \
	X(CONNECT_LOOP, "loop")                                                \
	X(CONNECT_INJECTED, "injected")

/* Why a fault that is in force left a flow alone. */
#define SKIP_WORDS(X)                                                          \
	X(SKIP_PROBABILITY, "probability")                                     \
	X(SKIP_FILTER, "filter")                                               \
	X(SKIP_LIMIT, "limit")

#define X(id, word) id,
enum closed_by { CLOSED_BY_WORDS(X) CLOSED_BY_COUNT };
enum connect_result { CONNECT_WORDS(X) CONNECT_COUNT };
enum skip_reason { SKIP_WORDS(X) SKIP_COUNT };
#undef X

/* Log lines that peers cause as often as they like: of each a sample. */
enum route_line {
	LINE_UPSTREAM,	   /* it failed */
	LINE_PREFACE,	   /* no proper PROXY header */
	LINE_TLS,	   /* none with the client */
	LINE_UPSTREAM_TLS, /* none with the upstream */
	LINE_DESTINATION,  /* a client may not go where it wants to */
	LINE_LOOP,	   /* it would come back to us */
	LINE_SOURCE,	   /* its address cannot be dialled from */
	LINE_COUNT,
};

/* Requests by status: 100 … 599, others, and those without a reply. */
#define CODE_FIRST 100
#define CODE_LAST  599
enum { CODE_OTHER = CODE_LAST - CODE_FIRST + 1, CODE_NONE, CODE_COUNT };

struct http_counts {
	struct counter requests[2][CODE_COUNT]; /* [faulted] */
	struct histogram duration[2];		/* [faulted] */
	struct histogram upstream;
	struct exemplar_slot traced[2][HISTOGRAM_BOUNDS + 1]; /* of duration */
};

struct fault_counts {
	struct fault_counts *next;
	const char *kind; /* constant; identity */
	struct counter injected;
	struct counter skipped[SKIP_COUNT];
	struct counter held; /* flows held right now; wraps below zero */
	struct histogram delay, error;
	struct exemplar_slot traced; /* of injected */
	struct log_sample lines;     /* about injections */
};

/* Its own cache lines. */
struct route_counts {
	struct route_counts *next;
	unsigned worker;
	struct counter received[2], sent[2]; /* bytes, by link_dir */
	struct counter lost[2]; /* datagrams without room, by link_dir */
	struct counter accepted, closed[CLOSED_BY_COUNT];
	struct counter connects[CONNECT_COUNT];
	struct histogram connect;
	struct log_sample lines[LINE_COUNT];
	_Atomic(struct http_counts *) http; /* NULL: no request yet */
	_Atomic(struct fault_counts *) faults;
};

/* The blocks of a route. Zeroed memory is an empty set. */
struct route_counters {
	_Atomic(struct route_counts *) first;
};

/* The worker's own block, made if there is none. To be asked for once a flow,
 * by that worker's thread. Borrowed, lives as long as the set. */
struct route_counts *counters_of(struct route_counters *set, unsigned worker);
/* The block's parts, made if there are none; by the worker's thread. `kind` is
 * compared by pointer: it is the text of the kind, or of its like, itself. */
struct http_counts *counters_http(struct route_counts *counts);
struct fault_counts *counters_fault(struct route_counts *counts,
    const char *kind);
/* Frees all blocks; nobody may use them any more. */
void counters_fini(struct route_counters *set);

/* For readers on any thread: the first of a list; go on by ->next. */
struct route_counts *counters_first(const struct route_counters *set);
struct fault_counts *counters_first_fault(const struct route_counts *counts);
/* NULL: no request yet. */
struct http_counts *counters_get_http(const struct route_counts *counts);

/* Where a status is counted; 0: no reply was sent. */
unsigned counters_code(int status);

#endif
