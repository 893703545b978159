/* SPDX-License-Identifier: Apache-2.0 */
/* Posting pushes on a lock-free stack; the receiver takes the whole stack at
 * once and turns it round. No mail is ever popped singly, so the stack has no
 * ABA problem. */
#include "base/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool
mailbox_init(struct mailbox *box, struct error *err)
{
	atomic_init(&box->newest, NULL);
	box->taken = NULL;
	box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	box->ready = box->fd >= 0;
	if (!box->ready)
		return error_set(err, errno, "mailbox: eventfd: %s",
		    strerror(errno));
	return true;
}

void
mailbox_fini(struct mailbox *box)
{
	if (box->ready)
		close(box->fd);
	box->ready = false;
	atomic_store_explicit(&box->newest, NULL, memory_order_relaxed);
	box->taken = NULL;
}

static void
wake(struct mailbox *box)
{
	uint64_t one = 1;

	/* The only possible error is EAGAIN at 2^64-2 unread wake-ups, which
	 * would wake the receiver just as well. */
	if (write(box->fd, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN);
}

void
mailbox_post(struct mailbox *box, struct mail *mail)
{
	struct mail *before =
	    atomic_load_explicit(&box->newest, memory_order_relaxed);

	assert(mail->deliver != NULL);
	do {
		mail->next = before;
	} while (!atomic_compare_exchange_weak_explicit(&box->newest, &before,
	    mail, memory_order_release, memory_order_relaxed));
	if (before == NULL)
		wake(box);
}

int
mailbox_fd(const struct mailbox *box)
{
	return box->fd;
}

/* Puts what was posted behind what was taken before. */
static void
take(struct mailbox *box)
{
	struct mail *newest, *oldest = NULL, *last;

	newest = last = atomic_exchange_explicit(&box->newest, NULL,
	    memory_order_acquire);
	if (newest == NULL)
		return;
	while (newest != NULL) {
		struct mail *mail = newest;

		newest = mail->next;
		mail->next = oldest;
		oldest = mail;
	}
	if (box->taken == NULL)
		box->taken = oldest;
	else
		box->last->next = oldest;
	box->last = last;
}

void
mailbox_run_some(struct mailbox *box, void *arg, size_t most)
{
	uint64_t wakes;

	/* First the wake-ups, then the mail: a post in between wakes again. */
	if (read(box->fd, &wakes, sizeof(wakes)) < 0)
		assert(errno == EAGAIN);
	take(box);
	for (; most > 0 && box->taken != NULL; most--) {
		struct mail *mail = box->taken;

		box->taken = mail->next;
		mail->deliver(mail, arg);
	}
	if (box->taken != NULL)
		wake(box);
}

void
mailbox_run(struct mailbox *box, void *arg)
{
	mailbox_run_some(box, arg, SIZE_MAX);
}
