/* SPDX-License-Identifier: Apache-2.0 */
/* The real clock and the fake one. */
#include "base/clock.h"

#include <time.h>

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t
real_now(const struct clock *clock)
{
	(void)clock;
	return read_us(CLOCK_MONOTONIC);
}

static int64_t
fake_now(const struct clock *clock)
{
	return clock->fake_us;
}

const struct clock clock_real = {.now_us = real_now};

struct clock
clock_fake(int64_t us)
{
	return (struct clock){.now_us = fake_now, .fake_us = us};
}

int64_t
clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}
