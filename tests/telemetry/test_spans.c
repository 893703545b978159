/* SPDX-License-Identifier: Apache-2.0 */
/* Events become spans. */
#include "telemetry/spans.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "telemetry/pending.h"
#include "tests/harness/check_run.h"

#define KEPT 8

struct made {
	struct otlp_span spans[KEPT];
	char names[KEPT][64], errors[KEPT][64];
	size_t count;
	struct spans *maker;
	struct event_trace trace;
};

static int64_t
wall(int64_t us)
{
	return us + 1000000;
}

static void
on_span(void *arg, const struct otlp_span *span)
{
	struct made *made = arg;

	ck_assert_uint_lt(made->count, KEPT);
	strcpy(made->names[made->count], span->name);
	for (size_t i = 0; i < span->attrs.count; i++) {
		if (strcmp(span->attrs.items[i].key, "error.type") == 0)
			strcpy(made->errors[made->count],
			    span->attrs.items[i].s);
	}
	made->spans[made->count++] = *span;
}

static struct made *
begin(void)
{
	struct made *made = calloc(1, sizeof(*made));

	made->maker = spans_new(&(struct spans_settings){
	    .add = on_span, .arg = made, .wall_us = wall});
	made->trace.in.flags = TRACE_SAMPLED;
	memset(made->trace.in.trace_id, 1, TRACE_ID_SIZE);
	memset(made->trace.server_id, 2, SPAN_ID_SIZE);
	memset(made->trace.client_id, 3, SPAN_ID_SIZE);
	return made;
}

static void
end(struct made *made)
{
	spans_free(made->maker);
	free(made);
}

/* The value of an attribute of the n-th span; NULL: it has none. */
static const struct otlp_attr *
attr(const struct made *made, size_t n, const char *key)
{
	const struct otlp_attrs *attrs = &made->spans[n].attrs;

	ck_assert_uint_lt(n, made->count);
	for (size_t i = 0; i < attrs->count; i++) {
		if (strcmp(attrs->items[i].key, key) == 0)
			return &attrs->items[i];
	}
	return NULL;
}

static struct event_record
event(enum event_type type)
{
	return (struct event_record){.type = type, .route = "r", .session = 1,
	    .has_flow = true, .time_us = 1000};
}

static void
tell_close(struct made *made, int status, const char *what)
{
	struct event_record e = event(EVENT_FLOW_CLOSE);

	e.flow_type = "exchange";
	e.who.method = "GET";
	e.who.request = 7;
	e.who.attempt = -1;
	e.what = what;
	e.status = status;
	e.duration_us = 100;
	e.when.response_us = status > 0 ? 950 : 0;
	e.trace = &made->trace;
	spans_consume(made->maker, &e);
}

START_TEST(a_flow_that_is_not_traced_makes_none)
{
	struct made *made = begin();
	struct event_record e = event(EVENT_FLOW_CLOSE);

	e.flow_type = "exchange";
	e.what = "done";
	spans_consume(made->maker, &e);
	ck_assert_uint_eq(made->count, 0);
	end(made);
}
END_TEST

START_TEST(times_are_those_of_the_flow_on_the_wall)
{
	struct made *made = begin();

	made->trace.call_us = 920;
	made->trace.done_us = 940;
	tell_close(made, 200, "done");
	ck_assert_uint_eq(made->count, 2);
	ck_assert_int_eq(made->spans[0].start_us, 1000900);
	ck_assert_int_eq(made->spans[0].end_us, 1001000);
	ck_assert_int_eq(made->spans[1].start_us, 1000920);
	ck_assert_int_eq(made->spans[1].end_us, 1000940);
	ck_assert_mem_eq(made->spans[1].parent_id, made->spans[0].span_id,
	    SPAN_ID_SIZE);
	end(made);
}
END_TEST

START_TEST(each_side_has_its_own_port_and_version)
{
	struct made *made = begin();

	made->trace.version = 20;
	made->trace.client_port = 50000;
	tell_close(made, 502, "done");
	made->trace.call_us = 920;
	made->trace.peer_port = 80;
	made->trace.call_version = 11;
	tell_close(made, 200, "done");
	ck_assert_uint_eq(made->count, 3);
	for (size_t n = 0; n < 2; n++) {
		ck_assert_str_eq(attr(made, n, "network.protocol.version")->s,
		    "2");
		ck_assert_int_eq(attr(made, n, "network.peer.port")->i, 50000);
	}
	ck_assert_str_eq(attr(made, 2, "network.protocol.version")->s, "1.1");
	ck_assert_int_eq(attr(made, 2, "network.peer.port")->i, 80);
	made->trace.client_port = made->trace.peer_port = 0;
	made->trace.version = made->trace.call_version = 0;
	tell_close(made, 200, "done");
	for (size_t n = 3; n < 5; n++) {
		ck_assert_ptr_null(attr(made, n, "network.protocol.version"));
		ck_assert_ptr_null(attr(made, n, "network.peer.port"));
	}
	end(made);
}
END_TEST

START_TEST(effects_belong_to_their_flow_alone)
{
	struct made *made = begin();
	struct event_record e = event(EVENT_EFFECT);

	e.fault = "slow";
	e.kind = "latency";
	e.what = "delay";
	e.unit = "us";
	e.amount = 250000;
	e.time_us = 910;
	spans_consume(made->maker, &e);
	e.flow = 1;
	spans_consume(made->maker, &e);
	e.flow = 0;
	e.is_connection = true;
	spans_consume(made->maker, &e);
	tell_close(made, 200, "done");
	ck_assert_uint_eq(made->spans[0].events_count, 1);
	ck_assert_int_eq(made->spans[0].events[0].time_us, 1000910);
	ck_assert_double_eq(made->spans[0].events[0].attrs.items[3].d, 0.25);
	/* Told once. */
	tell_close(made, 200, "done");
	ck_assert_uint_eq(made->spans[1].events_count, 0);
	end(made);
}
END_TEST

START_TEST(too_many_effects_are_counted)
{
	struct made *made = begin();
	struct event_record e = event(EVENT_EFFECT);

	e.fault = e.kind = e.what = "x";
	for (int i = 0; i < PENDING_EFFECTS + 3; i++)
		spans_consume(made->maker, &e);
	tell_close(made, 200, "done");
	ck_assert_uint_eq(made->spans[0].events_count, PENDING_EFFECTS);
	ck_assert_uint_eq(made->spans[0].events_dropped, 3);
	end(made);
}
END_TEST

START_TEST(a_failed_attempt_is_followed_by_a_retry)
{
	struct made *made = begin();
	struct event_record e = event(EVENT_FLOW_CLOSE);

	made->trace.call_us = 900;
	tell_close(made, 503, "done");
	made->trace.client_id[0] = 9;
	/* It began before the other was over: no retry. */
	tell_close(made, 503, "done");
	ck_assert_ptr_null(attr(made, 3, "http.request.resend_count"));
	e.time_us = 2000;
	e.flow_type = "exchange";
	e.who.method = "GET";
	e.who.request = 7;
	e.what = "done";
	e.status = 200;
	e.duration_us = 500;
	e.trace = &made->trace;
	spans_consume(made->maker, &e);
	ck_assert_int_eq(attr(made, 5, "http.request.resend_count")->i, 1);
	ck_assert_uint_eq(made->spans[5].link_id[0], 9);
	/* That one succeeded: what follows is something new. */
	e.time_us = 3000;
	spans_consume(made->maker, &e);
	ck_assert_ptr_null(attr(made, 7, "http.request.resend_count"));
	end(made);
}
END_TEST

START_TEST(outcomes_have_a_reason_when_they_are_bad)
{
	static const struct {
		int status;
		const char *what, *kind;
		bool own;
		const char *error; /* NULL: all is well */
	} cases[] = {
	    {200, "done", NULL, false, NULL},
	    {404, "done", NULL, false, NULL},
	    {500, "done", NULL, false, "500"},
	    {503, "done", "latency", false, "503"},
	    {503, "done", "abort", true, "faultwire.abort"},
	    {0, "fault", "reset_peer", false, "faultwire.reset_peer"},
	    {200, "fault", "limit_data", false, "faultwire.limit_data"},
	    {0, "client_closed", NULL, false, "client_closed"},
	    {0, "client_reset", "hang", false, "faultwire.hang"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct made *made = begin();
		struct event_record e = event(EVENT_EFFECT);

		if (cases[i].own) {
			e.fault = e.kind = e.what = cases[i].kind;
			spans_consume(made->maker, &e);
		}
		e = event(EVENT_FLOW_CLOSE);
		e.flow_type = "exchange";
		e.own_reply = cases[i].own;
		e.who.method = "OTHER";
		e.what = cases[i].what;
		e.status = cases[i].status;
		e.when.response_us = cases[i].status > 0;
		e.fault = e.kind = cases[i].kind;
		e.trace = &made->trace;
		spans_consume(made->maker, &e);
		ck_assert_str_eq(made->names[0], "HTTP r");
		ck_assert_int_eq(made->spans[0].status,
		    cases[i].error != NULL ? OTLP_ERROR : OTLP_UNSET);
		ck_assert_str_eq(made->errors[0],
		    cases[i].error != NULL ? cases[i].error : "");
		end(made);
	}
}
END_TEST

int
main(void)
{
	return check_run("spans",
	    (const TTest *const[]){a_flow_that_is_not_traced_makes_none,
		times_are_those_of_the_flow_on_the_wall,
		each_side_has_its_own_port_and_version,
		effects_belong_to_their_flow_alone,
		too_many_effects_are_counted,
		a_failed_attempt_is_followed_by_a_retry,
		outcomes_have_a_reason_when_they_are_bad, NULL});
}
