/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen in a run, as verdicts need it: calls and connections per
 * route, the windows in which faults were armed, and how exact our own clock
 * work was. Filled by a journal's reader, or by a test; verdicts are pure
 * functions over it. Times are microseconds since the run's start. */
#ifndef EXPERIMENT_RECORD_H
#define EXPERIMENT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_NONE SIZE_MAX

enum call_outcome {
	CALL_OK,
	CALL_ERROR,	   /* answered by a failure: 429, 5xx */
	CALL_RESET,	   /* a fault ended it */
	CALL_CLIENT_ABORT, /* the client left */
	CALL_SERVER_ABORT, /* the upstream left */
	CALL_OPEN,	   /* the run ended first */
};

/* How much of a message there was. */
enum call_part { CALL_UNKNOWN, CALL_NONE, CALL_SOME, CALL_WHOLE };

/* One exchange, or one connection. */
struct call {
	size_t line; /* of the journal: evidence */
	int64_t start_us;
	int64_t request_us; /* the last byte of the request; 0: none came */
	int64_t first_us, last_us; /* bytes of the response; 0: none went */
	int64_t end_us;	    /* for the client: when it left, if it did */
	int64_t closed_us;  /* when the proxy was through with it */
	int64_t upstream_us; /* so long the upstream took to begin its answer;
				0: unknown */
	const char *kind;   /* interned: the fault that acted; NULL: none */
	const char *method; /* interned; NULL: no request */
	uint64_t request, token, id, trace; /* hashes; 0: none */
	uint64_t endpoint; /* method and path but for ids in it; likewise */
	uint64_t client;    /* hash of its address */
	uint64_t flow;	    /* its number on the route */
	uint64_t bytes_up;
	uint64_t bytes_down; /* of the answer; of HTTP, without its head */
	int attempt; /* -1: unsaid */
	int retry_after_s; /* as the answer asked; 0: it did not */
	int status;
	uint8_t outcome; /* enum call_outcome */
	bool degraded; /* its answer bears a mark of a worse one */
	bool probe;    /* a health check, as who filled this in knows */
	/* enum call_part: the request, to the server; the answer, by the
	 * server; the answer, to the client. */
	uint8_t forwarded, answered, delivered;
	bool refused;	/* the server's answer is an error */
	bool keyed;	/* its id tells the server that it was sent before */
	bool stores;	/* by what was asked something may be changed */
	bool commit;	/* it ends a transaction for good */
	bool in_transaction; /* it came while one was open */
};

struct calls {
	struct call *items; /* owned; by start_us once record_finish() ran */
	size_t count, room;
	size_t sorted; /* of them, from the front */
};

struct window {
	const char *fault, *kind; /* interned */
	int64_t from_us, to_us;	  /* to_us: INT64_MAX until it is cleared */
	size_t line, line_to; /* of its two ends; 0: none */
	bool clipped; /* it was armed earlier; what was then is forgotten */
	bool lasts;   /* it was still armed when the record was finished */
};

struct route {
	const char *name;	/* interned */
	const char *from, *to;	/* services, interned; NULL: unknown */
	size_t edge; /* the route whose calls cause its calls; RECORD_NONE */
	struct calls calls;	/* exchanges; and, without a method, streams,
				   and connections that a fault ended */
	struct calls connections;
	struct window *windows; /* owned; by from_us */
	size_t windows_count;
};

struct record {
	struct route *routes; /* owned */
	size_t routes_count;
	int64_t end_us;	  /* the last event */
	int64_t baseline_to_us; /* the first fault of all was armed then; 0:
				   as the windows have it */
	int64_t steady_us; /* so long calls must be good again to count as
			      recovered; 0: STEADY_US of steady.h */
	double steady_p95; /* and how many times the p95 of the baseline they
			      may take; 0: STEADY_P95 */
	int64_t noise_us; /* nf: p95 of our own lateness */
	uint64_t lost;	  /* events that the journal says are missing */
	size_t latest;	  /* the route that was asked for last */
};

void record_fini(struct record *r);
/* The route of that name, made if need be. Borrowed until the next one. */
struct route *record_route(struct record *r, const char *name);
/* Its index, or RECORD_NONE. */
size_t record_find(const struct record *r, const char *name);
/* A new call, zeroed but for attempt. Borrowed until the next one. */
struct call *record_add(struct calls *calls);
/* A fault is armed from now on (the window is copied), unless it is already. */
void record_arm(struct route *route, const struct window *window);
/* It was cleared at that time, of whatever kind it is; `line` of the journal
 * says so. */
void record_clear(struct route *route, const char *fault, int64_t at_us,
    size_t line);
/* After the last call was added: order by time, windows closed at the end,
 * edges found by services where none was given. May be repeated. */
void record_finish(struct record *r);

/* When what all calls are compared with is over: the first fault of all was
 * armed then; INT64_MAX: there was none. */
int64_t record_baseline_end(const struct record *r);

/* Do both lead to one service, for the same callers as far as that is said? */
bool route_is_twin(const struct route *route, const struct route *other);
/* Did the client get no answer that is good? Not for open ones. */
static inline bool
call_failed(const struct call *c)
{
	return c->outcome != CALL_OK && c->outcome != CALL_OPEN;
}
/* Do both say of themselves, by an id, a trace or a token, that they belong to
 * one request? */
bool call_is_same(const struct call *a, const struct call *b);
/* Index of the first call that starts at or after `at_us`. */
size_t calls_from(const struct calls *calls, int64_t at_us);
/* Calls per second that begin within [from_us, to_us). */
double calls_rate(const struct calls *calls, int64_t from_us, int64_t to_us);

#endif
