/* SPDX-License-Identifier: Apache-2.0 */
/* Models as files that load back. */
#include "config/print.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "config/tables.h"
#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/config/full.h"
#include "tests/harness/check_run.h"

static void
check_routes(const struct conf_route *a, const struct conf_route *b)
{
	ck_assert(conf_fields_equal(conf_route_fields, a, b));
	ck_assert(conf_fields_equal(conf_match_fields, a, b));
	ck_assert(conf_fields_equal(conf_tls_fields, a, b));
	ck_assert(conf_fields_equal(conf_upstream_tls_fields, a, b));
	ck_assert_uint_eq(a->faults_count, b->faults_count);
	for (size_t i = 0; i < a->faults_count; i++) {
		ck_assert(conf_fault_equal(&a->faults[i], &b->faults[i]));
		ck_assert(conf_fields_equal(conf_fault_fields, &a->faults[i],
					    &b->faults[i]));
	}
}

static void
check_partitions(const struct conf_partition *a, const struct conf_partition *b)
{
	ck_assert(conf_fields_equal(conf_partition_fields, a, b));
	ck_assert_uint_eq(a->groups_count, b->groups_count);
	for (size_t i = 0; i < a->groups_count; i++) {
		ck_assert_uint_eq(a->groups[i].count, b->groups[i].count);
		for (size_t j = 0; j < a->groups[i].count; j++)
			ck_assert_str_eq(a->groups[i].items[j],
					 b->groups[i].items[j]);
	}
}

static void
check_models(const struct conf_model *a, const struct conf_model *b)
{
	ck_assert(conf_fields_equal(conf_file_fields, a, b));
	ck_assert(a->has_seed == b->has_seed);
	ck_assert(
	    conf_fields_equal(conf_control_fields, &a->control, &b->control));
	ck_assert(conf_fields_equal(conf_log_fields, &a->log, &b->log));
	ck_assert(conf_fields_equal(conf_observe_fields, &a->observe,
	    &b->observe));
	ck_assert(conf_fields_equal(conf_trace_fields, &a->trace, &b->trace));
	ck_assert(conf_fields_equal(conf_grafana_fields, &a->grafana,
	    &b->grafana));
	ck_assert(conf_fields_equal(conf_loki_fields, &a->loki, &b->loki));
	ck_assert_uint_eq(a->services_count, b->services_count);
	for (size_t i = 0; i < a->services_count; i++)
		ck_assert(conf_fields_equal(conf_service_fields,
					    &a->services[i], &b->services[i]));
	ck_assert_uint_eq(a->routes_count, b->routes_count);
	for (size_t i = 0; i < a->routes_count; i++)
		check_routes(&a->routes[i], &b->routes[i]);
	ck_assert_uint_eq(a->partitions_count, b->partitions_count);
	for (size_t i = 0; i < a->partitions_count; i++)
		check_partitions(&a->partitions[i], &b->partitions[i]);
}

static const char *const texts[] = {
    "",
    "seed = 0;",
    "control = { listen = \"off\"; };",
    "routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; protocol "
    "= \"http\"; } );",
    "routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
    "idle_timeout = \"60s\"; } );",
    "services = ( { name = \"a\"; }, { name = \"b\"; } ); partitions = ( { "
    "name = \"p\"; shape = \"halves\"; } );",
    full_text,
};

START_TEST(a_printed_model_loads_back_equal)
{
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct conf_model *m = fake_load(texts[i]), *back;
		struct str s = {0}, again = {0};

		conf_model_print(&s, m);
		back = fake_load(s.text);
		check_models(m, back);
		conf_model_print(&again, back);
		ck_assert_str_eq(s.text, again.text);
		conf_model_unref(m);
		conf_model_unref(back);
		str_fini(&s);
		str_fini(&again);
	}
}
END_TEST

START_TEST(defaults_are_left_out)
{
	struct conf_model *m = fake_load(
	    "workers = 0; log = { level = \"info\"; }; routes = ( { name = "
	    "\"r\"; listen = \":1\"; upstream = \"u:1\"; faults = ( { type = "
	    "\"latency\"; latency = 1500; } ); } );");
	struct str s = {0};

	conf_model_print(&s, m);
	ck_assert_str_eq(s.text, "routes = (\n"
				 "\t{\n"
				 "\t\tname = \"r\";\n"
				 "\t\tlisten = \":1\";\n"
				 "\t\tupstream = \"u:1\";\n"
				 "\t\tfaults = (\n"
				 "\t\t\t{\n"
				 "\t\t\t\ttype = \"latency\";\n"
				 "\t\t\t\tname = \"latency_downstream\";\n"
				 "\t\t\t\tlatency = \"1.5s\";\n"
				 "\t\t\t}\n"
				 "\t\t);\n"
				 "\t}\n"
				 ");\n");
	conf_model_unref(m);
	str_fini(&s);
}
END_TEST

/* Every field of the table that may, differs from its default in `values`. */
static void
check_differs(const struct conf_field *table, const void *values,
	      const char *but)
{
	char defaults[2048] = {0};

	conf_fields_default(table, defaults);
	for (const struct conf_field *f = table; f->name != NULL; f++) {
		if (f->type != CONF_GROUP &&
		    (f->flags & (CONF_HIDDEN | CONF_STANDS_FOR)) == 0 &&
		    (f->min == 0 || f->min != f->max) &&
		    strstr(but, f->name) == NULL)
			ck_assert_msg(!conf_field_equal(f, values, defaults),
				      "%s", f->name);
	}
	conf_fields_fini(table, defaults);
}

START_TEST(the_full_example_leaves_no_field_out)
{
	struct conf_model *m = fake_load(full_text);
	const struct conf_route *r = &m->routes[1];

	ck_assert_uint_le(sizeof(struct conf_model), 2048);
	ck_assert_uint_le(sizeof(struct conf_route), 2048);
	check_differs(conf_file_fields, m, "");
	check_differs(conf_control_fields, &m->control, "");
	check_differs(conf_log_fields, &m->log, "");
	check_differs(conf_observe_fields, &m->observe, "");
	check_differs(conf_trace_fields, &m->trace, "endpoint");
	check_differs(conf_grafana_fields, &m->grafana, "");
	check_differs(conf_loki_fields, &m->loki, "");
	check_differs(conf_service_fields, &m->services[0], "");
	check_differs(conf_route_fields, r, "idle_timeout");
	check_differs(conf_match_fields, r, "");
	check_differs(conf_tls_fields, r, "");
	check_differs(conf_upstream_tls_fields, r, "");
	check_differs(conf_fault_fields, &r->faults[0], "at");
	ck_assert_int_eq(r->faults[1].at, AT_AFTER);
	check_differs(conf_when_fields, &r->faults[0].conditions.when,
		      "dns_name dns_type command");
	check_differs(conf_when_fields, &m->routes[3].faults[0].conditions.when,
		      "client sni alpn host method path query header status "
		      "command");
	ck_assert_str_eq(m->routes[4].faults[0].conditions.when.command.text,
			 "GET");
	check_differs(fake_fields, r->faults[0].params, "");
	check_differs(conf_partition_fields, &m->partitions[0],
		      "shape members isolate dial");
	check_differs(conf_partition_fields, &m->partitions[1],
		      "mode direction existing enabled for on off");
	conf_model_unref(m);
}
END_TEST

int
main(void)
{
	return check_run(
	    "print",
	    (const TTest *const[]){a_printed_model_loads_back_equal,
				   defaults_are_left_out,
				   the_full_example_leaves_no_field_out, NULL});
}
