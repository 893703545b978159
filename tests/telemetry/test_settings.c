/* SPDX-License-Identifier: Apache-2.0 */
/* The group trace and OTEL_* together. */
#include "telemetry/settings.h"

#include <string.h>

#include "base/attr.h"
#include "config/field.h"
#include "config/tables.h"
#include "tests/harness/check_run.h"

struct variable {
	const char *name, *value;
};

static const struct variable *environment; /* NULL-ended; of the test */

static char *
env(const char *name)
{
	const struct variable *v = environment;

	for (; v != NULL && v->name != NULL; v++) {
		if (strcmp(v->name, name) == 0)
			return (char *)(uintptr_t)v->value;
	}
	return NULL;
}

/* What the group, given as "key", "value", …, NULL, comes to. */
static struct trace_settings
settle(const char *const *group)
{
	struct conf_trace conf = {0};
	struct trace_settings s;
	struct error err;

	conf_fields_default(conf_trace_fields, &conf);
	for (; group != NULL && *group != NULL; group += 2)
		ck_assert(conf_field_parse(
		    conf_field_find(conf_trace_fields, group[0]), &conf,
		    group[1], &err));
	ck_assert(trace_settings_init(&s, &conf, env, &err));
	conf_fields_fini(conf_trace_fields, &conf);
	return s;
}

#define GROUP(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ENV(...)   ((const struct variable[]){__VA_ARGS__, {NULL, NULL}})

static const char *
resource(const struct trace_settings *s, const char *key)
{
	for (size_t i = 0; i < s->resource.count; i++) {
		if (strcmp(s->resource.items[i].key, key) == 0)
			return s->resource.items[i].s;
	}
	return NULL;
}

START_TEST(nothing_said_is_no_traces)
{
	struct trace_settings s = settle(NULL);

	ck_assert_ptr_null(s.url);
	ck_assert(!s.policy.on);
	trace_settings_fini(&s);
}
END_TEST

START_TEST(a_base_gets_the_path_a_url_is_used_as_it_is)
{
	const struct {
		const struct variable *env;
		const char *const *group;
		const char *url;
	} cases[] = {
	    {NULL, GROUP("endpoint", "http://c:4318"),
		"http://c:4318/v1/traces"},
	    {NULL, GROUP("endpoint", "http://c/x//"), "http://c/x/v1/traces"},
	    {NULL, GROUP("url", "http://c/x"), "http://c/x"},
	    {ENV({"OTEL_EXPORTER_OTLP_ENDPOINT", "https://e"}), NULL,
		"https://e/v1/traces"},
	    {ENV({"OTEL_EXPORTER_OTLP_ENDPOINT", "https://e"},
		 {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://t"}),
		NULL, "https://t"},
	    {ENV({"OTEL_EXPORTER_OTLP_ENDPOINT", ""}), NULL, NULL},
	    {ENV({"OTEL_EXPORTER_OTLP_ENDPOINT", "http://e"}),
		GROUP("endpoint", "http://c"), "http://c/v1/traces"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trace_settings s;

		environment = cases[i].env;
		s = settle(cases[i].group);
		ck_assert_pstr_eq(s.url, cases[i].url);
		ck_assert_int_eq(s.policy.on, cases[i].url != NULL);
		trace_settings_fini(&s);
	}
}
END_TEST

START_TEST(what_the_file_says_wins_and_is_noted)
{
	struct trace_settings s;

	environment = ENV({"OTEL_EXPORTER_OTLP_ENDPOINT", "http://e"},
	    {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"},
	    {"OTEL_EXPORTER_OTLP_TIMEOUT", "500"},
	    {"OTEL_SERVICE_NAME", "env"}, {"OTEL_TRACES_SAMPLER", "always_on"});
	s = settle(GROUP("endpoint", "http://c", "protocol", "http/protobuf",
	    "timeout", "2s", "service_name", "file", "sampler", "always_off"));
	ck_assert_str_eq(s.notes.text,
	    "OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_PROTOCOL "
	    "OTEL_EXPORTER_OTLP_TIMEOUT OTEL_SERVICE_NAME "
	    "OTEL_TRACES_SAMPLER");
	ck_assert_int_eq(s.form, OTLP_PROTOBUF);
	ck_assert_int_eq(s.timeout_us, 2000000);
	ck_assert_str_eq(resource(&s, "service.name"), "file");
	ck_assert_double_eq(s.policy.ratio, 0);
	trace_settings_fini(&s);
}
END_TEST

START_TEST(the_environment_fills_in_what_the_file_leaves_open)
{
	struct trace_settings s;

	environment = ENV({"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"},
	    {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "500"},
	    {"OTEL_EXPORTER_OTLP_HEADERS", "a=b%20c, x-y = z ,bad key=1,=2"},
	    {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"},
	    {"OTEL_RESOURCE_ATTRIBUTES", "k=v%2C,service.name=named,k=w"},
	    {"OTEL_TRACES_SAMPLER", "traceidratio"},
	    {"OTEL_TRACES_SAMPLER_ARG", "0.5"},
	    {"OTEL_BSP_SCHEDULE_DELAY", "100"});
	s = settle(GROUP("endpoint", "http://c"));
	ck_assert_int_eq(s.form, OTLP_JSON);
	ck_assert_int_eq(s.timeout_us, 500000);
	ck_assert_int_eq(s.every_us, 100000);
	ck_assert_str_eq(s.headers, "a: b c\r\nx-y: z\r\n");
	ck_assert_str_eq(s.ca_file, "/ca.pem");
	ck_assert_str_eq(resource(&s, "k"), "v,");
	ck_assert_str_eq(resource(&s, "service.name"), "named");
	ck_assert_double_eq(s.policy.ratio, 0.5);
	ck_assert(!s.policy.follow);
	ck_assert_str_eq(s.notes.text, "OTEL_EXPORTER_OTLP_HEADERS");
	trace_settings_fini(&s);
}
END_TEST

START_TEST(headers_cannot_break_out)
{
	struct trace_settings s;

	environment = ENV(
	    {"OTEL_EXPORTER_OTLP_HEADERS", "a=x%0d%0aevil: 1,b%0ac=2"});
	s = settle(GROUP("endpoint", "http://c"));
	ck_assert_str_eq(s.headers, "a: xevil: 1\r\nbc: 2\r\n");
	trace_settings_fini(&s);
}
END_TEST

START_TEST(each_sampler_means_what_its_name_says)
{
	static const struct {
		const char *name;
		bool follow;
		double ratio;
	} cases[] = {
	    {"auto", true, 0.25},
	    {"parentbased_traceidratio", true, 0.25},
	    {"traceidratio", false, 0.25},
	    {"parentbased_always_on", true, 1},
	    {"parentbased_always_off", true, 0},
	    {"always_on", false, 1},
	    {"always_off", false, 0},
	};

	environment = NULL;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trace_settings s = settle(GROUP("endpoint", "http://c",
		    "ratio", "0.25", "sampler", cases[i].name));

		ck_assert_int_eq(s.policy.follow, cases[i].follow);
		ck_assert_double_eq(s.policy.ratio, cases[i].ratio);
		trace_settings_fini(&s);
	}
}
END_TEST

START_TEST(it_can_be_switched_off)
{
	struct trace_settings s;

	environment = ENV({"OTEL_SDK_DISABLED", "TRUE"});
	s = settle(GROUP("endpoint", "http://c"));
	ck_assert_ptr_null(s.url);
	ck_assert_str_eq(s.notes.text, "OTEL_SDK_DISABLED");
	trace_settings_fini(&s);
	environment = ENV({"OTEL_TRACES_EXPORTER", "none"},
	    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://e"});
	s = settle(NULL);
	ck_assert_ptr_null(s.url);
	ck_assert_uint_eq(s.notes.len, 0);
	trace_settings_fini(&s);
}
END_TEST

START_TEST(equal_settings_are_known)
{
	struct trace_settings a, b, c;

	environment = NULL;
	a = settle(GROUP("endpoint", "http://c", "attributes", "k=v"));
	b = settle(GROUP("endpoint", "http://c", "attributes", "k=v"));
	c = settle(GROUP("endpoint", "http://c", "attributes", "k=w"));
	ck_assert(trace_settings_equal(&a, &b));
	ck_assert(!trace_settings_equal(&a, &c));
	trace_settings_fini(&a);
	trace_settings_fini(&b);
	trace_settings_fini(&c);
}
END_TEST

int
main(void)
{
	return check_run("settings",
	    (const TTest *const[]){nothing_said_is_no_traces,
		a_base_gets_the_path_a_url_is_used_as_it_is,
		what_the_file_says_wins_and_is_noted,
		the_environment_fills_in_what_the_file_leaves_open,
		headers_cannot_break_out,
		each_sampler_means_what_its_name_says, it_can_be_switched_off,
		equal_settings_are_known, NULL});
}
