/* SPDX-License-Identifier: Apache-2.0 */
/* Models from the command line. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/harness/check_run.h"

static struct conf_model *
load(const char *protocol, const char *fault, struct conf_diag *diag)
{
	const struct conf_options opt = {
	    .listen = ":15432",
	    .upstream = "db:5432",
	    .protocol = protocol,
	    .faults = &fault,
	    .faults_count = fault != NULL,
	};

	return conf_load_options(&opt, &fake_kinds, diag);
}

START_TEST(one_route_comes_out)
{
	const char *const faults[] = {"latency,latency=80ms,jitter=20",
				      "latency,probability=20%,stream=upstream",
				      "latency"};
	const struct conf_options opt = {
	    .listen = ":15432",
	    .upstream = "db:5432",
	    .faults = faults,
	    .faults_count = 3,
	};
	struct conf_diag diag = {0};
	struct conf_model *m = conf_load_options(&opt, &fake_kinds, &diag);
	const struct conf_route *r;

	ck_assert_uint_eq(diag.count, 0);
	ck_assert_uint_eq(m->routes_count, 1);
	r = m->routes;
	ck_assert_str_eq(r->name, "default");
	ck_assert_ptr_null(r->listen.host);
	ck_assert_uint_eq(r->listen.port, 15432);
	ck_assert_str_eq(r->upstream.host, "db");
	ck_assert_int_eq(r->protocol, PROTOCOL_TCP);
	ck_assert_int_eq(r->idle_timeout_us, 0);
	ck_assert_uint_eq(r->faults_count, 3);
	ck_assert_int_eq(
	    ((struct fake_latency *)r->faults[0].params)->latency_us, 80000);
	ck_assert(r->faults[1].conditions.probability == 0.2);
	ck_assert_str_eq(r->faults[1].name, "latency_upstream");
	ck_assert_str_eq(r->faults[2].name, "latency_downstream_2");
	ck_assert_str_eq(m->control.listen, "127.0.0.1:8474");
	conf_model_unref(m);
}
END_TEST

START_TEST(conditions_and_lists_can_be_given)
{
	struct conf_diag diag = {0};
	struct conf_model *m =
	    load("http",
		 "every_type,words=a+b\\+c,table=1+"
		 "2s,text=x\\,y+z,when.path=/x*,when.client=10.0.0.0/8+::1,"
		 "when.header=A: b+C,when.status=503,first=3",
		 &diag);
	const struct conf_fault *f;
	const struct fake_params *p;

	ck_assert_uint_eq(diag.count, 0);
	f = m->routes[0].faults;
	p = f->params;
	ck_assert_int_eq(m->routes[0].idle_timeout_us, 60000000);
	ck_assert_uint_eq(p->words.count, 2);
	ck_assert_str_eq(p->words.items[1], "b+c");
	ck_assert_uint_eq(p->table.count, 2);
	ck_assert_int_eq(p->table.items[1], 2000000);
	ck_assert_str_eq(p->text, "x,y+z");
	ck_assert(f->conditions.has_when);
	ck_assert(conf_pattern_match(&f->conditions.when.path, VIEW("/xy")));
	ck_assert_uint_eq(f->conditions.when.clients_count, 2);
	ck_assert_uint_eq(f->conditions.when.headers_count, 2);
	ck_assert_int_eq(f->conditions.when.status_max, 503);
	ck_assert_int_eq(f->conditions.first, 3);
	conf_model_unref(m);
}
END_TEST

START_TEST(a_list_may_have_many_items)
{
	struct conf_diag diag = {0};
	struct str text = {0};
	struct conf_model *m;
	const struct fake_params *p;

	str_add(&text, "every_type,table=1");
	for (int i = 0; i < 999; i++)
		str_add(&text, "+1");
	m = load("http", text.text, &diag);
	ck_assert_uint_eq(diag.count, 0);
	p = m->routes[0].faults->params;
	ck_assert_uint_eq(p->table.count, 1000);
	conf_model_unref(m);
	str_fini(&text);
}
END_TEST

static const struct {
	const char *fault, *said;
} cases[] = {
    {"latncy", "--fault KIND: there is no fault kind \"latncy\"; did you "
	       "mean \"latency\"?\n"},
    {"", "--fault KIND: there is no fault kind \"\"; expected one of"},
    {"latency,jiter=5", "--fault latency: latency has no key \"jiter\"; "
			"did you mean \"jitter\"?\n"},
    {"latency,zzz=5", "expected one that `faultwire faults latency` shows\n"},
    {"latency,when.pth=/x", "latency has no key \"when.pth\""},
    {"latency,when=x", "latency has no key \"when\""},
    {"latency,type=x", "latency has no key \"type\""},
    {"every_type,secret=1", "every_type has no key \"secret\""},
    {"latency,jitter", "\"jitter\" sets nothing; expected KEY=VALUE"},
    {"latency,", "\"\" sets nothing; expected KEY=VALUE"},
    {"latency,latency=-5", "--fault latency: latency: \"-5\" is not a "
			   "duration; expected"},
    {"latency,on=1s", "--fault latency: on: flapping takes both"},
    {"latency,when.path=/x", "path: a tcp route knows nothing of it"},
    {"reset_peer,stream=both", "reset_peer has no direction; expected it "
			       "without stream"},
    {"abort", "abort lacks \"status\"; expected status=… (What is"},
    {"abort,status=503", "abort works on HTTP exchanges"},
    {"every_type,count=13", "--fault every_type: count: 13 brings bad luck"},
    {"every_type,table=1+x", "table: \"x\" is not a duration"},
};

START_TEST(mistakes_name_their_option)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf_diag diag = {0};
		struct conf_model *m = load(NULL, cases[i].fault, &diag);
		char *said;

		ck_assert_ptr_null(m);
		said = fake_messages(&diag);
		ck_assert_msg(strstr(said, cases[i].said) != NULL, "%s: %s",
			      cases[i].fault, said);
		free(said);
	}
}
END_TEST

START_TEST(addresses_and_protocol_are_checked)
{
	const struct conf_options wrong = {
	    .upstream = "db", .protocol = "htp", .profile = "3gg"};
	const struct conf_options loop = {
	    .listen = ":1", .upstream = "localhost:1"};
	struct conf_diag diag = {0};
	char *said;

	ck_assert_ptr_null(conf_load_options(&wrong, &fake_kinds, &diag));
	said = fake_messages(&diag);
	ck_assert_ptr_nonnull(strstr(said, "--listen: it is missing; expected "
					   "--listen Where clients connect"));
	ck_assert_ptr_nonnull(strstr(said, "--upstream: \"db\" has no port"));
	ck_assert_ptr_nonnull(strstr(said, "--protocol: \"htp\" is unknown; "
					   "expected one of tcp, http, udp, "
				   "dns, redis, postgres, mysql; did"));
	ck_assert_ptr_nonnull(strstr(said, "--profile: \"3gg\" is unknown"));
	free(said);
	ck_assert_ptr_null(conf_load_options(&loop, &fake_kinds, &diag));
	said = fake_messages(&diag);
	ck_assert_ptr_nonnull(strstr(said, "leads to its own listener"));
	free(said);
}
END_TEST

int
main(void)
{
	return check_run(
	    "load_options",
	    (const TTest *const[]){one_route_comes_out,
				   conditions_and_lists_can_be_given,
			       a_list_may_have_many_items,
				   mistakes_name_their_option,
				   addresses_and_protocol_are_checked, NULL});
}
