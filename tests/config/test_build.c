/* SPDX-License-Identifier: Apache-2.0 */
/* Models made and changed by hand, as the control API does. */
#include "config/build.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/load.h"
#include "config/print.h"
#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/config/full.h"
#include "tests/harness/check_run.h"

static char *
print(const struct conf_model *m)
{
	struct str s = {0};

	conf_model_print(&s, m);
	return str_take(&s);
}

START_TEST(a_copy_is_equal_and_lives_alone)
{
	struct conf_model *m = fake_load(full_text), *copy;
	char *before = print(m), *after;
	const struct conf_when *w;

	copy = conf_model_copy(m);
	ck_assert(conf_fault_equal(&copy->routes[1].faults[0],
				   &m->routes[1].faults[0]));
	ck_assert_uint_eq(copy->files_count, m->files_count);
	ck_assert_uint_eq(copy->routes[1].where.line, m->routes[1].where.line);
	conf_model_unref(m);
	after = print(copy);
	ck_assert_str_eq(before, after);
	w = &copy->routes[1].faults[0].conditions.when;
	ck_assert(conf_pattern_match(&w->path, VIEW("/orders/17")));
	ck_assert(!conf_pattern_match(&w->path, VIEW("/orders/x")));
	ck_assert_str_eq(w->headers[0].name, "X-Test");
	ck_assert(conf_pattern_match(&w->headers[0].value, VIEW("1a")));
	ck_assert_uint_eq(w->clients_count, 2);
	ck_assert_int_eq(w->status_min, 500);
	ck_assert_str_eq(copy->routes[1].listen.text, "0.0.0.0:18080");
	ck_assert(conf_pattern_match(&copy->routes[1].match_host,
				     VIEW("API.example")));
	ck_assert_int_eq(copy->routes[1].envoy[ENVOY_ABORT].numerator, 5);
	ck_assert_int_eq(copy->routes[1].envoy[ENVOY_DELAY].denominator, 100);
	ck_assert_str_eq(copy->services[1].hosts[0], "db");
	ck_assert_str_eq(copy->partitions[0].groups[0].items[0], "api");
	conf_model_unref(copy);
	free(before);
	free(after);
}
END_TEST

START_TEST(references_are_counted)
{
	struct conf_model *m = conf_model_new();

	ck_assert_ptr_eq(conf_model_ref(m), m);
	conf_model_unref(m);
	ck_assert_str_eq(m->control.listen, "127.0.0.1:8474");
	conf_model_unref(m);
	conf_model_unref(NULL);
}
END_TEST

START_TEST(parts_can_be_added_and_removed)
{
	struct conf_model *m = conf_model_new();
	char name[16];

	for (int i = 0; i < 9; i++) {
		struct conf_route *r = conf_model_add_route(m);

		snprintf(name, sizeof(name), "r%d", i);
		r->name = xstrdup(name);
		for (int j = 0; j < 5; j++)
			conf_route_add_fault(r, &fake_latency);
		conf_route_name_faults(r);
	}
	conf_model_remove_route(m, 8);
	conf_model_remove_route(m, 0);
	conf_model_remove_route(m, 3);
	ck_assert_uint_eq(m->routes_count, 6);
	ck_assert_str_eq(m->routes[0].name, "r1");
	ck_assert_str_eq(m->routes[3].name, "r5");
	ck_assert(conf_model_add_route(m)->enabled);
	conf_route_remove_fault(m->routes, 1);
	ck_assert_uint_eq(m->routes[0].faults_count, 4);
	ck_assert_str_eq(m->routes[0].faults[1].name, "latency_downstream_3");
	conf_model_add_partition(m)->name = xstrdup("p");
	conf_model_add_partition(m)->name = xstrdup("q");
	conf_model_remove_partition(m, 0);
	ck_assert_str_eq(m->partitions[0].name, "q");
	conf_model_unref(m);
}
END_TEST

START_TEST(a_changed_copy_is_compiled_and_checked_again)
{
	struct conf_model *m = fake_load(full_text);
	struct conf_model *copy = conf_model_copy(m);
	struct conf_route *r = &copy->routes[0];
	struct conf_diag diag = {0};
	const struct conf_spot at = {.diag = &diag};
	char *said;

	free(r->listen_text);
	r->listen_text = xstrdup(":7");
	conf_route_compile(r, &at);
	conf_model_check(copy, &diag);
	ck_assert_uint_eq(diag.errors, 0);
	ck_assert_uint_eq(r->listen.port, 7);
	free(r->listen_text);
	r->listen_text = xstrdup("x");
	free(r->from);
	r->from = xstrdup("nobody");
	conf_route_compile(r, &at);
	conf_model_check(copy, &diag);
	said = fake_messages(&diag);
	ck_assert_ptr_nonnull(strstr(said, "configuration: listen: \"x\" has "
					   "no port"));
	ck_assert_ptr_nonnull(strstr(said, "no service \"nobody\""));
	free(said);
	conf_model_unref(copy);
	conf_model_unref(m);
}
END_TEST

START_TEST(faults_are_equal_by_what_they_do)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
	    {"type = \"latency\";", "type = \"latency\"; latency = 0;", true},
	    {"type = \"latency\";", "type = \"latency\"; enabled = false;",
	     true},
	    {"type = \"latency\";", "type = \"latency\"; latency = 1;", false},
	    {"type = \"latency\";", "type = \"every_type\";", false},
	    {"type = \"latency\";", "type = \"latency\"; stream = \"both\";",
	     false},
	    {"type = \"latency\";", "type = \"latency\"; first = 1;", false},
	    {"type = \"latency\";",
	     "type = \"latency\"; when = { client = \"::1\"; };", false},
	    {"type = \"latency\"; when = { path = \"/a\"; };",
	     "type = \"latency\"; when = { path = \"/a\"; };", true},
	    {"type = \"latency\"; when = { path = \"/a\"; };",
	     "type = \"latency\"; when = { path = \"/b\"; };", false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str s = {0};
		struct conf_model *m;
		const struct conf_fault *f;

		str_printf(&s,
			   "routes = ( { name = \"r\"; listen = \":1\"; "
			   "upstream = \"u:1\"; protocol = \"http\"; "
			   "faults = ( { %s }, { %s name = \"b\"; } ); } "
			   ");",
			   cases[i].a, cases[i].b);
		m = fake_load(s.text);
		f = m->routes[0].faults;
		ck_assert_msg(conf_fault_equal(&f[0], &f[1]) == cases[i].equal,
			      "%s %s", cases[i].a, cases[i].b);
		conf_model_unref(m);
		str_fini(&s);
	}
}
END_TEST

START_TEST(the_ranges_of_a_service_are_part_of_a_fault)
{
	static char text[] =
	    "services = ( { name = \"s\"; addresses = \"10.0.0.1\"; } ); "
	    "routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
	    "faults = ( { type = \"latency\"; when = { client = \"s\"; }; } );"
	    " } );";
	struct conf_model *a = fake_load(text), *b;

	*strstr(text, "10.0.0.1") = '2';
	b = fake_load(text);
	ck_assert(!conf_fault_equal(a->routes[0].faults, b->routes[0].faults));
	conf_model_unref(a);
	conf_model_unref(b);
}
END_TEST

int
main(void)
{
	return check_run(
	    "build", (const TTest *const[]){
			 a_copy_is_equal_and_lives_alone,
			 references_are_counted, parts_can_be_added_and_removed,
			 a_changed_copy_is_compiled_and_checked_again,
			 faults_are_equal_by_what_they_do,
			 the_ranges_of_a_service_are_part_of_a_fault, NULL});
}
