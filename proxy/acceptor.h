/* SPDX-License-Identifier: Apache-2.0 */
/* Listening and dealing out: the acceptor numbers every connection and hands
 * it to the workers in turn, so that numbers and decisions do not depend on
 * how threads run. Faults that act on a port act here. */
#ifndef PROXY_ACCEPTOR_H
#define PROXY_ACCEPTOR_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "proxy/plan.h"
#include "proxy/worker.h"

struct acceptor;

/* A bound, listening socket on its way to the acceptor. */
struct opened_listener {
	const char *id; /* interned */
	int fd;		/* owned */
	bool is_unix, is_datagram;
	bool transparent; /* takes connections by TPROXY */
	uint16_t port; /* as bound; 0: a Unix socket */
	unsigned mode; /* of a Unix socket's file; 0: as the umask says */
	char address[128]; /* as bound: "127.0.0.1:40123", "unix:/path" */
};

/* Binds and listens; the file of a Unix socket gets `mode` (0: as the umask
 * says), and replaces one that is left over from a crash. False: err names
 * the address and the reason. */
bool listener_open(const char *id, const struct conf_address *address,
    unsigned mode, struct opened_listener *to, struct error *err) WARN_UNUSED;
/* Binds a socket for datagrams; likewise. */
bool listener_open_datagram(const char *id, const struct conf_address *address,
    struct opened_listener *to, struct error *err) WARN_UNUSED;
/* Opens what a plan asks for, for connections or datagrams; likewise. */
bool listener_open_planned(const struct plan_listener *l,
    struct opened_listener *to, struct error *err) WARN_UNUSED;
/* True if accept() failed for want of descriptors or memory, so that it would
 * fail at once again. */
bool listener_is_starved(int error);
/* Closes it (and removes a Unix socket's file). */
void listener_discard(struct opened_listener *l);

/* Makes an acceptor that deals to `workers` (borrowed). With one worker it
 * runs on that worker's loop, otherwise on a thread of its own. */
struct acceptor *acceptor_new(struct worker **workers, size_t count,
    struct error *err);
void acceptor_start(struct acceptor *a);
/* Applies a plan: takes the newly opened listeners of streams, closes those
 * that the plan lacks, keeps the others. `done` runs on the acceptor's
 * thread. */
void acceptor_post_plan(struct acceptor *a, struct plan *plan,
    const struct opened_listener *opened, size_t opened_count,
    void (*done)(void *arg), void *arg);
/* Closes every listener; `done` likewise. */
void acceptor_post_close(struct acceptor *a, void (*done)(void *), void *arg);
/* Stops its thread and frees it. The workers must still be there. */
void acceptor_free(struct acceptor *a);

#endif
