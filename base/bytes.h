/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of bytes made of counted slabs. Bytes move from queue to queue
 * without being copied; every segment carries the time at which it nominally
 * arrived where it is. One thread owns a pool, its queues and its slabs. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/attr.h"

#define SLAB_SIZE (64 * 1024)

/* Memory shared by the segments that point into it. */
struct slab {
	uint32_t refs;
	uint32_t size; /* bytes in data[] */
	struct slab *next;
	unsigned char data[];
};

struct seg {
	struct seg *next;
	struct slab *slab; /* one reference owned */
	uint32_t off, len; /* 0: an empty datagram */
	int64_t time_us;   /* nominal arrival */
};

/* Spare slabs and segments of one thread. Zeroed memory is an empty pool. */
struct bytes_pool {
	struct slab *slabs;
	struct seg *segs;
	size_t spare_slabs, spare_segs;
	size_t live_bytes; /* slab memory handed out now */
};

struct bytes {
	struct bytes_pool *pool;
	struct seg *head, *tail;
	size_t len; /* sum of the segments' lengths */
};

/* Frees what the pool keeps; every slab must have come back. */
void bytes_pool_fini(struct bytes_pool *pool);
/* Gives spare memory back to the system, beyond a small reserve. */
void bytes_pool_trim(struct bytes_pool *pool);

/* A slab of SLAB_SIZE bytes with one reference, returned owned. */
struct slab *slab_get(struct bytes_pool *pool);
/* Drops one reference. */
void slab_put(struct bytes_pool *pool, struct slab *slab);

/* An empty queue; borrows the pool. */
void bytes_init(struct bytes *q, struct bytes_pool *pool);
/* True if there is nothing in it, not even an empty datagram. */
static inline bool
bytes_empty(const struct bytes *q)
{
	return q->head == NULL;
}
/* Drops all bytes; the queue may be used again. Zeroed memory is accepted. */
void bytes_fini(struct bytes *q);
/* Appends slab bytes [off, off+len); adds a reference. Nothing if len is 0. */
void bytes_add_slab(struct bytes *q, struct slab *slab, uint32_t off,
    uint32_t len, int64_t time_us);
/* Appends a copy. Joins the last segment where its slab has room, is not
 * shared and carries the same time. */
void bytes_add(struct bytes *q, const void *data, size_t len, int64_t time_us);
/* Moves the first n bytes (n <= src->len) to the end of dst, which is another
 * queue of the same pool; times are kept unless time_us >= 0, which then stamps
 * them all. */
void bytes_move(struct bytes *dst, struct bytes *src, size_t n,
    int64_t time_us);
/* Moves everything to the end of dst, another queue of the same pool; times
 * are kept, and src is empty afterwards. */
void bytes_join(struct bytes *dst, struct bytes *src);
/* Drops the first n bytes (n <= q->len). */
void bytes_drop(struct bytes *q, size_t n);
/* Copies up to n bytes from offset `off` to `to`; returns how many. */
size_t bytes_peek(const struct bytes *q, size_t off, void *to, size_t n);
/* Offset of the first `needle` at or behind `from`, or SIZE_MAX; an empty one
 * is found at `from` itself. */
size_t bytes_find(const struct bytes *q, size_t from, const void *needle,
    size_t len);
/* Flips bits: the byte at `off` (< q->len) becomes itself XOR mask. A shared
 * slab is copied first. */
void bytes_xor(struct bytes *q, size_t off, unsigned char mask);
/* Fills iov[] with up to `max` entries and `limit` bytes from the front;
 * returns the number of entries. Borrowed until the queue changes. */
int bytes_iov(const struct bytes *q, struct iovec *iov, int max, size_t limit);

/* --- queues in which every segment is one datagram ------------------------ */

/* Appends a copy as a segment of its own; len is at most SLAB_SIZE. */
void bytes_add_datagram(struct bytes *q, const void *data, size_t len,
    int64_t time_us);
/* Takes the nth segment (from 0; it must be there) out of the queue; returns
 * it owned. */
struct seg *bytes_cut(struct bytes *q, size_t nth);
/* Appends a segment of the same pool; takes it. */
void bytes_put(struct bytes *q, struct seg *seg);
/* Another segment over the same memory; returned owned. */
struct seg *seg_copy(struct bytes_pool *pool, const struct seg *seg);
/* Drops a segment. */
void seg_put(struct bytes_pool *pool, struct seg *seg);

#endif
