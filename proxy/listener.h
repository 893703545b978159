/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: opening them, and one at work. It refuses or ignores
 * connections where a fault says so, and survives running out of
 * descriptors. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "base/error.h"
#include "proxy/plan.h"

/* A bound socket (listening, unless it is for datagrams) on its way to who
 * puts it to work. */
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
/* Opens what a plan asks for, for connections or datagrams; likewise. */
bool listener_open_planned(const struct plan_listener *l,
    struct opened_listener *to, struct error *err) WARN_UNUSED;
/* True if accept() failed for want of descriptors or memory, so that it would
 * fail at once again. */
bool listener_is_starved(int error);
/* Closes it (and removes a Unix socket's file). */
void listener_discard(struct opened_listener *l);

/* --- at work --- */

struct listener {
	TAILQ_ENTRY(listener) entry;
	struct opened_listener opened;
	struct event ev;
	struct event_base *base;
	const struct plan_listener *plan; /* of the plan in force */
	int effect;			  /* enum listener_effect in force */
	bool accepting; /* ev is registered */
	bool ignored; /* it ignored connections once: those it accepts may
			 have taken that over, and would be deaf for ever */
	void (*on_accept)(struct listener *, int fd,
	    const struct sockaddr_storage *peer);
	void (*on_starved)(struct listener *); /* EMFILE and its like */
	void *owner;
};
TAILQ_HEAD(listener_list, listener);

/* Puts the socket to work as `effect` and `paused` say; the only function
 * that touches the event and the socket's state. While it is paused nothing is
 * accepted, and the kernel's queue fills. A port that refused and cannot listen
 * again goes on refusing, which is logged; the next call tries anew. */
void listener_update(struct listener *l, enum listener_effect effect,
    bool paused);
/* Makes of the socket what the plan in force wants it to be; what cannot be is
 * logged. */
void listener_reconcile(struct listener *l);
/* Takes it out of the loop and closes the socket. */
void listener_close(struct listener *l);

#endif
