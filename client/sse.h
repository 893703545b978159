/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of text/event-stream (server-sent events: WHATWG's HTML Standard,
 * 9.2), fed with pieces of any size. Ids and retry times are passed over. */
#ifndef CLIENT_SSE_H
#define CLIENT_SSE_H

#include "base/str.h"

/* Zeroed but for its callback. */
struct sse {
	/* One event: its type ("message" unless said) and data, both borrowed.
	 * False: enough. */
	bool (*on_event)(void *arg, const char *type, const char *data);
	void *arg;
	struct str line, type, data; /* owned */
	bool has_data, skip_lf;
};

/* Feeds bytes. False once on_event returned false, or if a line or an event is
 * longer than any that faultwire sends: no more is to be fed before
 * sse_restart(). */
bool sse_feed(struct sse *s, struct view bytes);
/* Forgets a half event: the next bytes are of a new stream. */
void sse_restart(struct sse *s);
void sse_fini(struct sse *s);

#endif
