/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way from producers to consumers. */
#include "observe/sink.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>

#define PRODUCERS 4
#define EVENTS	  50000

struct watcher {
	struct sink *sink;
	uint64_t count, gaps, lost;
	uint64_t last[PRODUCERS]; /* flow number by session */
	int64_t gap_us;
	bool in_order, leaves;
	struct watcher *brings;
};

static void
on_event(void *arg, const struct event_record *e)
{
	struct watcher *w = arg;

	if (e->type == EVENT_GAP) {
		w->gaps++;
		w->lost += e->count;
		w->gap_us = e->time_us;
		return;
	}
	w->count++;
	if (e->flow <= w->last[e->session])
		w->in_order = false;
	w->last[e->session] = e->flow;
	if (w->leaves)
		sink_remove(w->sink, w);
	if (w->brings != NULL)
		sink_add(w->sink, on_event, w->brings);
	w->brings = NULL;
}

static void
produce(struct event_buffer *b, uint64_t producer, uint64_t number)
{
	event_buffer_add(b, &(struct event_record){.type = EVENT_EFFECT,
	    .session = producer, .flow = number, .time_us = (int64_t)number});
}

static bool
is_readable(const struct sink *sink, int timeout_ms)
{
	struct pollfd p = {sink_fd(sink), POLLIN, 0};

	return poll(&p, 1, timeout_ms) == 1;
}

START_TEST(every_consumer_sees_every_event_in_order)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct event_buffer *b = event_buffer_new(sink);
	struct watcher one = {.in_order = true}, two = {.in_order = true};

	sink_add(sink, on_event, &one);
	sink_add(sink, on_event, &two);
	for (uint64_t i = 1; i <= 1000; i++)
		produce(b, 0, i);
	event_buffer_flush(b);
	sink_run(sink);
	ck_assert_uint_eq(one.count, 1000);
	ck_assert_uint_eq(two.count, 1000);
	ck_assert(one.in_order && two.in_order);
	ck_assert_uint_eq(one.gaps, 0);
	event_buffer_free(b);
	sink_free(sink);
}
END_TEST

START_TEST(events_wait_for_a_flush_or_a_full_buffer)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct event_buffer *b = event_buffer_new(sink);
	struct watcher w = {.in_order = true};

	sink_add(sink, on_event, &w);
	event_buffer_flush(b);
	ck_assert(!is_readable(sink, 0));
	produce(b, 0, 1);
	ck_assert(!is_readable(sink, 0));
	event_buffer_flush(b);
	ck_assert(is_readable(sink, 0));
	sink_run(sink);
	ck_assert_uint_eq(w.count, 1);
	ck_assert(!is_readable(sink, 0));
	for (uint64_t i = 2; !is_readable(sink, 0); i++) {
		ck_assert_uint_le(i, 1000);
		produce(b, 0, i);
	}
	event_buffer_free(b);
	sink_free(sink);
}
END_TEST

START_TEST(beyond_the_limit_the_newest_are_dropped_and_a_gap_is_seen)
{
	struct sink *sink = sink_new(100000, NULL);
	struct event_buffer *b = event_buffer_new(sink);
	struct watcher w = {.in_order = true};
	uint64_t kept;

	sink_add(sink, on_event, &w);
	for (uint64_t i = 1; i <= 6400; i++)
		produce(b, 0, i);
	event_buffer_flush(b);
	sink_run(sink);
	kept = w.count;
	ck_assert_uint_gt(kept, 0);
	ck_assert_uint_lt(kept, 1000);
	ck_assert_uint_eq(w.last[0], kept);
	ck_assert_uint_eq(sink_dropped(sink), 6400 - kept);
	produce(b, 0, 6401);
	event_buffer_flush(b);
	sink_run(sink);
	ck_assert_uint_eq(w.gaps, 1);
	ck_assert_uint_eq(w.lost, 6400 - kept);
	ck_assert_int_eq(w.gap_us, (int64_t)kept + 1);
	ck_assert_uint_eq(w.last[0], 6401);
	ck_assert(w.in_order);
	event_buffer_free(b);
	sink_free(sink);
}
END_TEST

START_TEST(a_gap_is_told_by_the_next_flush_though_nothing_follows)
{
	struct sink *sink = sink_new(20000, NULL);
	struct event_buffer *b = event_buffer_new(sink);
	struct watcher w = {.in_order = true};

	sink_add(sink, on_event, &w);
	for (uint64_t i = 1; i <= 1000; i++)
		produce(b, 0, i);
	event_buffer_flush(b);
	sink_run(sink);
	event_buffer_flush(b);
	sink_run(sink);
	ck_assert_uint_eq(w.gaps, 1);
	ck_assert_uint_eq(w.lost + w.count, 1000);
	event_buffer_free(b);
	sink_free(sink);
}
END_TEST

START_TEST(consumers_may_come_and_go_while_events_are_told)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct event_buffer *b = event_buffer_new(sink);
	struct watcher late = {.in_order = true, .sink = sink};
	struct watcher brief = {.in_order = true, .sink = sink,
	    .leaves = true, .brings = &late};
	struct watcher all = {.in_order = true};

	sink_add(sink, on_event, &brief);
	sink_add(sink, on_event, &all);
	for (uint64_t i = 1; i <= 10; i++)
		produce(b, 0, i);
	event_buffer_flush(b);
	sink_run(sink);
	ck_assert_uint_eq(brief.count, 1);
	ck_assert_uint_eq(late.count, 9);
	ck_assert_uint_eq(all.count, 10);
	sink_remove(sink, &late);
	sink_remove(sink, &brief);
	produce(b, 0, 11);
	event_buffer_flush(b);
	sink_run(sink);
	ck_assert_uint_eq(late.count, 9);
	ck_assert_uint_eq(all.count, 11);
	event_buffer_free(b);
	sink_free(sink);
}
END_TEST

struct producer {
	struct sink *sink;
	uint64_t index;
};

static void *
produce_many(void *arg)
{
	struct producer *p = arg;
	struct event_buffer *b = event_buffer_new(p->sink);

	for (uint64_t i = 1; i <= EVENTS; i++) {
		produce(b, p->index, i);
		if (i % 7 == 0)
			event_buffer_flush(b);
	}
	event_buffer_free(b);
	return NULL;
}

START_TEST(threads_lose_nothing_and_each_keeps_its_order)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct watcher w = {.in_order = true};
	struct producer producers[PRODUCERS];
	pthread_t threads[PRODUCERS];

	sink_add(sink, on_event, &w);
	for (uint64_t i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){sink, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    produce_many, &producers[i]), 0);
	}
	while (w.count + sink_dropped(sink) < PRODUCERS * EVENTS) {
		ck_assert_msg(is_readable(sink, 5000), "a wake-up was lost");
		sink_run(sink);
	}
	for (size_t i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert(w.in_order);
	ck_assert_uint_eq(sink_dropped(sink), 0);
	sink_free(sink);
}
END_TEST

START_TEST(what_was_not_consumed_is_freed)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct event_buffer *b = event_buffer_new(sink);

	produce(b, 0, 1);
	event_buffer_free(b);
	event_buffer_free(NULL);
	sink_free(sink);
	sink_free(NULL);
}
END_TEST

static void
on_traced(void *arg, const struct event_record *e)
{
	if (e->type == EVENT_FLOW_CLOSE)
		*(uint16_t *)arg += e->trace->peer_port;
}

START_TEST(what_a_record_points_to_is_copied_and_forgotten)
{
	struct event_trace trace = {.peer_port = 7};
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, NULL);
	struct sink *small = sink_new(1, NULL);
	struct event_buffer *b = event_buffer_new(sink);
	struct event_buffer *lost = event_buffer_new(small);
	const struct event_record close = {
	    .type = EVENT_FLOW_CLOSE, .trace = &trace};
	uint16_t sum = 0;

	sink_add(sink, on_traced, &sum);
	event_buffer_add(b, &close);
	event_buffer_add(lost, &close);
	trace.peer_port = 100;
	event_buffer_add(b, &close);
	event_buffer_free(b);
	event_buffer_free(lost);
	sink_run(sink);
	ck_assert_uint_eq(sum, 107);
	sink_free(sink);
	sink_free(small);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sink");
	TCase *c = tcase_create("sink");
	SRunner *r;

	tcase_set_timeout(c, 30);
	tcase_add_test(c, every_consumer_sees_every_event_in_order);
	tcase_add_test(c, events_wait_for_a_flush_or_a_full_buffer);
	tcase_add_test(c,
	    beyond_the_limit_the_newest_are_dropped_and_a_gap_is_seen);
	tcase_add_test(c,
	    a_gap_is_told_by_the_next_flush_though_nothing_follows);
	tcase_add_test(c, consumers_may_come_and_go_while_events_are_told);
	tcase_add_test(c, threads_lose_nothing_and_each_keeps_its_order);
	tcase_add_test(c, what_was_not_consumed_is_freed);
	tcase_add_test(c, what_a_record_points_to_is_copied_and_forgotten);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
