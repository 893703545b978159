/* SPDX-License-Identifier: Apache-2.0 */
/* Envoy's headers: what they ask for, what they may, and what is no number. */
#include "faults/envoy.h"

#include "config/build.h"
#include "config/envoy.h"
#include "tests/harness/suite.h"

#define DELAY	"x-envoy-fault-delay-request: "
#define DELAYS	"x-envoy-fault-delay-request-percentage: "
#define ABORT	"x-envoy-fault-abort-request: "
#define GRPC	"x-envoy-fault-abort-grpc-request: "
#define ABORTS	"x-envoy-fault-abort-request-percentage: "
#define RATE	"x-envoy-fault-throughput-response: "
#define RATES	"x-envoy-fault-throughput-response-percentage: "

/* The answer to a request with these two headers (NULL: none). */
static bool
ask(enum conf_envoy which, const char *one, const char *other,
    struct conf_fault *to)
{
	struct harness_flow *f = harness_prepare(h, FLOW_EXCHANGE);
	struct armed_fault armed = {.name = conf_envoy_name(which)};
	const char *headers[] = {one, one != NULL ? other : NULL, NULL};
	bool asked;

	f->headers = headers;
	*to = (struct conf_fault){0};
	asked = envoy_ask(&f->flow, &armed, to);
	f->headers = NULL;
	harness_begin(f);
	return asked;
}

static void
allow(enum conf_envoy which, int64_t numerator, int64_t denominator)
{
	struct conf_route *route;

	/* The harness makes its route when there is a fault. */
	if (h->route->conf == NULL)
		harness_add(h, "noop");
	route = (struct conf_route *)h->route->conf;
	route->envoy[which] = (struct conf_envoy_cap){numerator, denominator};
}

/* One parameter, as a file would spell it. */
static void
expect(const struct conf_fault *f, const char *name, const char *value)
{
	struct str text = {0};

	conf_field_print(conf_field_find(f->kind->fields, name), f->params,
	    &text);
	ck_assert_str_eq(text.text, value);
	str_fini(&text);
}

START_TEST(a_delay_is_latency_of_the_request)
{
	struct conf_fault f;

	allow(ENVOY_DELAY, 100, 100);
	ck_assert(ask(ENVOY_DELAY, DELAY "250", NULL, &f));
	ck_assert_str_eq(f.kind->name, "latency");
	ck_assert_int_eq(f.stream, STREAM_UPSTREAM);
	ck_assert_double_eq(f.conditions.probability, 1);
	expect(&f, "latency", "\"250ms\"");
	conf_fault_fini(&f);
}
END_TEST

START_TEST(an_abort_has_the_status_and_its_like_in_grpc)
{
	static const struct {
		const char *header, *status, *grpc;
	} cases[] = {
	    {ABORT "503", "503", "14"}, {ABORT "200", "200", "2"},
	    {ABORT "599", "599", "2"}, {ABORT "401", "401", "16"},
	    {GRPC "0", "200", "0"}, {GRPC "16", "200", "16"},
	};
	struct conf_fault f;

	allow(ENVOY_ABORT, 100, 100);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ck_assert(ask(ENVOY_ABORT, cases[i].header, NULL, &f));
		ck_assert_str_eq(f.kind->name, "abort");
		expect(&f, "status", cases[i].status);
		expect(&f, "grpc_status", cases[i].grpc);
		expect(&f, "body", "\"fault filter abort\"");
		conf_fault_fini(&f);
	}
}
END_TEST

START_TEST(the_http_status_wins_over_that_of_grpc)
{
	struct conf_fault f;

	allow(ENVOY_ABORT, 100, 100);
	ck_assert(ask(ENVOY_ABORT, GRPC "7", ABORT "404", &f));
	expect(&f, "status", "404");
	expect(&f, "grpc_status", "12");
	conf_fault_fini(&f);
	ck_assert(ask(ENVOY_ABORT, GRPC "7", ABORT "99", &f));
	expect(&f, "status", "200");
	expect(&f, "grpc_status", "7");
	conf_fault_fini(&f);
}
END_TEST

START_TEST(a_limit_counts_kibibytes)
{
	struct conf_fault f;

	allow(ENVOY_RATE_LIMIT, 100, 100);
	ck_assert(ask(ENVOY_RATE_LIMIT, RATE "3", NULL, &f));
	ck_assert_str_eq(f.kind->name, "bandwidth");
	ck_assert_int_eq(f.stream, STREAM_DOWNSTREAM);
	expect(&f, "rate", "\"3KiB/s\"");
	conf_fault_fini(&f);
}
END_TEST

START_TEST(what_is_no_value_asks_for_nothing)
{
	static const struct {
		enum conf_envoy which;
		const char *header;
	} cases[] = {
	    {ENVOY_DELAY, NULL}, {ENVOY_DELAY, DELAY ""},
	    {ENVOY_DELAY, DELAY "0"}, {ENVOY_DELAY, DELAY "-5"},
	    {ENVOY_DELAY, DELAY "1.5"}, {ENVOY_DELAY, DELAY "1s"},
	    {ENVOY_DELAY, DELAY "0x10"}, {ENVOY_DELAY, DELAY "+"},
	    {ENVOY_DELAY, DELAY "18446744073709551616"},
	    {ENVOY_ABORT, ABORT "199"}, {ENVOY_ABORT, ABORT "600"},
	    {ENVOY_ABORT, ABORT "five"}, {ENVOY_ABORT, GRPC "17"},
	    {ENVOY_ABORT, GRPC "-1"}, {ENVOY_ABORT, ABORTS "100"},
	    {ENVOY_RATE_LIMIT, RATE "0"}, {ENVOY_RATE_LIMIT, RATE "1 2"},
	};
	struct conf_fault f;

	for (int i = 0; i < ENVOY_COUNT; i++)
		allow(i, 100, 100);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ck_assert_msg(!ask(cases[i].which, cases[i].header, NULL, &f),
		    "%s", cases[i].header);
		conf_fault_fini(&f);
	}
}
END_TEST

START_TEST(numbers_are_read_as_envoy_reads_them)
{
	static const struct {
		const char *header, *latency;
	} cases[] = {
	    {DELAY "+7", "\"7ms\""}, {DELAY " 7 ", "\"7ms\""},
	    {DELAY "007", "\"7ms\""},
	    /* The most that this proxy delays. */
	    {DELAY "18446744073709551615", "\"1d\""},
	};
	struct conf_fault f;

	allow(ENVOY_DELAY, 100, 100);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ck_assert(ask(ENVOY_DELAY, cases[i].header, NULL, &f));
		expect(&f, "latency", cases[i].latency);
		conf_fault_fini(&f);
	}
}
END_TEST

START_TEST(the_percentage_is_a_numerator_below_the_cap)
{
	static const struct {
		int64_t numerator, denominator;
		const char *header;
		double probability;
	} cases[] = {
	    {100, 100, DELAYS "20", 0.2},
	    {30, 100, DELAYS "20", 0.2},
	    {10, 100, DELAYS "20", 0.1},
	    {10, 100, DELAYS "0", 0},
	    {5000, 10000, DELAYS "20", 0.002},
	    {1000000, 1000000, DELAYS "20", 0.00002},
	    /* No number: as if it were not there. */
	    {10, 100, DELAYS "many", 0.1},
	    {10, 100, DELAYS "4294967296", 0.1},
	    {10, 100, DELAYS "4294967295", 0.1},
	    {10, 100, DELAYS "-1", 0.1},
	    {10, 100, ABORTS "5", 0.1},
	};
	struct conf_fault f;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		allow(ENVOY_DELAY, cases[i].numerator, cases[i].denominator);
		ck_assert(ask(ENVOY_DELAY, DELAY "5", cases[i].header, &f));
		ck_assert_double_eq(f.conditions.probability,
		    cases[i].probability);
		conf_fault_fini(&f);
	}
}
END_TEST

START_TEST(the_fault_on_the_route_has_the_caps_probability)
{
	struct conf_route route = {.envoy = {[ENVOY_ABORT] = {5, 10000}}};
	struct conf_fault *f = envoy_fault_new(&route, ENVOY_ABORT);

	ck_assert_str_eq(f->name, "envoy_abort");
	ck_assert_double_eq(f->conditions.probability, 0.0005);
	envoy_fault_free(f);
}
END_TEST

int
main(void)
{
	return SUITE_RUN("faults/envoy", true,
	    a_delay_is_latency_of_the_request,
	    an_abort_has_the_status_and_its_like_in_grpc,
	    the_http_status_wins_over_that_of_grpc, a_limit_counts_kibibytes,
	    what_is_no_value_asks_for_nothing,
	    numbers_are_read_as_envoy_reads_them,
	    the_percentage_is_a_numerator_below_the_cap,
	    the_fault_on_the_route_has_the_caps_probability);
}
