/* SPDX-License-Identifier: Apache-2.0 */
/* From when to when a fault was in force, and what may be due to it. */
#include "telemetry/windows.h"

#include <stdio.h>
#include <string.h>

#include "tests/harness/check_run.h"

#define SECOND INT64_C(1000000)

struct world {
	struct clock clock;
	struct window_facts facts;
	struct windows *windows;
	int opened, closed;
	struct fault_window last;
};

static void
on_facts(void *arg, const char *route, const char *fault,
    struct window_facts *to)
{
	*to = ((struct world *)arg)->facts;
}

static void
on_changed(void *arg, const struct fault_window *w)
{
	struct world *world = arg;

	world->last = *w;
	if (w->end_us == 0)
		world->opened++;
	else
		world->closed++;
}

static void
begin(struct world *w)
{
	*w = (struct world){.clock = clock_fake(10 * SECOND),
	    .facts = {.enabled = true}};
	w->windows = windows_new(&(struct windows_settings){.clock = &w->clock,
	    .facts = on_facts, .changed = on_changed, .arg = w});
}

static void
tell(struct world *w, enum event_type type, const char *route,
    const char *fault)
{
	windows_consume(w->windows, &(struct event_record){.type = type,
	    .route = route, .fault = fault, .kind = "latency",
	    .time_us = w->clock.fake_us});
}

static const struct fault_window *
match(const struct world *w, const char *route, const char *service,
    int64_t at_us)
{
	return windows_match(w->windows,
	    &(struct window_place){.route = route, .service = service}, at_us);
}

static const struct fault_window *
of(const struct world *w, const char *route, const char *fault,
    int64_t from_us, int64_t to_us)
{
	return windows_of(w->windows,
	    &(struct event_record){.type = EVENT_FLOW_CLOSE,
		.route = route, .fault = fault, .time_us = to_us,
		.duration_us = (double)(to_us - from_us)});
}

START_TEST(a_fault_is_in_force_from_armed_to_cleared)
{
	struct world w;

	begin(&w);
	tell(&w, EVENT_FAULT_ARMED, "r", "f");
	ck_assert_int_eq(w.opened, 1);
	/* An update is none of them. */
	tell(&w, EVENT_FAULT_ARMED, "r", "f");
	ck_assert_int_eq(w.opened, 1);
	w.clock.fake_us += SECOND;
	tell(&w, EVENT_FAULT_CLEARED, "r", "other");
	ck_assert_int_eq(w.closed, 0);
	tell(&w, EVENT_FAULT_CLEARED, "r", "f");
	ck_assert_int_eq(w.closed, 1);
	ck_assert_int_eq(w.last.end_us - w.last.start_us, SECOND);
	tell(&w, EVENT_FAULT_CLEARED, "r", "f");
	ck_assert_int_eq(w.closed, 1);
	windows_free(w.windows);
}
END_TEST

START_TEST(what_flaps_is_one_until_it_is_disabled)
{
	struct world w;

	begin(&w);
	w.facts.flaps = true;
	for (int i = 0; i < 3; i++) {
		tell(&w, EVENT_FAULT_ARMED, "r", "f");
		tell(&w, EVENT_FAULT_CLEARED, "r", "f");
	}
	ck_assert_int_eq(w.opened, 1);
	ck_assert_int_eq(w.closed, 0);
	w.facts.enabled = false;
	tell(&w, EVENT_FAULT_CLEARED, "r", "f");
	ck_assert_int_eq(w.closed, 1);
	windows_free(w.windows);
}
END_TEST

START_TEST(a_planned_end_is_an_end)
{
	struct world w;

	begin(&w);
	w.facts.for_us = 5 * SECOND;
	w.facts.flaps = true;
	tell(&w, EVENT_FAULT_ARMED, "r", "f");
	ck_assert_int_eq(w.last.planned_us, 15 * SECOND);
	w.clock.fake_us = 20 * SECOND;
	/* Nobody said that it ended; now it begins anew. */
	tell(&w, EVENT_FAULT_ARMED, "r", "f");
	ck_assert_int_eq(w.opened, 2);
	windows_free(w.windows);
}
END_TEST

START_TEST(the_newest_that_fits_is_the_cause)
{
	struct world w;

	begin(&w);
	w.facts.from = "shop";
	tell(&w, EVENT_FAULT_ARMED, "r", "first");
	w.clock.fake_us = 20 * SECOND;
	tell(&w, EVENT_FAULT_ARMED, "r", "second");
	ck_assert_str_eq(match(&w, "r", NULL, 25 * SECOND)->fault, "second");
	ck_assert_str_eq(match(&w, "r", NULL, 15 * SECOND)->fault, "first");
	ck_assert_str_eq(match(&w, NULL, "shop", 15 * SECOND)->fault,
	    "first");
	ck_assert_ptr_null(match(&w, "r", NULL, SECOND));
	ck_assert_ptr_null(match(&w, "x", "y", 25 * SECOND));
	ck_assert_ptr_null(match(&w, NULL, NULL, 25 * SECOND));
	w.clock.fake_us = 30 * SECOND;
	tell(&w, EVENT_FAULT_CLEARED, "r", "second");
	tell(&w, EVENT_FAULT_CLEARED, "r", "first");
	ck_assert_ptr_nonnull(match(&w, "r", NULL,
	    30 * SECOND + WINDOW_LATE_US));
	ck_assert_ptr_null(match(&w, "r", NULL,
	    31 * SECOND + WINDOW_LATE_US));
	windows_free(w.windows);
}
END_TEST

START_TEST(partitions_are_about_their_services)
{
	struct world w;

	begin(&w);
	w.facts.services = "\nab\n\nc\n";
	tell(&w, EVENT_PARTITION_UP, NULL, "split");
	/* Those that it is made of are not told. */
	tell(&w, EVENT_FAULT_ARMED, "r", "partition:split");
	ck_assert_int_eq(w.opened, 1);
	ck_assert_ptr_nonnull(match(&w, NULL, "ab", 11 * SECOND));
	ck_assert_ptr_nonnull(match(&w, NULL, "c", 11 * SECOND));
	ck_assert_ptr_null(match(&w, NULL, "a", 11 * SECOND));
	ck_assert_ptr_null(match(&w, NULL, "b", 11 * SECOND));
	ck_assert_ptr_null(match(&w, "r", "", 11 * SECOND));
	windows_free(w.windows);
}
END_TEST

START_TEST(a_flow_is_of_the_window_that_it_overlaps)
{
	struct world w;

	begin(&w);
	w.facts.experiment = "first";
	tell(&w, EVENT_FAULT_ARMED, "r", "f");
	w.clock.fake_us += SECOND; /* 11 s */
	tell(&w, EVENT_FAULT_CLEARED, "r", "f");
	w.clock.fake_us += SECOND;
	w.facts.experiment = "second";
	tell(&w, EVENT_FAULT_ARMED, "r", "f"); /* 12 s */
	tell(&w, EVENT_PARTITION_UP, NULL, "p");
	ck_assert_str_eq(of(&w, "r", "f", 10500000, 11500000)->experiment,
	    "first");
	ck_assert_str_eq(of(&w, "r", "f", 10500000, 13 * SECOND)->experiment,
	    "second");
	ck_assert_ptr_null(of(&w, "r", "f", 11200000, 11800000));
	ck_assert_ptr_null(of(&w, "s", "f", 12 * SECOND, 13 * SECOND));
	ck_assert_ptr_null(of(&w, "r", "p", 12 * SECOND, 13 * SECOND));
	ck_assert_ptr_null(of(&w, "r", NULL, 12 * SECOND, 13 * SECOND));
	ck_assert_str_eq(
	    of(&w, "r", "partition:p/2", 12 * SECOND, 13 * SECOND)->fault, "p");
	windows_free(w.windows);
}
END_TEST

START_TEST(there_is_an_end_to_what_is_remembered)
{
	static char names[WINDOWS_MAX + 10][8];
	struct world w;

	begin(&w);
	for (int i = 0; i < WINDOWS_MAX + 10; i++) {
		snprintf(names[i], sizeof(names[i]), "%d", i);
		tell(&w, EVENT_FAULT_ARMED, "r", names[i]);
		if (i == 5)
			tell(&w, EVENT_FAULT_CLEARED, "r", names[i]);
	}
	ck_assert_int_eq(w.opened, WINDOWS_MAX + 10);
	/* The first to go is the one that is over. */
	w.clock.fake_us += SECOND;
	tell(&w, EVENT_FAULT_CLEARED, "r", names[WINDOWS_MAX]);
	ck_assert_int_eq(w.closed, 2);
	tell(&w, EVENT_FAULT_CLEARED, "r", names[0]);
	ck_assert_int_eq(w.closed, 2);
	windows_free(w.windows);
}
END_TEST

int
main(void)
{
	return check_run("windows",
	    (const TTest *const[]){
		a_fault_is_in_force_from_armed_to_cleared,
		what_flaps_is_one_until_it_is_disabled,
		a_planned_end_is_an_end, the_newest_that_fits_is_the_cause,
		partitions_are_about_their_services,
		a_flow_is_of_the_window_that_it_overlaps,
		there_is_an_end_to_what_is_remembered, NULL});
}
