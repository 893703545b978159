/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks are aligned to their size: an object's address says whose it is.
 *
 *   block:  head │ object │ object │ … │ never taken yet
 *                  those that came back are chained */
#include "base/zone.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/xalloc.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#define ALIGN _Alignof(max_align_t)
#define HEAD  ((sizeof(struct zone_block) + ALIGN - 1) / ALIGN * ALIGN)

struct zone_block {
	LIST_ENTRY(zone_block) entry; /* of those with room */
	void *free;		      /* chain of objects that came back */
	size_t taken;
	size_t fresh; /* how many were ever taken */
};

static size_t
stride_of(const struct zone *z)
{
	return (z->size + ALIGN - 1) / ALIGN * ALIGN;
}

static bool
is_full(const struct zone *z, const struct zone_block *b)
{
	return b->free == NULL &&
	    HEAD + (b->fresh + 1) * stride_of(z) > ZONE_BLOCK;
}

/* Twice as much is mapped, and what lies beside the aligned block let go. */
static void
map_block(struct zone *z)
{
	char *all = mmap(NULL, 2 * ZONE_BLOCK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct zone_block *b;
	size_t before;

	if (all == MAP_FAILED)
		xalloc_refused("a block of objects");
	before = -(uintptr_t)all % ZONE_BLOCK;
	if (before > 0)
		munmap(all, before);
	munmap(all + before + ZONE_BLOCK, ZONE_BLOCK - before);
	b = (void *)(all + before);
	ASAN_POISON_MEMORY_REGION((char *)b + HEAD, ZONE_BLOCK - HEAD);
	LIST_INSERT_HEAD(&z->open, b, entry);
	z->blocks++;
}

static void
unmap_block(struct zone *z, struct zone_block *b)
{
	LIST_REMOVE(b, entry);
	z->blocks--;
	ASAN_UNPOISON_MEMORY_REGION(b, ZONE_BLOCK);
	munmap(b, ZONE_BLOCK);
}

void *
zone_take(struct zone *z, size_t size)
{
	struct zone_block *b;
	void *object;

	assert(size <= ZONE_SIZE_MAX && (z->size == 0 || z->size == size));
	z->size = size;
	if (LIST_EMPTY(&z->open))
		map_block(z);
	b = LIST_FIRST(&z->open);
	object = b->free;
	if (object == NULL)
		object = (char *)b + HEAD + b->fresh++ * stride_of(z);
	ASAN_UNPOISON_MEMORY_REGION(object, size);
	if (object == b->free)
		memcpy(&b->free, object, sizeof(b->free));
	b->taken++;
	if (is_full(z, b))
		LIST_REMOVE(b, entry);
	return memset(object, 0, size);
}

void
zone_give(struct zone *z, void *object)
{
	struct zone_block *b;

	if (object == NULL)
		return;
	b = (void *)((uintptr_t)object & ~(uintptr_t)(ZONE_BLOCK - 1));
	if (is_full(z, b))
		LIST_INSERT_HEAD(&z->open, b, entry);
	b->taken--;
	memcpy(object, &b->free, sizeof(b->free));
	b->free = object;
	ASAN_POISON_MEMORY_REGION(object, z->size);
	if (b->taken == 0 &&
	    (LIST_FIRST(&z->open) != b || LIST_NEXT(b, entry) != NULL))
		unmap_block(z, b);
}

void
zone_fini(struct zone *z)
{
	struct zone_block *b;

	while ((b = LIST_FIRST(&z->open)) != NULL) {
		assert(b->taken == 0);
		unmap_block(z, b);
	}
}
