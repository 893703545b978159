/* SPDX-License-Identifier: Apache-2.0 */
/* Pacing by a virtual clock. */
#include "faults/token_bucket.h"

#include <math.h>

#include "base/attr.h"

#define NS_PER_US 1000
#define NS_PER_S  1e9
#define SEGMENT	  1460
/* Time that may be made good after late wake-ups. A flow of its own catches up
 * at PEAK times the rate; on a shared line nobody sees the sum, so that there
 * the debt itself is kept below what a 10 ms window may show. */
#define OWED_NS	       (100 * 1000 * NS_PER_US)
#define OWED_SHARED_NS (4 * 1000 * NS_PER_US)
#define PEAK	       1.25

size_t
bucket_slice(double rate_Bps)
{
	double slice = MAX(rate_Bps / 1000, MIN(SEGMENT, rate_Bps / 500));

	return slice < 1 ? 1 : (size_t)MIN(slice, 1e9);
}

/* What n bytes cost, in whole nanoseconds; the rest is carried over. */
static int64_t
cost_ns(struct bucket *b, double rate_Bps, size_t n)
{
	double exact = (double)n * NS_PER_S / rate_Bps + b->carry_ns;
	double whole = floor(exact);

	b->carry_ns = exact - whole;
	return (int64_t)whole;
}

void
bucket_reserve(struct bucket *b, const struct bucket_limit *limit, size_t n,
    int64_t arrival_us, int64_t now_us)
{
	atomic_llong *shared = limit->shared;
	int64_t cost = cost_ns(b, limit->rate_Bps, n);
	int64_t credit =
	    (int64_t)((double)limit->burst_bytes * NS_PER_S / limit->rate_Bps);
	int64_t owed = shared != NULL ? OWED_SHARED_NS : OWED_NS;
	int64_t from =
	    MAX(arrival_us * NS_PER_US, now_us * NS_PER_US - owed) - credit;

	b->reserved = n;
	b->peak_ns = limit->burst_bytes > 0
			 ? 0
			 : b->left_ns + (int64_t)((double)cost / PEAK);
	if (shared == NULL) {
		b->due_ns = b->line_ns = MAX(b->line_ns, from) + cost;
		return;
	}
	for (long long line = atomic_load(shared);;) {
		b->due_ns = MAX(line, from) + cost;
		if (atomic_compare_exchange_weak(shared, &line, b->due_ns))
			return;
	}
}

int64_t
bucket_ready_us(const struct bucket *b)
{
	int64_t ns = MAX(b->due_ns, b->peak_ns);

	return (ns + NS_PER_US - 1) / NS_PER_US;
}

void
bucket_take(struct bucket *b, int64_t now_us)
{
	b->left_ns = now_us * NS_PER_US;
	b->reserved = 0;
}

void
bucket_restart(struct bucket *b, int64_t now_us)
{
	*b = (struct bucket){.line_ns = now_us * NS_PER_US};
}
