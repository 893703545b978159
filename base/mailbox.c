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
}

void
mailbox_post(struct mailbox *box, struct mail *mail)
{
	struct mail *before =
	    atomic_load_explicit(&box->newest, memory_order_relaxed);
	uint64_t one = 1;

	assert(mail->deliver != NULL);
	do {
		mail->next = before;
	} while (!atomic_compare_exchange_weak_explicit(&box->newest, &before,
	    mail, memory_order_release, memory_order_relaxed));
	/* The only possible error is EAGAIN at 2^64-2 unread wake-ups, which
	 * would wake the receiver just as well. */
	if (before == NULL && write(box->fd, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN);
}

int
mailbox_fd(const struct mailbox *box)
{
	return box->fd;
}

void
mailbox_run(struct mailbox *box, void *arg)
{
	struct mail *newest, *oldest = NULL;
	uint64_t wakes;

	/* First the wake-ups, then the mail: a post in between wakes again. */
	if (read(box->fd, &wakes, sizeof(wakes)) < 0)
		assert(errno == EAGAIN);
	newest = atomic_exchange_explicit(&box->newest, NULL,
	    memory_order_acquire);
	while (newest != NULL) {
		struct mail *mail = newest;

		newest = mail->next;
		mail->next = oldest;
		oldest = mail;
	}
	while (oldest != NULL) {
		struct mail *mail = oldest;

		oldest = mail->next;
		mail->deliver(mail, arg);
	}
}
