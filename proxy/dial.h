/* SPDX-License-Identifier: Apache-2.0 */
/* Reaching an upstream: resolve its name, try its addresses in turn within
 * one time-out, and hand over a connected socket. Never blocks a worker. */
#ifndef PROXY_DIAL_H
#define PROXY_DIAL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/model.h"

struct dial;
struct flow;
struct route_counts;
struct worker;

/* X(enum, word in events and metrics, RFC 9209's word for the error) */
#define DIAL_RESULTS(X)                                                        \
	X(DIAL_OK, "ok", NULL)                                                 \
	X(DIAL_REFUSED, "refused", "connection_refused")                       \
	/* accepted, and reset at once */                                      \
	X(DIAL_RESET, "reset", "connection_terminated")                        \
	X(DIAL_TIMEOUT, "timeout", "connection_timeout")                       \
	X(DIAL_UNREACHABLE, "unreachable", "destination_ip_unroutable")        \
	X(DIAL_DNS, "dns", "dns_error")

enum dial_result {
#define X(id, word, error) id,
	DIAL_RESULTS(X)
#undef X
};

/* "ok", … */
const char *dial_result_name(enum dial_result result);
/* "connection_refused", …; NULL for DIAL_OK. */
const char *dial_result_error(enum dial_result result);

/* Counts a dial that ended, after `us`. */
void dial_count(struct route_counts *counts, enum dial_result result,
    int64_t us);

/* Tells of a dial for `f` that ended now and began at since_us. */
void dial_tell(const struct flow *f, enum dial_result result,
    int64_t since_us);

/* fd is owned by the callee, connected, non-blocking, TCP_NODELAY; -1 unless
 * result is DIAL_OK. */
typedef void (*dial_done_fn)(void *arg, enum dial_result result, int fd);

/* Begins. `to` is borrowed until done. The callback runs once, from the event
 * loop or (when the answer is there at once) before dial_start returns; then
 * the return value is NULL. Otherwise the handle is valid until the callback
 * or dial_cancel. */
struct dial *dial_start(struct worker *worker, const struct conf_address *to,
    int64_t timeout_us, dial_done_fn done, void *arg);
/* Forgets a dial under way; its callback never runs. NULL is accepted. */
void dial_cancel(struct dial *dial);

#endif
