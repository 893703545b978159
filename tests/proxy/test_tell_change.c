/* SPDX-License-Identifier: Apache-2.0 */
/* As of when changes of the plan are told. */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"
#include "proxy/tell_change.h"

#define FROM_US 1000
#define TO_US	5000

static void
keep(void *arg, const struct event_record *event)
{
	*(struct event_record *)arg = *event;
}

static const struct {
	enum plan_change change;
	enum event_type type;
	int64_t at_us;
} told[] = {
    {CHANGE_FAULT_ARMED, EVENT_FAULT_ARMED, FROM_US},
    {CHANGE_FAULT_UPDATED, EVENT_FAULT_ARMED, FROM_US},
    {CHANGE_FAULT_CLEARED, EVENT_FAULT_CLEARED, TO_US},
    {CHANGE_PARTITION_UP, EVENT_PARTITION_UP, FROM_US},
    {CHANGE_PARTITION_DOWN, EVENT_PARTITION_DOWN, TO_US},
};

START_TEST(what_begins_is_told_first_and_what_ends_last)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct event_buffer *events = event_buffer_new(sink);
	struct telling telling = {events, FROM_US, TO_US};
	struct event_record got = {.type = EVENT_TYPE_COUNT};

	sink_add(sink, keep, &got);
	tell_change(&telling, &(struct plan_change_item){
	    .change = told[_i].change, .route = "a", .fault = "cut",
	    .kind = "down"});
	event_buffer_flush(events);
	sink_run(sink);
	ck_assert_int_eq(got.type, told[_i].type);
	ck_assert_int_eq(got.time_us, told[_i].at_us);
	ck_assert_str_eq(got.fault, "cut");
	sink_remove(sink, &got);
	event_buffer_free(events);
	sink_free(sink);
}
END_TEST

START_TEST(a_route_that_comes_is_no_event)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct event_buffer *events = event_buffer_new(sink);
	struct event_record got = {.type = EVENT_TYPE_COUNT};

	sink_add(sink, keep, &got);
	tell_change(&(struct telling){events, FROM_US, TO_US},
	    &(struct plan_change_item){.change = CHANGE_ROUTE_ADDED,
		.route = "a"});
	event_buffer_flush(events);
	sink_run(sink);
	ck_assert_int_eq(got.type, EVENT_TYPE_COUNT);
	sink_remove(sink, &got);
	event_buffer_free(events);
	sink_free(sink);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tell_change");
	TCase *tc = tcase_create("tell_change");
	SRunner *runner = srunner_create(suite);

	log_setup(LOG_ERROR, LOG_JSON, STDERR_FILENO);
	tcase_add_loop_test(tc, what_begins_is_told_first_and_what_ends_last,
	    0, (int)COUNT_OF(told));
	tcase_add_test(tc, a_route_that_comes_is_no_event);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
