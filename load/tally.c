/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, and a log-linear histogram: 64 buckets a power of two. */
#include "load/tally.h"

#include <math.h>

#include "base/attr.h"

#define FINE_BITS 6 /* 64 buckets between powers of two */

static size_t
bucket_of(uint64_t us)
{
	unsigned shift;

	if (us < 2u << FINE_BITS)
		return (size_t)us;
	shift = 63 - FINE_BITS - (unsigned)__builtin_clzll(us);
	return MIN(((size_t)shift << FINE_BITS) + (size_t)(us >> shift),
		   (size_t)TALLY_BUCKETS - 1);
}

/* The middle of a bucket. */
static int64_t
bucket_us(size_t bucket)
{
	size_t shift = bucket >> FINE_BITS;

	if (bucket < 2u << FINE_BITS)
		return (int64_t)bucket;
	shift--;
	return (int64_t)(((uint64_t)(bucket - (shift << FINE_BITS)) << shift) +
			 (UINT64_C(1) << shift) / 2);
}

void
tally_fire(struct tally *t, int64_t due_us, int64_t now_us)
{
	t->fired++;
	t->late[bucket_of((uint64_t)MAX(now_us - due_us, 0))]++;
	t->late_count++;
}

void
tally_end(struct tally *t, const struct sample *s)
{
	t->ended[s->outcome]++;
}

int64_t
tally_late_us(const struct tally *t, double p)
{
	uint64_t rank = (uint64_t)ceil(p * (double)t->late_count);
	uint64_t seen = 0;
	size_t i = 0;

	if (t->late_count == 0)
		return 0;
	for (; i < TALLY_BUCKETS - 1; i++) {
		seen += t->late[i];
		if (seen >= MAX(rank, 1))
			break;
	}
	return bucket_us(i);
}
