/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind is found, documented, and its example is good. */
#include "faults/registry.h"

#include <stdio.h>
#include <string.h>

#include "config/load.h"
#include "tests/harness/check_run.h"

START_TEST(kinds_are_in_alphabetical_order)
{
	for (size_t i = 1; i < fault_kinds.count; i++)
		ck_assert_str_lt(
		    fault_kinds.items[i - 1]->name, fault_kinds.items[i]->name);
}
END_TEST

START_TEST(kinds_are_found_by_name)
{
	ck_assert_ptr_eq(fault_find("latency"), &latency_ops);
	ck_assert_ptr_null(fault_find("lat"));
	for (size_t i = 0; i < fault_kinds.count; i++) {
		const struct conf_kind *kind = fault_kinds.items[i];

		ck_assert_ptr_eq(&fault_ops_of(kind)->kind, kind);
		ck_assert_ptr_eq(fault_find(kind->name), fault_ops_of(kind));
	}
}
END_TEST

START_TEST(every_kind_and_parameter_is_documented)
{
	for (size_t i = 0; i < fault_kinds.count; i++) {
		const struct conf_kind *kind = fault_kinds.items[i];
		const struct conf_field *field = kind->fields;

		ck_assert_msg(kind->summary != NULL && kind->example != NULL &&
				  kind->details != NULL,
		    "%s is not documented", kind->name);
		ck_assert(kind->summary[strlen(kind->summary) - 1] != '.');
		for (; field != NULL && field->name != NULL; field++) {
			ck_assert_msg(
			    field->help != NULL && field->help[0] != '\0',
			    "%s of %s has no help", field->name, kind->name);
			ck_assert(field->help[strlen(field->help) - 1] != '.');
		}
	}
}
END_TEST

/* A protocol on which the kind's example makes sense. */
static const char *
protocol_for(const struct conf_kind *kind)
{
	if (kind->flags & KIND_DNS_ONLY)
		return "dns";
	if (kind->flags & KIND_DATAGRAM_ONLY)
		return "udp";
	return strstr(kind->example, "when") != NULL ||
		(kind->flags & KIND_HTTP_ONLY)
	    ? "http"
	    : "tcp";
}

START_TEST(every_example_loads)
{
	for (size_t i = 0; i < fault_kinds.count; i++) {
		const struct conf_kind *kind = fault_kinds.items[i];
		struct conf_diag diag = {0};
		struct conf_model *model;
		char text[2000];

		if (kind->flags & KIND_HIDDEN)
			continue;
		snprintf(text, sizeof(text),
		    "routes = ( { name = \"r\"; listen = \"127.0.0.1:1\"; "
		    "upstream = \"127.0.0.1:2\"; protocol = \"%s\"; "
		    "%sfaults = ( %s ); } );",
		    protocol_for(kind),
		    kind->flags & KIND_TLS_SERVER
			? "tls = { intercept = true; }; "
			: "",
		    kind->example);
		model = conf_load_text(text, kind->name, &fault_kinds, &diag);
		ck_assert_msg(model != NULL && diag.count == 0,
		    "the example of %s: %s", kind->name,
		    diag.count > 0 ? diag.messages[0].text : "no model");
		ck_assert_uint_eq(model->routes[0].faults_count, 1);
		ck_assert_ptr_eq(model->routes[0].faults[0].kind, kind);
		conf_model_unref(model);
		conf_diag_fini(&diag);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    kinds_are_in_alphabetical_order,
	    kinds_are_found_by_name,
	    every_kind_and_parameter_is_documented,
	    every_example_loads,
	    NULL,
	};

	return check_run("registry", tests);
}
