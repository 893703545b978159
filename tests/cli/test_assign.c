/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE arguments as the JSON that the API takes. */
#include "cli/assign.h"

#include <errno.h>
#include <string.h>

#include "config/tables.h"
#include "tests/harness/check_run.h"

static void
is_json(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT);

	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(value);
}

static const struct {
	const char *text, *json;
} faults[] = {
    {"latency", "{\"type\":\"latency\"}"},
    {"latency,latency=80ms,jitter=20ms",
	"{\"type\":\"latency\",\"latency\":\"80ms\",\"jitter\":\"20ms\"}"},
    {"noop,when.path=/x,when.method=GET,probability=20%",
	"{\"type\":\"noop\",\"when\":{\"path\":\"/x\",\"method\":\"GET\"},"
	"\"probability\":\"20%\"}"},
    {"noop,when.client=10.0.0.1+db",
	"{\"type\":\"noop\",\"when\":{\"client\":[\"10.0.0.1\",\"db\"]}}"},
    {"noop,when.header=A: 1\\,2+B\\+C,when.header=D",
	"{\"type\":\"noop\",\"when\":{\"header\":[\"A: 1,2\",\"B+C\","
	"\"D\"]}}"},
    {"noop,name=a=b,name=", "{\"type\":\"noop\",\"name\":\"\"}"},
};

START_TEST(faults_are_written_as_run_takes_them)
{
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		const struct conf_kind *kind;
		struct error err = {0};
		json_t *fault = assign_parse_fault(faults[i].text, &kind,
		    &err);

		ck_assert_msg(fault != NULL, "%s: %s", faults[i].text,
		    err.text);
		is_json(fault, faults[i].json);
	}
}
END_TEST

static const struct {
	const char *text, *says;
	int code;
} wrong[] = {
    {"latencey", "there is no kind \"latencey\"; did you mean \"latency\"?",
	0},
    {"", "there is no kind \"\"", 0},
    {"zzzzzzzzzz", "`faultwire faults` lists them", 0},
    {"latency,jiter=1ms", "latency has no key \"jiter\"; did you mean "
			  "\"jitter\"?", 0},
    {"noop,when.pth=/", "did you mean \"when.path\"?", 0},
    {"noop,type=latency", "noop has no key \"type\"", 0},
    {"noop,when=/", "noop has no key \"when\"", 0},
    {"refuse,stream=upstream", "refuse has no direction", 0},
    {"latency,80ms", "\"80ms\" sets nothing; expected KEY=VALUE", EINVAL},
    {"latency,=80ms", "sets nothing", EINVAL},
    {"latency,", "\"\" sets nothing", EINVAL},
    {"noop,name=\xff", "name: expected text in UTF-8", 0},
    {"noop,when.header=a+\xff", "when.header: expected text in UTF-8", 0},
};

START_TEST(a_wrong_fault_is_told_with_what_was_meant)
{
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		const struct conf_kind *kind;
		struct error err = {0};

		ck_assert_ptr_null(assign_parse_fault(wrong[i].text, &kind,
		    &err));
		ck_assert_msg(strstr(err.text, wrong[i].says) != NULL,
		    "\"%s\" gave \"%s\"", wrong[i].text, err.text);
		ck_assert_int_eq(err.code, wrong[i].code);
	}
}
END_TEST

START_TEST(fields_of_groups_nest)
{
	json_t *route = json_object();
	struct error err;

	ck_assert(assign_field(route, conf_route_fields, "listen=:80", &err));
	ck_assert(assign_field(route, conf_route_fields, "match.host=a", &err));
	ck_assert(assign_field(route, conf_route_fields, "match.path=/b=c",
	    &err));
	ck_assert(assign_null(route, "match.sni", &err));
	ck_assert(assign_null(route, "upstream", &err));
	is_json(route, "{\"listen\":\":80\",\"match\":{\"host\":\"a\","
		       "\"path\":\"/b=c\",\"sni\":null},\"upstream\":null}");
}
END_TEST

START_TEST(groups_of_services_are_lists_of_lists)
{
	json_t *p = json_object();
	struct error err;

	ck_assert(assign_field(p, conf_partition_fields, "groups=a+b,c", &err));
	ck_assert(assign_field(p, conf_partition_fields, "groups=d", &err));
	ck_assert(assign_field(p, conf_partition_fields, "members=a+b", &err));
	ck_assert(assign_field(p, conf_partition_fields, "dial=a->b", &err));
	is_json(p, "{\"groups\":[[\"a\",\"b\"],[\"c\"],[\"d\"]],"
		   "\"members\":[\"a\",\"b\"],\"dial\":\"a->b\"}");
}
END_TEST

static const struct {
	const char *text, *says;
} unknown[] = {
    {"lisen=:80", "there is no field \"lisen\"; did you mean \"listen\"?"},
    {"match.hst=a", "\"match.hst\"; did you mean \"host\"?"},
    {"match=a", "match is a group; expected match.KEY=VALUE"},
    {"faults=a", "faults is a group"},
    {"nowhere.x=1", "there is no field \"nowhere.x\""},
    {"listen.x=1", "there is no field \"listen.x\""},
    {"listen", "\"listen\" sets nothing"},
};

START_TEST(a_field_that_is_not_there_is_told)
{
	for (size_t i = 0; i < COUNT_OF(unknown); i++) {
		json_t *route = json_object();
		struct error err = {0};

		ck_assert(!assign_field(route, conf_route_fields,
		    unknown[i].text, &err));
		ck_assert_msg(strstr(err.text, unknown[i].says) != NULL,
		    "\"%s\" gave \"%s\"", unknown[i].text, err.text);
		json_decref(route);
	}
}
END_TEST

START_TEST(a_key_is_a_value_or_a_group)
{
	json_t *object = json_pack("{s:s}", "when", "x");
	struct error err = {0};

	ck_assert(!assign_null(object, "when.path", &err));
	ck_assert_str_eq(err.text,
	    "when.path: stands both for a value and for a group");
	json_decref(object);
}
END_TEST

int
main(void)
{
	return check_run("assign", (const TTest *const[]){
	    faults_are_written_as_run_takes_them,
	    a_wrong_fault_is_told_with_what_was_meant, fields_of_groups_nest,
	    groups_of_services_are_lists_of_lists,
	    a_field_that_is_not_there_is_told, a_key_is_a_value_or_a_group,
	    NULL});
}
