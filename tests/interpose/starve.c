/* SPDX-License-Identifier: Apache-2.0 */
/* A library to preload: allocations fail by a plan that a test changes while
 * the program runs. STARVE in the environment names a file of one struct
 * starve_plan that both have mapped. Numbers count the allocations of all
 * threads since the plan was armed.
 *
 * Not beside ASan, whose allocator comes first. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As tests/scenarios/test_starved.py packs it. */
struct starve_plan {
	_Atomic uint64_t armed;
	_Atomic uint64_t nth;	/* that one fails; 0: none by its number */
	_Atomic uint64_t every; /* one in so many fails; 0: none by chance */
	_Atomic uint64_t seed;	/* of that chance */
	_Atomic uint64_t seen;	/* allocations while armed */
	_Atomic uint64_t failed;
	_Atomic uint64_t caller; /* address that the last failed one was for */
	_Atomic uint64_t size;	 /* and its bytes */
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static struct starve_plan nothing, *plan = &nothing;

__attribute__((constructor)) static void
map_plan(void)
{
	const char *path = getenv("STARVE");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	close(fd);
	if (at != MAP_FAILED)
		plan = at;
}

/* splitmix64 */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool
fails(size_t size, const void *caller)
{
	uint64_t n;

	if (!plan->armed)
		return false;
	n = atomic_fetch_add(&plan->seen, 1) + 1;
	if (n != plan->nth &&
	    (plan->every == 0 ||
		mix(plan->seed + n * 0x9e3779b97f4a7c15u) % plan->every != 0))
		return false;
	plan->failed++;
	plan->caller = (uintptr_t)caller;
	plan->size = size;
	errno = ENOMEM;
	return true;
}

#define CALLER __builtin_return_address(0)

void *
malloc(size_t size)
{
	return fails(size, CALLER) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails(count * size, CALLER) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *ptr, size_t size)
{
	return fails(size, CALLER) ? NULL : __libc_realloc(ptr, size);
}

void *
aligned_alloc(size_t align, size_t size)
{
	return fails(size, CALLER) ? NULL : __libc_memalign(align, size);
}

int
posix_memalign(void **to, size_t align, size_t size)
{
	if (fails(size, CALLER))
		return ENOMEM;
	*to = __libc_memalign(align, size);
	return *to != NULL ? 0 : ENOMEM;
}
