/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP message in memory for tests of message slots: it keeps a record of
 * every edit. */
#ifndef HARNESS_MESSAGE_FAKE_H
#define HARNESS_MESSAGE_FAKE_H

#include "faults/message.h"

struct message_fake {
	struct message message; /* first; set what the test is about */
	struct str edits;	/* "set Name=value\n", "status 500\n", … */
	struct str body;	/* of set_body, or what the filter put out */
	struct str raw;
	bool has_body, has_raw;
	enum flow_end how;
	struct message_filter filter; /* the last one; run NULL: none */
};

/* A response of that status whose body has body_len bytes (see struct
 * message). */
void message_fake_init(struct message_fake *m, int status, int64_t body_len);
void message_fake_fini(struct message_fake *m);
/* Sends a piece of the body through the filter, which must be there. */
void message_fake_body(struct message_fake *m, const char *text, bool end);

#endif
