/* SPDX-License-Identifier: Apache-2.0 */
/* What a protocol layer is to a worker: it takes accepted connections and may
 * keep things of its own per worker (idle upstream connections, say). Adding
 * a protocol is one line in protocols.c. */
#ifndef PROXY_PROTOCOL_H
#define PROXY_PROTOCOL_H

#include "proxy/session.h"

struct protocol_ops {
	/* Makes a session; takes all that `from` owns. NULL: it has no
	 * connections. */
	void (*accept)(struct worker *, const struct plan_listener *,
	    const struct accepted *from);
	/* What clients say before they begin with TLS, where the proxy speaks
	 * it: how many bytes that is, and what is answered (one byte). 0:
	 * these begin with TLS, or with nothing of the kind; SIZE_MAX: more
	 * are needed to tell. NULL: they begin with TLS. */
	size_t (*offer)(const struct plan_listener *, const char *data,
	    size_t len, char *answer);
	/* What an upstream is asked before TLS begins, where it speaks it; it
	 * answers one byte, S: yes. 0: nothing. NULL: nothing. */
	size_t (*asks)(int protocol, const char **question);
	/* The worker has a new plan (its sessions are reconciled); the old
	 * one is freed after the call. NULL: nothing to do. */
	void (*reconcile)(struct worker *);
	/* Now and then: give spare memory back. NULL: nothing to do. */
	void (*trim)(struct worker *);
	/* The worker ends; its sessions are gone. NULL: nothing to do. */
	void (*fini)(struct worker *);
};

/* What a name of ALPN stands for on listeners of a protocol; other names
 * change nothing. */
struct protocol_alpn {
	int protocol; /* of the listener: enum conf_protocol */
	const char *alpn;
	const struct protocol_ops *ops;
};

/* The protocols there are. Workers are given them, so that what lies below
 * protocols need not know any. */
struct protocols {
	const struct protocol_ops *of[PROTOCOL_COUNT]; /* enum conf_protocol */
	const struct protocol_alpn *by_alpn;
	size_t by_alpn_count;
};
extern const struct protocols all_protocols;

/* Who speaks with the clients of that listener, once they agreed by TLS on a
 * protocol ("": they did not). */
const struct protocol_ops *protocol_of(const struct protocols *protocols,
    const struct plan_listener *listener, const char *alpn);

extern const struct protocol_ops tcp_protocol, http1_protocol, http2_protocol,
    udp_protocol, dns_protocol, data_protocol;

#endif
