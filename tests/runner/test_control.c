/* SPDX-License-Identifier: Apache-2.0 */
/* What the runner asks a proxy, and what it makes of answers, good and bad. */
#include "runner/control.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/client/http_fake.h"
#include "tests/harness/check_run.h"
#include "tests/runner/runner_load.h"

#define ANSWER(status, body) "HTTP/1.1 " status "\r\n\r\n" body
#define OK(body)	     ANSWER("200 OK", body)

/* The steps of the scenario: what they are. */
enum { FAULT, NAMED, INLINE };

/* A proxy that gives every call the same answer, and its client. */
struct asked {
	struct http_fake proxy;
	struct control c;
	struct conf_model *model;
	const struct conf_step *steps;
	struct error err;
};

static void
asked_init(struct asked *a, const char *reply)
{
	*a = (struct asked){.proxy = {.reply = reply}};
	a->model = runner_load(
	    HEAD
	    "services = ( { name = \"a\"; addresses = [ \"10.0.0.1\" ]; }, "
	    "{ name = \"b\"; addresses = [ \"10.0.0.2\" ]; } );"
	    "partitions = ( { name = \"cut\"; groups = ( [\"a\"], [\"b\"] "
	    "); enabled = false; } ); scenarios = ( { name = \"s\"; "
	    "faults = ( { route = \"api\"; type = \"down\"; name = \"f/1\""
	    "; for = \"1s\"; }, { partition = \"cut\"; at = \"2s\"; for = "
	    "\"1s\"; }, { partition = { name = \"own\"; groups = ( "
	    "[\"a\"], [\"b\"] ); }; at = \"4s\"; for = \"1s\"; } ); } );");
	a->steps = a->model->experiment->scenarios[0].steps;
	http_fake_start(&a->proxy);
	ck_assert(control_init(&a->c, a->proxy.url, "secret", &a->err));
}

/* Another answer from now on: the proxy is between two calls. */
static void
answer(struct asked *a, const char *reply)
{
	a->proxy.reply = reply;
}

static void
asked_fini(struct asked *a)
{
	control_fini(&a->c);
	http_fake_stop(&a->proxy);
	conf_model_unref(a->model);
}

#define CK_SAYS(a, part)                                                       \
	ck_assert_msg(strstr((a)->err.text, part) != NULL, "%s", (a)->err.text)
#define CK_SENT(a, line)                                                       \
	ck_assert_msg(                                                         \
	    strncmp((a)->proxy.request, line " HTTP/", strlen(line) + 6) == 0, \
	    "%s", (a)->proxy.request)

START_TEST(changes_are_bound_to_the_lease)
{
	struct asked a;

	asked_init(&a, ANSWER("201 Created", "{\"lease\":\"l 1\"}"));
	ck_assert(control_lease(&a.c, 8000000, "x", &a.err));
	CK_SENT(&a, "POST /v1/leases");
	ck_assert_ptr_nonnull(strstr(a.proxy.request, "\"ttl\":\"8s\""));
	ck_assert_ptr_nonnull(strstr(a.proxy.request, "Bearer secret"));
	ck_assert_int_eq(a.c.target.timeout_us, 2000000);
	ck_assert(control_renew(&a.c, &a.err));
	CK_SENT(&a, "POST /v1/leases/l%201/renew");
	ck_assert(control_arm(&a.c, &a.steps[FAULT], &a.err));
	ck_assert_ptr_nonnull(strstr(a.proxy.request, "ease: l 1\r\n"));
	ck_assert(control_release(&a.c, &a.err));
	CK_SENT(&a, "DELETE /v1/leases/l%201");
	ck_assert(control_release(&a.c, &a.err));
	asked_fini(&a);
}
END_TEST

START_TEST(a_proxy_that_gives_no_lease_is_told)
{
	static const struct {
		const char *reply, *says;
	} cases[] = {
	    {OK("{}"), "the proxy answered without a lease"},
	    {OK("{\"lease\":7}"), "the proxy answered without a lease"},
	    {ANSWER("503 No", "{\"error\":\"too many\"}"),
	     "too many (status 503)"},
	    {ANSWER("500 No", "<html>"), "the proxy refused (status 500)"},
	    {ANSWER("500 No", ""), "the proxy refused (status 500)"},
	    {NULL, ""},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct asked a;

		asked_init(&a, cases[i].reply);
		ck_assert(!control_lease(&a.c, 1000000, "x", &a.err));
		ck_assert_str_ne(a.err.text, "");
		CK_SAYS(&a, cases[i].says);
		ck_assert_ptr_null(a.c.lease);
		ck_assert(a.c.answered == (cases[i].reply != NULL));
		asked_fini(&a);
	}
}
END_TEST

START_TEST(each_step_is_armed_and_lifted_where_it_belongs)
{
	static const char *const lines[][2] = {
	    [FAULT] = {"POST /v1/routes/api/faults",
		       "DELETE /v1/routes/api/faults/f%2F1"},
	    [NAMED] = {"POST /v1/partitions/cut/start",
		       "POST /v1/partitions/cut/heal"},
	    [INLINE] = {"POST /v1/partitions", "DELETE /v1/partitions/own"},
	};
	struct asked a;

	asked_init(&a, OK("{}"));
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		ck_assert(control_arm(&a.c, &a.steps[i], &a.err));
		ck_assert_msg(strncmp(a.proxy.request, lines[i][0],
				      strlen(lines[i][0])) == 0,
			      "%s", a.proxy.request);
		ck_assert(control_lift(&a.c, &a.steps[i], &a.err));
		ck_assert_msg(strncmp(a.proxy.request, lines[i][1],
				      strlen(lines[i][1])) == 0,
			      "%s", a.proxy.request);
	}
	asked_fini(&a);
}
END_TEST

/* One answer serves both questions: what is configured, and sessions. */
#define SESSIONS(faults)                                                       \
	"\"sessions\":[{\"flows\":[{\"faults\":[" faults "]}]}]"

START_TEST(a_step_is_lifted_when_nothing_has_it_any_more)
{
	static const struct {
		int step;
		const char *reply, *says; /* NULL: it is lifted */
	} cases[] = {
	    {FAULT,
	     OK("{\"faults\":[{\"name\":\"f/2\"},{}]," SESSIONS(
		 "\"f\",\"f/2\",7") "}"),
	     NULL},
	    {FAULT, OK("{\"faults\":[{\"name\":\"f/1\"}]}"),
	     "it is still in force"},
	    {FAULT, OK("{\"faults\":[]," SESSIONS("\"f/1\",\"x\",\"f/1\"") "}"),
	     "2 flows have it"},
	    {NAMED,
	     OK("{\"partitions\":[{\"name\":\"cut\",\"state\":{"
		"\"active\":false}},{\"name\":\"own\",\"state\":{"
		"\"active\":true}},{}]," SESSIONS(
		    "\"partition:cutter\",\"cut\",\"partition:own\"") "}"),
	     NULL},
	    {NAMED,
	     OK("{\"partitions\":[{\"name\":\"cut\",\"state\":{"
		"\"active\":true}}]}"),
	     "it is still in force"},
	    {NAMED,
	     OK("{" SESSIONS("\"partition:cut/2\",\"partition:cut\"") "}"),
	     "2 flows have it"},
	    {INLINE, OK("{" SESSIONS("\"partition:own/1\"") "}"),
	     "1 flows have it"},
	    {FAULT, ANSWER("404 No", "{\"error\":\"no route\"}"), "no route"},
	    {FAULT, NULL, ""},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct asked a;
		bool lifted;

		asked_init(&a, cases[i].reply);
		lifted = control_lifted(&a.c, &a.steps[cases[i].step], &a.err);
		ck_assert_msg(lifted == (cases[i].says == NULL), "case %zu", i);
		if (!lifted)
			CK_SAYS(&a, cases[i].says);
		asked_fini(&a);
	}
}
END_TEST

START_TEST(the_time_of_the_proxy_comes_from_its_status)
{
	int64_t at_us = 0, now_us;
	struct asked a;

	asked_init(&a, OK("{\"uptime\":2.5}"));
	ck_assert(control_origin(&a.c, &at_us, &a.err));
	now_us = clock_now(&clock_real);
	ck_assert_int_le(at_us, now_us - 2500000);
	ck_assert_int_gt(at_us, now_us - 62500000);
	answer(&a, OK("{\"uptime\":\"2.5\"}"));
	ck_assert(!control_origin(&a.c, &at_us, &a.err));
	CK_SAYS(&a, "the proxy does not say how long it runs");
	answer(&a, ANSWER("401 No", ""));
	ck_assert(!control_origin(&a.c, &at_us, &a.err));
	CK_SAYS(&a, "(status 401)");
	asked_fini(&a);
}
END_TEST

START_TEST(a_route_that_does_not_listen_is_told)
{
	struct asked a;
	char *at;

	asked_init(&a, OK("{\"state\":{\"listening\":\"127.0.0.1:9\"}}"));
	at = control_listening(&a.c, "edge", &a.err);
	ck_assert_str_eq(at, "127.0.0.1:9");
	free(at);
	answer(&a, OK("{\"state\":{\"listening\":null}}"));
	ck_assert_ptr_null(control_listening(&a.c, "edge", &a.err));
	CK_SAYS(&a, "route \"edge\" does not listen");
	answer(&a, ANSWER("404 No", ""));
	ck_assert_ptr_null(control_listening(&a.c, "edge", &a.err));
	CK_SAYS(&a, "(status 404)");
	asked_fini(&a);
}
END_TEST

#define EDGE(upstream) "{\"name\":\"edge\"" upstream "}"

START_TEST(routes_that_lead_elsewhere_are_not_taken_over)
{
	static const struct {
		const char *reply, *says; /* NULL: good */
		size_t added;
	} cases[] = {
	    {OK("{\"routes\":[{},{\"name\":\"api\",\"upstream\":\"a:2\"}," EDGE(
		 ",\"upstream\":\"a:1\"") "]}"),
	     NULL, 0},
	    {OK("{\"routes\":[]}"), NULL, 2},
	    {OK("{\"routes\":[" EDGE(",\"upstream\":\"a:1\"") "]}"), NULL, 1},
	    {OK("{\"routes\":[" EDGE(",\"upstream\":\"b:1\"") "]}"),
	     "leads to b:1; expected a:1", 0},
	    {OK("{\"routes\":[" EDGE("") "]}"), "leads to nowhere", 0},
	    {ANSWER("403 No", "{\"error\":\"no token\"}"), "no token", 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct asked a;
		size_t added;
		bool ok;

		asked_init(&a, cases[i].reply);
		ok = control_routes(&a.c, a.model, &added, &a.err);
		ck_assert_msg(ok == (cases[i].says == NULL), "case %zu: %s", i,
			      ok ? "" : a.err.text);
		ck_assert_uint_eq(added, cases[i].added);
		if (!ok)
			CK_SAYS(&a, cases[i].says);
		asked_fini(&a);
	}
}
END_TEST

int
main(void)
{
	return check_run("runner/control",
			 (const TTest *const[]){
			     changes_are_bound_to_the_lease,
			     a_proxy_that_gives_no_lease_is_told,
			     each_step_is_armed_and_lifted_where_it_belongs,
			     a_step_is_lifted_when_nothing_has_it_any_more,
			     the_time_of_the_proxy_comes_from_its_status,
			     a_route_that_does_not_listen_is_told,
			     routes_that_lead_elsewhere_are_not_taken_over,
			     NULL});
}
