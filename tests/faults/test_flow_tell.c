/* SPDX-License-Identifier: Apache-2.0 */
/* What a flow tells of itself: who asked for what, and when. */
#include "faults/flow_tell.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "faults/flow_trace.h"

struct request {
	struct flow flow; /* first */
	const char *method, *path, *query;
	const char *headers[4][2];
};

static struct clock now;
static struct event_record told;
static int told_count;

static void
emit(void *arg, const struct event_record *event)
{
	told = *event;
	told_count++;
}

static bool
op_fact(const struct flow *f, enum fact fact, struct view *to)
{
	const struct request *r = (const struct request *)f;

	*to = view_of(fact == FACT_METHOD ? r->method
		: fact == FACT_PATH ? r->path
				    : r->query);
	return to->len > 0;
}

static bool
op_next_header(const struct flow *f, size_t *at, struct view *name,
    struct view *value)
{
	const struct request *r = (const struct request *)f;

	if (*at == COUNT_OF(r->headers) || r->headers[*at][0] == NULL)
		return false;
	*name = view_of(r->headers[*at][0]);
	*value = view_of(r->headers[*at][1]);
	*at += 1;
	return true;
}

static int
op_status(const struct flow *f)
{
	return 503;
}

static struct flow_ops ops = {
    .fact = op_fact, .next_header = op_next_header, .status = op_status};
static struct engine engine;

static struct event_identity
identity(struct request r)
{
	struct event_identity who;

	r.flow.ops = &ops;
	r.flow.engine = &engine;
	flow_identity(&r.flow, &who);
	return who;
}

START_TEST(equal_requests_have_equal_hashes_and_others_do_not)
{
	struct request r = {.method = "GET", .path = "/a", .query = "b=1"};
	uint64_t first = identity(r).request;

	ck_assert_uint_eq(identity(r).request, first);
	ck_assert_str_eq(identity(r).method, "GET");
	r.method = "POST";
	ck_assert_uint_ne(identity(r).request, first);
	r.method = "GET";
	r.path = "/ab";
	r.query = "=1";
	ck_assert_uint_ne(identity(r).request, first);
	r.path = "/a";
	r.query = "b=1";
	r.headers[0][0] = "content-length";
	r.headers[0][1] = "7";
	ck_assert_uint_ne(identity(r).request, first);
}
END_TEST

static const struct {
	const char *name, *value;
	int attempt;
} counts[] = {
    {"x-envoy-attempt-count", "1", 0},
    {"x-envoy-attempt-count", "3", 2},
    {"grpc-previous-rpc-attempts", "2", 2},
    {"amz-sdk-request", "attempt=2; max=5", 1},
    {"amz-sdk-request", "attempt=4", 3},
    {"amz-sdk-request", "max=5", -1},
    {"x-stainless-retry-count", "0", 0},
    {"x-retry-count", "many", -1},
    {"x-retry-count", "99999999999", -1},
    {"x-other", "1", -1},
};

START_TEST(clients_that_count_their_attempts_are_believed)
{
	struct request r = {.method = "GET", .path = "/",
	    .headers = {{counts[_i].name, counts[_i].value}}};

	ck_assert_int_eq(identity(r).attempt, counts[_i].attempt);
}
END_TEST

START_TEST(an_id_is_told_as_a_hash_with_its_header)
{
	struct request r = {.method = "POST", .path = "/",
	    .headers = {{"x-request-id", "x"}, {"idempotency-key", "k"}}};
	struct event_identity who = identity(r);

	ck_assert_str_eq(who.id_from, "idempotency-key");
	ck_assert_uint_ne(who.id, 0);
	r.headers[1][1] = "l";
	ck_assert_uint_ne(identity(r).id, who.id);
	ck_assert_uint_eq(who.trace, 0);
}
END_TEST

START_TEST(what_looks_like_an_id_in_the_target_is_found_again_elsewhere)
{
	struct request edge = {.method = "GET", .path = "/v1/rows/r-4711/x"};
	struct request dependency = {
	    .method = "POST", .path = "/query", .query = "row=r-4711"};
	struct request none = {.method = "GET", .path = "/rows/all"};

	ck_assert_uint_ne(identity(edge).token, 0);
	ck_assert_uint_eq(identity(edge).token, identity(dependency).token);
	ck_assert_uint_eq(identity(none).token, 0);
}
END_TEST

START_TEST(fields_of_the_answer_are_noted)
{
	struct request r = {.method = "GET", .path = "/"};

	r.flow.engine = &engine;
	r.flow.grpc_status = -1;
	flow_note_field(&r.flow, view_of("Retry-After"), view_of(" 3 "));
	ck_assert_int_eq(r.flow.retry_after_s, 3);
	flow_note_field(&r.flow, view_of("retry-after"),
	    view_of("Fri, 31 Dec 1999 23:59:59 GMT"));
	ck_assert_int_eq(r.flow.retry_after_s, 0);
	flow_note_field(&r.flow, view_of("grpc-message"), view_of("13"));
	ck_assert_int_eq(r.flow.grpc_status, -1);
	flow_note_field(&r.flow, view_of("grpc-status"), view_of("14"));
	ck_assert_int_eq(r.flow.grpc_status, 14);
	r.flow.ops = &ops;
	ck_assert_int_eq(identity(r).grpc_status, 14);
}
END_TEST

START_TEST(calls_of_one_endpoint_differ_in_ids_only)
{
	struct request r = {.method = "GET", .path = "/rows/r-4711/x"};
	uint64_t first = identity(r).endpoint;

	r.path = "/rows/12/x";
	ck_assert_uint_eq(identity(r).endpoint, first);
	r.query = "page=2";
	ck_assert_uint_eq(identity(r).endpoint, first);
	r.path = "/rows/12/y";
	ck_assert_uint_ne(identity(r).endpoint, first);
	r.path = "/rows/12/x/";
	ck_assert_uint_ne(identity(r).endpoint, first);
	r.path = "/rows/12/x";
	r.method = "POST";
	ck_assert_uint_ne(identity(r).endpoint, first);
}
END_TEST

START_TEST(what_nobody_wants_is_not_told)
{
	struct request r = {.method = "GET", .path = "/"};

	now = clock_fake(100);
	engine = (struct engine){.clock = &now, .emit = emit,
	    .wish.all = EVENT_BIT(EVENT_FLOW_CLOSE)};
	r.flow = (struct flow){
	    .ops = &ops, .engine = &engine, .type = FLOW_EXCHANGE};
	told_count = 0;
	flow_tell_open(&r.flow);
	ck_assert_int_eq(told_count, 0);
	flow_tell_close(&r.flow, "done");
	ck_assert_int_eq(told_count, 1);
	ck_assert_int_eq(told.type, EVENT_FLOW_CLOSE);
	told_count = 0;
}
END_TEST

START_TEST(what_traces_want_is_told_of_flows_that_are_kept)
{
	struct request r = {.method = "GET", .path = "/"};

	now = clock_fake(100);
	engine = (struct engine){.clock = &now, .emit = emit,
	    .wish.kept = EVENT_BIT(EVENT_FLOW_CLOSE),
	    .tracing = {.on = true, .faulted_always = true}};
	r.flow = (struct flow){
	    .ops = &ops, .engine = &engine, .type = FLOW_EXCHANGE};
	told_count = 0;
	flow_tell_close(&r.flow, "done");
	ck_assert_int_eq(told_count, 0);
	flow_trace_begin(&r.flow);
	flow_tell_close(&r.flow, "done");
	ck_assert_int_eq(told_count, 0);
	r.flow.faulted = true;
	flow_tell_open(&r.flow);
	ck_assert_int_eq(told_count, 0);
	flow_tell_close(&r.flow, "done");
	ck_assert_int_eq(told_count, 1);
	engine.tracing.faulted_always = false;
	flow_tell_close(&r.flow, "done");
	ck_assert_int_eq(told_count, 1);
	engine.wish.all = EVENT_BIT(EVENT_FLOW_CLOSE);
	flow_tell_close(&r.flow, "done");
	ck_assert_int_eq(told_count, 2);
	flow_trace_end(&r.flow);
	told_count = 0;
}
END_TEST

START_TEST(times_are_kept_while_somebody_listens)
{
	struct request r = {.method = "GET", .path = "/"};

	now = clock_fake(100);
	told_count = 0;
	engine = (struct engine){.clock = &now};
	r.flow = (struct flow){.ops = &ops, .engine = &engine,
	    .start_us = 100, .type = FLOW_EXCHANGE};
	flow_left(&r.flow);
	ck_assert_int_eq(r.flow.when.left_us, 0);
	flow_tell_close(&r.flow, "done");
	ck_assert_int_eq(told_count, 0);

	engine.emit = emit;
	engine.wish.all = EVENTS_ALL;
	for (int i = 0; i < 4; i++) {
		now = clock_fake(200 + i * 100);
		flow_mark(&r.flow, i < 2 ? LINK_UP : LINK_DOWN);
	}
	now = clock_fake(600);
	flow_left(&r.flow);
	now = clock_fake(700);
	flow_left(&r.flow);
	r.flow.links[LINK_DOWN].taken = 90;
	r.flow.links[LINK_DOWN].head_len = 70;
	flow_tell_close(&r.flow, "client_closed");
	ck_assert_int_eq(told_count, 1);
	ck_assert_str_eq(told.flow_type, "exchange");
	ck_assert_int_eq(told.status, 503);
	ck_assert_int_eq(told.when.request_us, 300);
	ck_assert_int_eq(told.when.response_us, 400);
	ck_assert_int_eq(told.when.response_last_us, 500);
	ck_assert_int_eq(told.when.left_us, 600);
	ck_assert_double_eq(told.duration_us, 600);
	ck_assert_uint_eq(told.bytes_down, 90);
	ck_assert_uint_eq(told.head_down, 70);
}
END_TEST

START_TEST(a_connection_under_way_is_told_as_one)
{
	struct request r = {.flow = {.ops = &ops, .engine = &engine,
				.number = 7, .type = FLOW_CONNECTION}};
	struct event_record e;

	now = clock_fake(100);
	engine = (struct engine){.clock = &now};
	flow_tell_now(&r.flow, &e);
	ck_assert_str_eq(e.what, "open");
	ck_assert_str_eq(e.flow_type, "connection");
	ck_assert(e.is_connection);
	ck_assert_uint_eq(e.flow, 7);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flow_tell");
	TCase *tc = tcase_create("flow_tell");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc,
	    equal_requests_have_equal_hashes_and_others_do_not);
	tcase_add_loop_test(tc,
	    clients_that_count_their_attempts_are_believed, 0,
	    (int)COUNT_OF(counts));
	tcase_add_test(tc, an_id_is_told_as_a_hash_with_its_header);
	tcase_add_test(tc,
	    what_looks_like_an_id_in_the_target_is_found_again_elsewhere);
	tcase_add_test(tc, fields_of_the_answer_are_noted);
	tcase_add_test(tc, calls_of_one_endpoint_differ_in_ids_only);
	tcase_add_test(tc, what_nobody_wants_is_not_told);
	tcase_add_test(tc,
	    what_traces_want_is_told_of_flows_that_are_kept);
	tcase_add_test(tc, times_are_kept_while_somebody_listens);
	tcase_add_test(tc, a_connection_under_way_is_told_as_one);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
