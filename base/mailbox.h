/* SPDX-License-Identifier: Apache-2.0 */
/* A mailbox: any thread posts, one thread takes. Mail is embedded in what it
 * carries, so posting allocates nothing and cannot fail; an eventfd wakes the
 * receiver's loop, once for however much mail has gathered. */
#ifndef BASE_MAILBOX_H
#define BASE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/error.h"

/* Embedded in the message. From mailbox_post() until deliver() runs it belongs
 * to the box; deliver owns it again and may free or post it. */
struct mail {
	struct mail *next;
	/* Runs on the receiver's thread; `arg` is mailbox_run()'s. */
	void (*deliver)(struct mail *, void *arg);
};

struct mailbox {
	int fd;			       /* eventfd */
	bool ready;		       /* fd is open */
	_Atomic(struct mail *) newest; /* a stack; NULL: empty */
	struct mail *taken, *last; /* the receiver's, oldest first */
};

/* Makes an empty box. False (and err filled in) without a descriptor. */
bool mailbox_init(struct mailbox *box, struct error *err) WARN_UNUSED;
/* Closes the box; nobody may post any more. Mail still inside is forgotten:
 * call mailbox_run() before, where it owns something. Zeroed memory is
 * accepted. */
void mailbox_fini(struct mailbox *box);
/* Posts from any thread; takes the mail. */
void mailbox_post(struct mailbox *box, struct mail *mail);
/* A non-blocking descriptor that is readable while mail may wait. Borrowed. */
int mailbox_fd(const struct mailbox *box);
/* Delivers what was posted before the call, in order of posting. Mail posted
 * by a delivery waits for the next run. Receiver's thread only. */
void mailbox_run(struct mailbox *box, void *arg);
/* The same for at most that many; the descriptor stays readable for the rest,
 * so that a loop comes to its other events in between. */
void mailbox_run_some(struct mailbox *box, void *arg, size_t most);

#endif
