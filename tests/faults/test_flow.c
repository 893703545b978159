/* SPDX-License-Identifier: Apache-2.0 */
/* A flow's chains over its life: built at the opening, changed while bytes
 * are under way, taken apart at the end. */
#include "faults/registry.h"
#include "faults/stage.h"

#include "faults/condition.h"
#include "tests/harness/message_fake.h"
#include "tests/harness/probe.h"
#include "tests/harness/suite.h"

#define MS 1000

/* Brings the route to just these faults ("a", "b", …: NULL-ended). */
static void
set_faults(const char *const *texts)
{
	size_t last = 0;

	for (size_t i = 0; i < h->texts_count; i++)
		free(h->texts[i]);
	h->texts_count = 0;
	while (texts[last + 1] != NULL)
		last++;
	h->texts = xrealloc(h->texts, (last + 1) * sizeof(*h->texts));
	for (; h->texts_count < last; h->texts_count++)
		h->texts[h->texts_count] = xstrdup(texts[h->texts_count]);
	harness_add(h, texts[last]);
}

#define SET_FAULTS(...) set_faults((const char *const[]){__VA_ARGS__, NULL})

/* The names of a link's stages, in order: "a b c". */
static void
expect_chain(struct harness_flow *f, enum link_dir dir, const char *names)
{
	struct str got = {0};

	for (struct stage *s = f->flow.links[dir].first; s; s = s->next)
		str_printf(&got, "%s%s", got.len > 0 ? " " : "",
		    s->fault->name);
	ck_assert_str_eq(got.text != NULL ? got.text : "", names);
	str_fini(&got);
}

#define SLOW_A "latency,name=a,latency=50ms"
#define SLOW_B "latency,name=b,latency=20ms"
#define SLOW_C "latency,name=c,latency=30ms"

START_TEST(the_chain_has_the_order_of_the_route)
{
	struct harness_flow *f;

	SET_FAULTS("noop,name=c", "noop,name=a,stream=both",
	    "noop,name=b,stream=upstream");
	f = harness_open(h);
	expect_chain(f, LINK_DOWN, "c a");
	expect_chain(f, LINK_UP, "a b");
}
END_TEST

START_TEST(a_fault_in_the_middle_is_met_by_what_stands_before_it)
{
	struct harness_flow *f;
	struct stage *a, *c;

	SET_FAULTS(SLOW_A, SLOW_C);
	f = harness_open(h);
	a = f->flow.links[LINK_DOWN].first;
	c = f->flow.links[LINK_DOWN].last;
	harness_send(f, LINK_DOWN, "1");
	harness_advance(h, 60 * MS);
	harness_send(f, LINK_DOWN, "2");
	SET_FAULTS(SLOW_A, SLOW_B, SLOW_C);
	expect_chain(f, LINK_DOWN, "a b c");
	ck_assert_ptr_eq(f->flow.links[LINK_DOWN].first, a);
	ck_assert_ptr_eq(f->flow.links[LINK_DOWN].last, c);
	harness_settle(h, 1000 * MS);
	harness_expect(f, LINK_DOWN, "12");
	/* The first byte had passed that place. */
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 80 * MS);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 1), 160 * MS);
}
END_TEST

START_TEST(what_a_removed_fault_held_goes_on_in_order)
{
	struct harness_flow *f;

	SET_FAULTS(SLOW_A, SLOW_B, SLOW_C);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "1");
	harness_advance(h, 60 * MS);
	harness_send(f, LINK_DOWN, "2");
	harness_advance(h, MS);
	SET_FAULTS(SLOW_A, SLOW_C);
	expect_chain(f, LINK_DOWN, "a c");
	harness_send(f, LINK_DOWN, "3");
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	harness_expect(f, LINK_DOWN, "123");
	ck_assert(f->got[LINK_DOWN].eof);
	/* It had nominally left `a` at 50 ms. */
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 80 * MS);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 1), 140 * MS);
}
END_TEST

START_TEST(faults_may_change_places_while_they_hold)
{
	struct harness_flow *f;

	SET_FAULTS(SLOW_A, SLOW_B, SLOW_C);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "1");
	harness_advance(h, 55 * MS);
	harness_send(f, LINK_DOWN, "2");
	SET_FAULTS(SLOW_C, SLOW_A, SLOW_B);
	expect_chain(f, LINK_DOWN, "c a b");
	harness_send(f, LINK_DOWN, "3");
	SET_FAULTS(SLOW_B, SLOW_A, SLOW_C);
	expect_chain(f, LINK_DOWN, "b a c");
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	harness_expect(f, LINK_DOWN, "123");
	ck_assert(f->got[LINK_DOWN].eof);
	ck_assert_uint_eq(f->flow.links[LINK_DOWN].held, 0);
}
END_TEST

START_TEST(another_kind_under_the_same_name_is_another_fault)
{
	struct harness_flow *f;
	struct stage *before;

	SET_FAULTS(SLOW_A);
	f = harness_open(h);
	before = f->flow.links[LINK_DOWN].first;
	harness_send(f, LINK_DOWN, "x");
	ck_assert_ptr_eq(before->ops, &latency_ops);
	SET_FAULTS("noop,name=a");
	expect_chain(f, LINK_DOWN, "a");
	ck_assert_ptr_eq(f->flow.links[LINK_DOWN].first->ops, &noop_ops);
	harness_expect(f, LINK_DOWN, "x");
}
END_TEST

START_TEST(a_fault_may_change_its_direction)
{
	struct harness_flow *f;

	SET_FAULTS("latency,name=a,latency=50ms");
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "down");
	SET_FAULTS("latency,name=a,latency=50ms,stream=upstream");
	expect_chain(f, LINK_DOWN, "");
	expect_chain(f, LINK_UP, "a");
	harness_expect(f, LINK_DOWN, "down");
}
END_TEST

START_TEST(a_flow_whose_route_is_gone_goes_on_without_faults)
{
	struct harness_flow *f;

	SET_FAULTS(SLOW_A, SLOW_B);
	f = harness_open(h);
	harness_send(f, LINK_DOWN, "held");
	flow_reconcile(&f->flow, NULL);
	expect_chain(f, LINK_DOWN, "");
	harness_expect(f, LINK_DOWN, "held");
	ck_assert_ptr_null(f->flow.decisions);
	harness_send(f, LINK_DOWN, ", free");
	harness_expect(f, LINK_DOWN, "held, free");
	harness_close(f);
	ck_assert_str_eq(harness_last(h, EVENT_FLOW_CLOSE)->route, "harness");
}
END_TEST

START_TEST(the_decision_about_a_removed_fault_is_forgotten)
{
	struct harness_flow *f;

	harness_add(h, "noop,name=a,probability=0");
	f = harness_open(h);
	ck_assert_ptr_nonnull(f->flow.decisions);
	harness_add(h, "noop,name=b");
	harness_remove(h, 0);
	ck_assert_ptr_nonnull(f->flow.decisions);
	ck_assert_ptr_null(f->flow.decisions->next);
	harness_add(h, "noop,name=a");
	expect_chain(f, LINK_DOWN, "b a");
}
END_TEST

START_TEST(time_moves_a_fault_out_of_force_and_in_again)
{
	struct harness_flow *f;

	SET_FAULTS("blackhole,name=a,on=40ms,off=60ms,for=250ms");
	f = harness_open(h);
	for (int t = 0; t < 300; t += 20) {
		bool on = t < 250 && t % 100 < 40;

		flow_reconcile(&f->flow, h->route);
		expect_chain(f, LINK_DOWN, on ? "a" : "");
		harness_send(f, LINK_DOWN, "x");
		harness_advance(h, 20 * MS);
	}
	harness_expect(f, LINK_DOWN, "xxxxxxxxxxxxxxx");
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 40 * MS);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 5), 140 * MS);
}
END_TEST

START_TEST(a_removed_fault_lets_the_opening_go)
{
	struct harness_flow *f;

	SET_FAULTS("connect_delay,name=a,delay=50ms",
	    "connect_delay,name=b,delay=90ms");
	f = harness_open(h);
	harness_advance(h, 60 * MS);
	ck_assert(!f->opened);
	SET_FAULTS("noop,name=c");
	ck_assert(f->opened);
	ck_assert_int_eq(f->opened_us, 60 * MS);
}
END_TEST

START_TEST(a_fault_that_comes_later_does_not_ask_for_the_opening)
{
	struct harness_flow *f = harness_open(h);

	harness_add(h, "refuse");
	ck_assert(f->opened);
	ck_assert(!f->ended);
}
END_TEST

START_TEST(a_flow_that_is_ended_at_its_opening_is_never_opened)
{
	struct harness_flow *f;

	SET_FAULTS("connect_delay,delay=50ms", "down");
	f = harness_open(h);
	ck_assert(f->ended);
	harness_settle(h, 1000 * MS);
	ck_assert(!f->opened);
}
END_TEST

START_TEST(an_ended_flow_loses_its_stages_and_gives_its_places_back)
{
	struct harness_flow *f;
	struct fault_shared *shared;

	SET_FAULTS("latency,name=a,latency=50ms,max_active=1", "reset_peer");
	shared = h->route->faults[0].shared;
	f = harness_prepare(h, FLOW_STREAM);
	harness_begin(f);
	ck_assert_int_eq(atomic_load(&shared->active), 1);
	harness_send(f, LINK_DOWN, "never");
	harness_advance(h, 60 * MS);
	ck_assert(f->ended);
	flow_reconcile(&f->flow, h->route);
	expect_chain(f, LINK_DOWN, "");
	ck_assert_int_eq(atomic_load(&shared->active), 0);
	harness_settle(h, 1000 * MS);
	harness_expect(f, LINK_DOWN, "");
}
END_TEST

START_TEST(a_flow_that_closes_leaves_nothing_behind)
{
	struct harness_flow *f;
	const struct event_record *e;

	SET_FAULTS(SLOW_A, "latency,name=b,latency=1s,max_active=1");
	f = harness_open(h);
	harness_send(f, LINK_UP, "12345");
	harness_send(f, LINK_DOWN, "held");
	harness_advance(h, 60 * MS);
	harness_close(f);
	ck_assert_int_eq(
	    deadline_next(&h->engine.deadlines), DEADLINE_NEVER);
	ck_assert_uint_eq(h->engine.pool.live_bytes, 0);
	ck_assert_int_eq(
	    atomic_load(&h->route->faults[1].shared->active), 0);
	e = harness_last(h, EVENT_FLOW_CLOSE);
	ck_assert_uint_eq(e->bytes_up, 5);
	ck_assert_uint_eq(e->bytes_down, 0);
	ck_assert(e->duration_us == 60 * MS);
	flow_reconcile(&f->flow, h->route);
	flow_fini(&f->flow, "again");
	ck_assert_uint_eq(harness_events(h, EVENT_FLOW_CLOSE, NULL), 1);
	harness_expect(f, LINK_DOWN, "");
}
END_TEST

START_TEST(each_type_of_flow_has_the_kinds_that_are_about_it)
{
	static const struct {
		enum flow_type type;
		const char *up, *down;
	} cases[] = {
	    {FLOW_STREAM, "port", "bytes"},
	    {FLOW_CONNECTION, "port", ""},
	    {FLOW_EXCHANGE, "answer", "bytes"},
	};

	SET_FAULTS("refuse,name=port,first=9", "hang,name=answer",
	    "noop,name=bytes");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct harness_flow *f = harness_prepare(h, cases[i].type);

		/* Looked at before the kinds end it. */
		flow_reconcile(&f->flow, h->route);
		expect_chain(f, LINK_UP, cases[i].up);
		expect_chain(f, LINK_DOWN, cases[i].down);
	}
}
END_TEST

START_TEST(what_the_port_does_is_not_done_again)
{
	struct harness_flow *f;

	SET_FAULTS("refuse,name=port", "noop,name=bytes");
	h->route->faults[0].at_listener = true;
	h->route->faults[1].at_listener = true;
	f = harness_open(h);
	ck_assert(f->opened);
	expect_chain(f, LINK_UP, "");
	/* The mark says nothing about kinds that have no way with ports. */
	expect_chain(f, LINK_DOWN, "bytes");
}
END_TEST

START_TEST(a_fault_that_waited_for_the_status_takes_its_place)
{
	struct harness_flow *f;

	SET_FAULTS("noop,name=a", "noop,name=b,when.status=500",
	    "noop,name=c", "noop,name=d,when.status=200");
	f = suite_exchange(1);
	expect_chain(f, LINK_DOWN, "a c");
	f->status = 500;
	flow_respond(&f->flow);
	expect_chain(f, LINK_DOWN, "a b c");
}
END_TEST

static struct str said;

static void
say_name(struct stage *s, struct message *m)
{
	(void)m;
	str_add(&said, s->fault->name);
}

static void
say_end(struct stage *s, struct message *m)
{
	(void)m;
	str_add_char(&said, '!');
	stage_end(s, END_RST);
}

START_TEST(a_message_is_shown_in_order_until_one_ends_the_flow)
{
	static const struct fault_ops reader = {
	    .kind = PROBE_KIND(0), .message = say_name};
	static const struct fault_ops ender = {
	    .kind = PROBE_KIND(0), .message = say_end};
	struct message_fake m;
	struct harness_flow *f;

	probe_add(h, "a", &reader);
	probe_add(h, "silent", &noop_ops);
	probe_add(h, "b", &reader);
	probe_add(h, "end", &ender);
	probe_add(h, "c", &reader);
	f = suite_exchange(1);
	message_fake_init(&m, 200, 0);
	flow_message(&f->flow, LINK_UP, &m.message);
	ck_assert_ptr_null(said.text);
	flow_message(&f->flow, LINK_DOWN, &m.message);
	ck_assert_str_eq(said.text, "ab!");
	message_fake_fini(&m);
	str_fini(&said);
}
END_TEST

START_TEST(a_route_may_have_more_faults_than_fit_on_the_stack)
{
	struct harness_flow *f;
	struct stage *s;
	size_t n = 0;

	for (int i = 0; i < 70; i++)
		harness_add(h, "noop");
	f = harness_open(h);
	for (s = f->flow.links[LINK_DOWN].first; s != NULL; s = s->next)
		n++;
	ck_assert_uint_eq(n, 70);
	harness_send(f, LINK_DOWN, "through");
	harness_eof(f, LINK_DOWN);
	harness_expect(f, LINK_DOWN, "through");
	ck_assert(f->got[LINK_DOWN].eof);
}
END_TEST

START_TEST(unchanged_faults_are_not_told_of_an_update)
{
	struct harness_flow *f;

	SET_FAULTS("bandwidth,rate=1MB/s", "noop,name=a");
	f = harness_open(h);
	harness_send_pattern(f, LINK_DOWN, 400000, 100000);
	for (int i = 0; i < 100; i++) {
		harness_set(h, 1, i % 2 ? "noop,name=a" : "noop,name=b");
		harness_advance(h, MS);
	}
	harness_settle(h, 1000 * MS);
	harness_expect_pattern(f, LINK_DOWN, 400000);
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 399999), 400 * MS);
}
END_TEST

/* A host that is asked tries to write, which costs a system call. */
START_TEST(a_change_elsewhere_does_not_ask_a_blocked_sink_again)
{
	struct harness_flow *f;
	unsigned asked;

	f = harness_open(h);
	harness_block(f, LINK_DOWN, true);
	harness_send(f, LINK_DOWN, "hello");
	asked = f->got[LINK_DOWN].asked;
	harness_add(h, "noop,name=a");
	harness_remove(h, 0);
	ck_assert_uint_eq(f->got[LINK_DOWN].asked, asked);
	/* What a removed fault held is news. */
	harness_add(h, "latency,latency=1s");
	harness_send(f, LINK_DOWN, " world");
	harness_remove(h, 0);
	ck_assert_uint_gt(f->got[LINK_DOWN].asked, asked);
	harness_block(f, LINK_DOWN, false);
	harness_expect(f, LINK_DOWN, "hello world");
}
END_TEST

int
main(void)
{
	return SUITE_RUN("flow", true,
	    the_chain_has_the_order_of_the_route,
	    a_fault_in_the_middle_is_met_by_what_stands_before_it,
	    what_a_removed_fault_held_goes_on_in_order,
	    faults_may_change_places_while_they_hold,
	    another_kind_under_the_same_name_is_another_fault,
	    a_fault_may_change_its_direction,
	    a_flow_whose_route_is_gone_goes_on_without_faults,
	    the_decision_about_a_removed_fault_is_forgotten,
	    time_moves_a_fault_out_of_force_and_in_again,
	    a_removed_fault_lets_the_opening_go,
	    a_fault_that_comes_later_does_not_ask_for_the_opening,
	    a_flow_that_is_ended_at_its_opening_is_never_opened,
	    an_ended_flow_loses_its_stages_and_gives_its_places_back,
	    a_flow_that_closes_leaves_nothing_behind,
	    each_type_of_flow_has_the_kinds_that_are_about_it,
	    what_the_port_does_is_not_done_again,
	    a_fault_that_waited_for_the_status_takes_its_place,
	    a_message_is_shown_in_order_until_one_ends_the_flow,
	    a_route_may_have_more_faults_than_fit_on_the_stack,
	    unchanged_faults_are_not_told_of_an_update,
	    a_change_elsewhere_does_not_ask_a_blocked_sink_again);
}
