/* SPDX-License-Identifier: Apache-2.0 */
/* A number that one thread counts up and any may read. */
#ifndef OBSERVE_COUNTER_H
#define OBSERVE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/* Written by one thread, read by any. */
struct counter {
	atomic_uint_fast64_t value;
};

static inline void
counter_add(struct counter *c, uint64_t n)
{
	/* One writer: no need for a locked instruction. */
	atomic_store_explicit(&c->value,
	    atomic_load_explicit(&c->value, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

static inline uint64_t
counter_get(const struct counter *c)
{
	return atomic_load_explicit(&c->value, memory_order_relaxed);
}

#endif
