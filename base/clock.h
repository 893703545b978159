/* SPDX-License-Identifier: Apache-2.0 */
/* Time, injected: whatever waits or measures asks a struct clock, so that a
 * test can hold the hands. Monotonic microseconds. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t (*now_us)(const struct clock *);
	int64_t fake_us; /* what a fake clock shows */
};

/* The kernel's CLOCK_MONOTONIC. */
extern const struct clock clock_real;

/* A clock that shows `us` until the caller writes another fake_us. */
struct clock clock_fake(int64_t us);

static inline int64_t
clock_now(const struct clock *clock)
{
	return clock->now_us(clock);
}

/* Wall-clock time in microseconds since 1970: for what people and other
 * machines read, and for the times of day that a configuration names. It may
 * jump, so nothing is measured by it. */
int64_t clock_wall_us(void);

#endif
