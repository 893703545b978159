/* SPDX-License-Identifier: Apache-2.0 */
/* The clockwork: deadlines run, in order, whatever the clock does. */
#include "load/timer.h"

#include <event2/event.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/harness/check_run.h"

/* Time that goes on by a microsecond with every look. */
static int64_t looks;

static int64_t
look(const struct clock *clock)
{
	return looks++;
}

static const struct clock restless = {.now_us = look};

static void
settle(void *arg)
{
	load_timer_rearm(arg);
}

static void
timer_open(struct load_timer *t, const struct clock *clock)
{
	struct error err;

	*t = (struct load_timer){.base = event_base_new(),
				 .clock = clock,
				 .settle = settle,
				 .arg = t};
	ck_assert(load_timer_init(t, &err));
}

static void
timer_close(struct load_timer *t)
{
	load_timer_fini(t);
	event_base_free(t->base);
}

static void
ignore(struct deadline *d, int64_t now_us)
{
}

/* A deadline so near that it passes while the timer is set. */
START_TEST(a_deadline_that_passes_meanwhile_still_wakes)
{
	for (int64_t ahead_us = -2; ahead_us < 5; ahead_us++) {
		struct deadline d = {.on_due = ignore};
		struct itimerspec spec;
		struct load_timer t;
		uint64_t ticks;

		timer_open(&t, &restless);
		looks = 100;
		deadline_arm(&t.heap, &d, looks + ahead_us);
		load_timer_rearm(&t);
		timerfd_gettime(t.fd, &spec);
		ck_assert_msg(
		    spec.it_value.tv_nsec > 0 ||
			read(t.fd, &ticks, sizeof(ticks)) == sizeof(ticks),
		    "ahead by %d: nothing will wake us", (int)ahead_us);
		timer_close(&t);
	}
}
END_TEST

static struct deadline first, second;
static int order, first_at, second_at;

static void
on_first(struct deadline *d, int64_t now_us)
{
	first_at = ++order;
}

static void
on_second(struct deadline *d, int64_t now_us)
{
	second_at = ++order;
}

START_TEST(deadlines_run_in_order_even_if_a_nearer_one_comes_later)
{
	struct load_timer t;
	int64_t now_us;

	timer_open(&t, &clock_real);
	first.on_due = on_first;
	second.on_due = on_second;
	now_us = load_timer_now(&t);
	deadline_arm(&t.heap, &second, now_us + 20000);
	load_timer_rearm(&t);
	deadline_arm(&t.heap, &first, now_us + 5000);
	load_timer_rearm(&t);
	while (second_at == 0)
		event_base_loop(t.base, EVLOOP_ONCE);
	ck_assert_int_eq(first_at, 1);
	ck_assert_int_ge(load_timer_now(&t), now_us + 20000);
	timer_close(&t);
}
END_TEST

START_TEST(the_start_of_a_run_is_not_never)
{
	struct clock stopped = clock_fake(0);
	struct load_timer t = {.clock = &stopped};

	ck_assert_int_eq(load_timer_now(&t), 1);
}
END_TEST

int
main(void)
{
	return check_run(
	    "timer",
	    (const TTest *const[]){
		a_deadline_that_passes_meanwhile_still_wakes,
		deadlines_run_in_order_even_if_a_nearer_one_comes_later,
		the_start_of_a_run_is_not_never,
		NULL,
	    });
}
