/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of Redis' replies, versions 2 and 3 of the protocol (RESP: redis.io,
 * Redis serialization protocol specification), fed with pieces of any size. It
 * keeps no reply: values go to a sink as they come. */
#ifndef LOAD_RESP_H
#define LOAD_RESP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define RESP_DEPTH    32 /* deepest nesting */
#define RESP_LINE_MAX (64 * 1024)

enum resp_result { RESP_MORE, RESP_DONE, RESP_BAD };

/* Zeroed, but for the sink, at the start of each reply. */
struct resp {
	/* Text of lines and strings; no types, no lengths. */
	void (*sink)(void *arg, struct view text);
	void *arg;
	struct str line; /* owned */
	int64_t left;	 /* bytes of a string, with its line break */
	bool in_string, error;
	struct {
		int64_t left;  /* values */
		bool is_reply; /* false: a push or an attribute beside it */
	} stack[RESP_DEPTH];
	unsigned depth;
};

/* Reads on; what was taken is cut off `data`. RESP_DONE: one reply is whole,
 * r->error says whether it is an error. RESP_BAD: it is none of the protocol's;
 * nothing more can be read. */
enum resp_result resp_feed(struct resp *r, struct view *data);
/* Ready for the next reply; the memory stays. */
void resp_reset(struct resp *r);
void resp_fini(struct resp *r);

#endif
