/* SPDX-License-Identifier: Apache-2.0 */
/* One listening socket at work. It refuses or ignores connections where a
 * fault says so, and survives running out of descriptors. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include <event2/event_struct.h>
#include <sys/queue.h>

#include "proxy/acceptor.h"

struct listener {
	TAILQ_ENTRY(listener) entry;
	struct opened_listener opened;
	struct event ev;
	struct event_base *base;
	const struct plan_listener *plan; /* of the plan in force */
	int effect;			  /* enum listener_effect in force */
	bool paused, accepting;
	bool ignored; /* it ignored connections once: those it accepts may
			 have taken that over, and would be deaf for ever */
	void (*on_accept)(struct listener *, int fd,
	    const struct sockaddr_storage *peer);
	void (*on_starved)(struct listener *); /* EMFILE and its like */
	void *owner;
};
TAILQ_HEAD(listener_list, listener);

/* Puts the socket to work as `effect` and `paused` say; the only function
 * that touches the event and the socket's state. */
void listener_update(struct listener *l, enum listener_effect effect,
    bool paused);
/* Makes of the socket what the plan in force wants it to be; what cannot be is
 * logged. */
void listener_follow(struct listener *l);
/* Takes it out of the loop and closes the socket. */
void listener_close(struct listener *l);

#endif
