/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of io_uring as far as sending at once needs one.
 *
 *   add ─► submission entries ─run─► completions ─► where each result belongs
 *
 * MSG_DONTWAIT makes each of them complete within the one call, so that
 * nothing is under way between calls and no memory is lent for longer. */
#include "proxy/send_batch.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define SLOTS 128 /* a power of two */
/* Kernels with both (5.7) can send, too. */
#define FEATURES (IORING_FEAT_SINGLE_MMAP | IORING_FEAT_FAST_POLL)

struct send_batch {
	int ring_fd;
	void *rings; /* shared with the kernel, as is all that points there */
	size_t rings_size;
	struct io_uring_sqe *entries;
	atomic_uint *sq_head, *sq_tail, *cq_head, *cq_tail;
	struct io_uring_cqe *done;
	unsigned done_mask;
	unsigned count; /* noted and not sent yet */
	ssize_t *results[SLOTS]; /* borrowed until they are */
};

static atomic_uint *
counter_at(const struct send_batch *b, uint32_t offset)
{
	return (atomic_uint *)(void *)((char *)b->rings + offset);
}

static bool
map(struct send_batch *b, const struct io_uring_params *p)
{
	size_t sq = p->sq_off.array + p->sq_entries * sizeof(uint32_t);
	size_t cq = p->cq_off.cqes + p->cq_entries * sizeof(*b->done);
	void *entries;

	b->rings_size = MAX(sq, cq);
	b->rings = mmap(NULL, b->rings_size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE, b->ring_fd, IORING_OFF_SQ_RING);
	if (b->rings == MAP_FAILED)
		return false;
	entries = mmap(NULL, SLOTS * sizeof(*b->entries),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, b->ring_fd,
	    IORING_OFF_SQES);
	if (entries == MAP_FAILED)
		return false;
	b->entries = entries;
	b->sq_head = counter_at(b, p->sq_off.head);
	b->sq_tail = counter_at(b, p->sq_off.tail);
	b->cq_head = counter_at(b, p->cq_off.head);
	b->cq_tail = counter_at(b, p->cq_off.tail);
	b->done = (void *)((char *)b->rings + p->cq_off.cqes);
	b->done_mask = p->cq_entries - 1;
	/* The nth place of the ring holds the nth entry, for good. */
	for (unsigned i = 0; i < SLOTS; i++)
		atomic_init(counter_at(b, p->sq_off.array) + i, i);
	return true;
}

struct send_batch *
send_batch_new(void)
{
	struct io_uring_params p = {0};
	int fd = (int)syscall(SYS_io_uring_setup, SLOTS, &p);
	struct send_batch *b;

	if (fd < 0)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->ring_fd = fd;
	b->rings = MAP_FAILED;
	if ((p.features & FEATURES) == FEATURES && map(b, &p))
		return b;
	send_batch_free(b);
	return NULL;
}

void
send_batch_free(struct send_batch *b)
{
	if (b == NULL)
		return;
	if (b->entries != NULL)
		munmap(b->entries, SLOTS * sizeof(*b->entries));
	if (b->rings != MAP_FAILED)
		munmap(b->rings, b->rings_size);
	close(b->ring_fd);
	free(b);
}

bool
send_batch_full(const struct send_batch *b)
{
	return b == NULL || b->count == SLOTS;
}

bool
send_batch_add(struct send_batch *b, int fd, const void *data, size_t len,
    ssize_t *result)
{
	unsigned tail;

	if (send_batch_full(b))
		return false;
	tail = atomic_load_explicit(b->sq_tail, memory_order_relaxed);
	b->entries[tail % SLOTS] = (struct io_uring_sqe){
	    .opcode = IORING_OP_SEND,
	    .fd = fd,
	    .addr = (uintptr_t)data,
	    .len = (uint32_t)MIN(len, INT32_MAX),
	    .msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT,
	    .user_data = b->count,
	};
	atomic_store_explicit(b->sq_tail, tail + 1, memory_order_release);
	*result = -EAGAIN;
	b->results[b->count++] = result;
	return true;
}

void
send_batch_run(struct send_batch *b)
{
	unsigned at, end;

	if (b == NULL || b->count == 0)
		return;
	/* What the kernel did not look at keeps EAGAIN, and is not there the
	 * next time. */
	syscall(SYS_io_uring_enter, b->ring_fd, b->count, b->count,
	    IORING_ENTER_GETEVENTS, NULL, 0);
	atomic_store_explicit(b->sq_tail,
	    atomic_load_explicit(b->sq_head, memory_order_acquire),
	    memory_order_release);
	at = atomic_load_explicit(b->cq_head, memory_order_relaxed);
	end = atomic_load_explicit(b->cq_tail, memory_order_acquire);
	for (; at != end; at++) {
		const struct io_uring_cqe *c = &b->done[at & b->done_mask];

		*b->results[c->user_data] = c->res;
	}
	atomic_store_explicit(b->cq_head, at, memory_order_release);
	b->count = 0;
}
