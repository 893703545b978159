/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP message whose head is about to enter a link, as the message slot of
 * a fault kind sees it. The HTTP hosts implement it (proxy/http1_message.c and
 * its like for other versions); faults edit through these calls only, and what
 * nobody edits leaves byte for byte as it came. */
#ifndef FAULTS_MESSAGE_H
#define FAULTS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "faults/fault.h"

/* What a body passes through on its way. */
struct message_filter {
	/* `end` is set once, with the last (perhaps empty) piece. */
	void (*run)(void *arg, struct str *out, const void *data, size_t len,
	    bool end);
	void (*drop)(void *arg); /* frees arg; NULL: nothing to free */
	void *arg;
};

struct message_ops {
	/* n-th value of a header (name without regard to case). */
	bool (*header)(const struct message *, const char *name, size_t n,
	    struct view *value);
	/* Replaces every header of that name by one; adds it if absent. */
	void (*set_header)(struct message *, const char *name,
	    const char *value);
	/* Adds one behind the others. */
	void (*add_header)(struct message *, const char *name,
	    const char *value);
	/* Removes every header of that name. */
	void (*remove_header)(struct message *, const char *name);
	/* Responses: another status, with its standard reason. */
	void (*set_status)(struct message *, int status);
	/* The body becomes these bytes (copied); framing follows. */
	void (*set_body)(struct message *, const void *data, size_t len);
	/* Body bytes, decoded, pass through the filter (copied), framing
	 * follows. The message takes its arg and drops it in any case, also
	 * where there is no body to filter: it may outlive its stage. */
	void (*filter_body)(struct message *, struct message_filter filter);
	/* The whole message becomes these raw bytes (copied), well-formed or
	 * not; what the source sends is read and forgotten; then the flow
	 * ends as `how` says. */
	void (*set_raw)(struct message *, const void *data, size_t len,
	    enum flow_end how);
};

struct message {
	const struct message_ops *ops;
	bool is_request;
	int status;	    /* responses; 0 on requests */
	bool is_traced;	    /* requests: traceparent or tracestate is there */
	int64_t body_len; /* Content-Length; 0: none; -1: unknown (chunked,
			     until close) */
	struct view head; /* the head's bytes as received; on HTTP/2 in the
			     syntax of HTTP/1 */
	bool on_wire;	  /* `head` and raw bytes are those of the wire; if
			     not (HTTP/2), raw bytes can only be none, or a
			     head in the syntax of HTTP/1 and a body */
};

#endif
