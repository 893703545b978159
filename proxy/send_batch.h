/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be sent on many sockets, handed to the kernel in one call
 * (io_uring), where many calls would cost more than what they do. For one
 * thread. */
#ifndef PROXY_SEND_BATCH_H
#define PROXY_SEND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct send_batch;

/* An empty one, owned; NULL where the kernel is too old or does not allow it:
 * then everybody sends for himself. */
struct send_batch *send_batch_new(void);
void send_batch_free(struct send_batch *b);
/* Takes no more before it is run; so does NULL. */
bool send_batch_full(const struct send_batch *b);
/* Notes bytes to be sent on a socket; they are borrowed until
 * send_batch_run(), as is `result`. False: it is full. */
bool send_batch_add(struct send_batch *b, int fd, const void *data, size_t len,
    ssize_t *result);
/* Sends what was noted, as far as the kernel takes it at once: each result is
 * how many bytes went, or an errno, negative. */
void send_batch_run(struct send_batch *b);

#endif
