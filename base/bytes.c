/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of bytes made of counted slabs.
 *
 *   bytes ─► seg ─► seg ─► seg          each: [off, off+len) of a slab, time
 *             │       │       └──► slab (64 KiB, from the pool)
 *             └───────┴──────────► slab (shared after a split)
 *
 * Small pieces are copied into slabs of their own size class, so that a few
 * held bytes never pin 64 KiB. */
#include "base/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define SPARE_SLABS_MAX 64
#define SPARE_SEGS_MAX	4096
#define SMALL_MIN	256

static struct slab *
slab_new(struct bytes_pool *pool, size_t size)
{
	struct slab *slab = xmalloc(sizeof(*slab) + size);

	slab->refs = 1;
	slab->size = (uint32_t)size;
	slab->next = NULL;
	pool->live_bytes += size;
	return slab;
}

struct slab *
slab_get(struct bytes_pool *pool)
{
	struct slab *slab = pool->slabs;

	if (slab == NULL)
		return slab_new(pool, SLAB_SIZE);
	pool->slabs = slab->next;
	pool->spare_slabs--;
	pool->live_bytes += SLAB_SIZE;
	slab->refs = 1;
	return slab;
}

void
slab_put(struct bytes_pool *pool, struct slab *slab)
{
	assert(slab->refs > 0);
	if (--slab->refs > 0)
		return;
	pool->live_bytes -= slab->size;
	if (slab->size != SLAB_SIZE || pool->spare_slabs >= SPARE_SLABS_MAX) {
		free(slab);
		return;
	}
	slab->next = pool->slabs;
	pool->slabs = slab;
	pool->spare_slabs++;
}

static struct seg *
seg_get(struct bytes_pool *pool)
{
	struct seg *seg = pool->segs;

	if (seg == NULL)
		return xmalloc(sizeof(*seg));
	pool->segs = seg->next;
	pool->spare_segs--;
	return seg;
}

void
seg_put(struct bytes_pool *pool, struct seg *seg)
{
	slab_put(pool, seg->slab);
	if (pool->spare_segs >= SPARE_SEGS_MAX) {
		free(seg);
		return;
	}
	seg->next = pool->segs;
	pool->segs = seg;
	pool->spare_segs++;
}

void
bytes_pool_trim(struct bytes_pool *pool)
{
	while (pool->spare_slabs > 4) {
		struct slab *slab = pool->slabs;

		pool->slabs = slab->next;
		pool->spare_slabs--;
		free(slab);
	}
	while (pool->spare_segs > 64) {
		struct seg *seg = pool->segs;

		pool->segs = seg->next;
		pool->spare_segs--;
		free(seg);
	}
}

void
bytes_pool_fini(struct bytes_pool *pool)
{
	struct slab *slab;
	struct seg *seg;

	assert(pool->live_bytes == 0);
	while ((slab = pool->slabs) != NULL) {
		pool->slabs = slab->next;
		free(slab);
	}
	while ((seg = pool->segs) != NULL) {
		pool->segs = seg->next;
		free(seg);
	}
	*pool = (struct bytes_pool){0};
}

void
bytes_init(struct bytes *q, struct bytes_pool *pool)
{
	*q = (struct bytes){.pool = pool};
}

void
bytes_fini(struct bytes *q)
{
	while (q->head != NULL)
		seg_put(q->pool, bytes_cut(q, 0));
}

static void
append(struct bytes *q, struct seg *seg)
{
	seg->next = NULL;
	if (q->tail != NULL)
		q->tail->next = seg;
	else
		q->head = seg;
	q->tail = seg;
	q->len += seg->len;
}

void
bytes_add_slab(struct bytes *q, struct slab *slab, uint32_t off, uint32_t len,
    int64_t time_us)
{
	struct seg *seg;

	if (len == 0)
		return;
	assert(off + len <= slab->size);
	seg = seg_get(q->pool);
	slab->refs++;
	*seg = (struct seg){
	    .slab = slab, .off = off, .len = len, .time_us = time_us};
	append(q, seg);
}

/* Room behind the last segment, if nobody else can see that memory. */
static size_t
tail_room(const struct bytes *q, int64_t time_us)
{
	const struct seg *tail = q->tail;

	if (tail == NULL || tail->time_us != time_us || tail->slab->refs != 1)
		return 0;
	return tail->slab->size - tail->off - tail->len;
}

void
bytes_add(struct bytes *q, const void *data, size_t len, int64_t time_us)
{
	const unsigned char *from = data;

	while (len > 0) {
		size_t n = MIN(tail_room(q, time_us), len);
		struct slab *slab;

		if (n > 0) {
			memcpy(q->tail->slab->data + q->tail->off +
				q->tail->len,
			    from, n);
			q->tail->len += (uint32_t)n;
			q->len += n;
			from += n;
			len -= n;
			continue;
		}
		n = MIN(len, (size_t)SLAB_SIZE);
		slab = n > SLAB_SIZE / 4 ? slab_get(q->pool)
					 : slab_new(q->pool, MAX(n, SMALL_MIN));
		memcpy(slab->data, from, n);
		bytes_add_slab(q, slab, 0, (uint32_t)n, time_us);
		slab_put(q->pool, slab);
		from += n;
		len -= n;
	}
}

void
bytes_move(struct bytes *dst, struct bytes *src, size_t n, int64_t time_us)
{
	assert(n <= src->len);
	while (n > 0) {
		struct seg *seg = src->head;

		if (seg->len > n) {
			bytes_add_slab(dst, seg->slab, seg->off, (uint32_t)n,
			    time_us >= 0 ? time_us : seg->time_us);
			seg->off += (uint32_t)n;
			seg->len -= (uint32_t)n;
			src->len -= n;
			return;
		}
		src->head = seg->next;
		if (src->head == NULL)
			src->tail = NULL;
		src->len -= seg->len;
		n -= seg->len;
		if (time_us >= 0)
			seg->time_us = time_us;
		append(dst, seg);
	}
}

void
bytes_join(struct bytes *dst, struct bytes *src)
{
	if (src->head == NULL)
		return;
	if (dst->tail != NULL)
		dst->tail->next = src->head;
	else
		dst->head = src->head;
	dst->tail = src->tail;
	dst->len += src->len;
	bytes_init(src, src->pool);
}

void
bytes_drop(struct bytes *q, size_t n)
{
	assert(n <= q->len);
	q->len -= n;
	while (n > 0) {
		struct seg *seg = q->head;

		if (seg->len > n) {
			seg->off += (uint32_t)n;
			seg->len -= (uint32_t)n;
			return;
		}
		n -= seg->len;
		q->head = seg->next;
		if (q->head == NULL)
			q->tail = NULL;
		seg_put(q->pool, seg);
	}
}

size_t
bytes_peek(const struct bytes *q, size_t off, void *to, size_t n)
{
	unsigned char *out = to;
	size_t done = 0;

	for (const struct seg *seg = q->head; seg && done < n;
	     seg = seg->next) {
		size_t take;

		if (off >= seg->len) {
			off -= seg->len;
			continue;
		}
		take = MIN(seg->len - off, n - done);
		memcpy(out + done, seg->slab->data + seg->off + off, take);
		done += take;
		off = 0;
	}
	return done;
}

/* True if `needle` stands at `off` of `seg`, running on into what follows. */
static bool
matches_at(const struct seg *seg, size_t off, const unsigned char *needle,
    size_t len)
{
	while (len > 0) {
		size_t n;

		if (seg == NULL)
			return false;
		n = MIN(seg->len - off, len);
		if (memcmp(seg->slab->data + seg->off + off, needle, n) != 0)
			return false;
		needle += n;
		len -= n;
		seg = seg->next;
		off = 0;
	}
	return true;
}

size_t
bytes_find(const struct bytes *q, size_t from, const void *needle, size_t len)
{
	const unsigned char *first = needle;
	size_t base = 0;

	if (len == 0)
		return from <= q->len ? from : SIZE_MAX;
	for (const struct seg *seg = q->head; seg;
	     base += seg->len, seg = seg->next) {
		const unsigned char *data = seg->slab->data + seg->off;
		size_t off = from > base ? from - base : 0;

		while (off < seg->len) {
			const unsigned char *hit =
			    memchr(data + off, *first, seg->len - off);

			if (hit == NULL)
				break;
			off = (size_t)(hit - data);
			if (matches_at(seg, off, first, len))
				return base + off;
			off++;
		}
	}
	return SIZE_MAX;
}

void
bytes_xor(struct bytes *q, size_t off, unsigned char mask)
{
	struct seg *seg = q->head;

	assert(off < q->len);
	while (off >= seg->len) {
		off -= seg->len;
		seg = seg->next;
	}
	if (seg->slab->refs > 1) {
		struct slab *copy = slab_new(q->pool, seg->len);

		memcpy(copy->data, seg->slab->data + seg->off, seg->len);
		slab_put(q->pool, seg->slab);
		seg->slab = copy;
		seg->off = 0;
	}
	seg->slab->data[seg->off + off] ^= mask;
}

int
bytes_iov(const struct bytes *q, struct iovec *iov, int max, size_t limit)
{
	int n = 0;

	for (const struct seg *seg = q->head; seg && n < max && limit > 0;
	     seg = seg->next, n++) {
		iov[n].iov_base = seg->slab->data + seg->off;
		iov[n].iov_len = MIN(seg->len, limit);
		limit -= iov[n].iov_len;
	}
	return n;
}

/* --- datagrams --- */

void
bytes_add_datagram(struct bytes *q, const void *data, size_t len,
    int64_t time_us)
{
	struct slab *slab = len > SLAB_SIZE / 4
	    ? slab_get(q->pool)
	    : slab_new(q->pool, MAX(len, SMALL_MIN));
	struct seg *seg = seg_get(q->pool);

	assert(len <= SLAB_SIZE);
	if (len > 0)
		memcpy(slab->data, data, len);
	*seg = (struct seg){
	    .slab = slab, .len = (uint32_t)len, .time_us = time_us};
	append(q, seg);
}

struct seg *
bytes_cut(struct bytes *q, size_t nth)
{
	struct seg *before = NULL, *seg = q->head;

	for (; nth > 0; nth--) {
		before = seg;
		seg = seg->next;
	}
	if (before != NULL)
		before->next = seg->next;
	else
		q->head = seg->next;
	if (q->tail == seg)
		q->tail = before;
	q->len -= seg->len;
	seg->next = NULL;
	return seg;
}

void
bytes_put(struct bytes *q, struct seg *seg)
{
	append(q, seg);
}

struct seg *
seg_copy(struct bytes_pool *pool, const struct seg *seg)
{
	struct seg *copy = seg_get(pool);

	*copy = *seg;
	copy->next = NULL;
	copy->slab->refs++;
	return copy;
}
