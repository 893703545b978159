/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies for Loki, read back by jansson. */
#include "telemetry/loki.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
/* A value with what JSON must escape, twice over. */
#define ODD   "a \"b\"\\ \n\x01 \xc3\xa9"

static struct loki_labels labels;
static struct loki_line *lines[8];
static size_t lines_count;

static void
setup(void)
{
	loki_labels_init(&labels, &(struct conf_loki){0}, "here");
}

static void
teardown(void)
{
	for (size_t i = 0; i < lines_count; i++)
		free(lines[i]);
	lines_count = 0;
	loki_labels_fini(&labels);
}

static void
on_line(void *arg, const struct log_entry *entry)
{
	struct loki_line *l = loki_line_new(entry);

	(void)arg;
	if (lines_count > 0)
		lines[lines_count - 1]->next = l;
	lines[lines_count++] = l;
}

/* Three lines of two levels, by way of the log. */
static void
log_three(void)
{
	log_setup(LOG_INFO, LOG_TEXT, -1);
	log_tap(on_line, NULL);
	log_line(LOG_INFO, "one", "first", LOG_STR("odd", ODD),
	    LOG_INT("n", -7), LOG_END);
	log_line(LOG_WARN, NULL, "second", LOG_STR("trace_id", NULL), LOG_END);
	log_line(LOG_INFO, "three", "third", LOG_STR("trace_id", TRACE),
	    LOG_END);
	log_line(LOG_DEBUG, "no", "below the level", LOG_END);
	log_tap(NULL, NULL);
	log_line(LOG_INFO, "no", "nobody listens", LOG_END);
	for (size_t i = 0; i < lines_count; i++)
		lines[i]->time_ns = 1764170811067424001 + (int64_t)i;
}

static json_t *
body(bool metadata)
{
	struct str text = {0};
	json_error_t err;
	json_t *root;

	loki_body(&text, &labels, lines[0], metadata);
	root = json_loadb(text.text, text.len, JSON_REJECT_DUPLICATES, &err);
	ck_assert_msg(root != NULL, "%s: %s", err.text, text.text);
	str_fini(&text);
	return root;
}

static json_t *
stream(const json_t *root, size_t at)
{
	json_t *list = json_object_get(root, "streams");

	ck_assert_uint_eq(json_object_size(root), 1);
	ck_assert_uint_lt(at, json_array_size(list));
	return json_array_get(list, at);
}

static json_t *
value(const json_t *root, size_t of_stream, size_t at)
{
	json_t *values =
	    json_object_get(stream(root, of_stream), "values");

	ck_assert_uint_lt(at, json_array_size(values));
	return json_array_get(values, at);
}

static void
assert_equal(const json_t *got, const char *expected)
{
	json_t *e = json_loads(expected, JSON_DECODE_ANY, NULL);
	char *text = json_dumps(got, JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(e);
	ck_assert_msg(json_equal(got, e), "%s != %s", text, expected);
	free(text);
	json_decref(e);
}

START_TEST(each_level_is_a_stream_of_its_own)
{
	json_t *root;

	log_three();
	root = body(true);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "streams")), 2);
	assert_equal(json_object_get(stream(root, 0), "stream"),
	    "{\"service_name\": \"faultwire\", \"instance\": \"here\", "
	    "\"level\": \"info\"}");
	assert_equal(json_object_get(stream(root, 1), "stream"),
	    "{\"service_name\": \"faultwire\", \"instance\": \"here\", "
	    "\"level\": \"warn\"}");
	ck_assert_uint_eq(json_array_size(json_object_get(stream(root, 0),
			      "values")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(stream(root, 1),
			      "values")), 1);
	json_decref(root);
}
END_TEST

START_TEST(times_are_nanoseconds_as_texts)
{
	json_t *root;

	log_three();
	root = body(true);
	assert_equal(json_array_get(value(root, 0, 0), 0),
	    "\"1764170811067424001\"");
	assert_equal(json_array_get(value(root, 1, 0), 0),
	    "\"1764170811067424002\"");
	assert_equal(json_array_get(value(root, 0, 1), 0),
	    "\"1764170811067424003\"");
	json_decref(root);
}
END_TEST

START_TEST(a_line_has_the_time_of_its_text)
{
	struct str time = {0};

	log_setup(LOG_INFO, LOG_JSON, -1);
	log_tap(on_line, NULL);
	log_line(LOG_INFO, "x", "m", LOG_END);
	log_tap(NULL, NULL);
	ck_assert_int_eq(lines[0]->time_ns % 1000, 0);
	log_time(&time, lines[0]->time_ns / 1000);
	ck_assert_ptr_nonnull(strstr(lines[0]->json, time.text));
	str_fini(&time);
}
END_TEST

START_TEST(lines_are_json_whatever_the_format)
{
	json_t *root, *line;

	log_three();
	root = body(true);
	line = json_loads(json_string_value(json_array_get(
			      value(root, 0, 0), 1)),
	    JSON_REJECT_DUPLICATES, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(line, "odd")), ODD);
	ck_assert_str_eq(json_string_value(json_object_get(line, "event")),
	    "one");
	ck_assert_int_eq(json_integer_value(json_object_get(line, "n")), -7);
	json_decref(line);
	json_decref(root);
}
END_TEST

START_TEST(metadata_is_what_the_line_says_of_event_and_trace)
{
	json_t *root;

	log_three();
	root = body(true);
	assert_equal(json_array_get(value(root, 0, 0), 2),
	    "{\"event\": \"one\"}");
	assert_equal(json_array_get(value(root, 0, 1), 2),
	    "{\"event\": \"three\", \"trace_id\": \"" TRACE "\"}");
	/* Nothing is said: it is left out. */
	ck_assert_uint_eq(json_array_size(value(root, 1, 0)), 2);
	json_decref(root);
}
END_TEST

START_TEST(metadata_may_be_left_out)
{
	json_t *root;

	log_three();
	root = body(false);
	ck_assert_uint_eq(json_array_size(value(root, 0, 0)), 2);
	ck_assert_uint_eq(json_array_size(value(root, 0, 1)), 2);
	json_decref(root);
}
END_TEST

START_TEST(labels_of_the_configuration_come_beside_our_own)
{
	char *given[] = {(char[]){"env=staging"}, (char[]){"instance=b=c"}};
	const struct conf_loki conf = {.service_name = (char[]){"shop"},
	    .labels = {given, 2}};
	json_t *root;

	loki_labels_fini(&labels);
	loki_labels_init(&labels, &conf, "here");
	log_three();
	root = body(true);
	assert_equal(json_object_get(stream(root, 0), "stream"),
	    "{\"service_name\": \"shop\", \"env\": \"staging\", "
	    "\"instance\": \"b=c\", \"level\": \"info\"}");
	json_decref(root);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {each_level_is_a_stream_of_its_own,
	    times_are_nanoseconds_as_texts, a_line_has_the_time_of_its_text,
	    lines_are_json_whatever_the_format,
	    metadata_is_what_the_line_says_of_event_and_trace,
	    metadata_may_be_left_out,
	    labels_of_the_configuration_come_beside_our_own};
	Suite *s = suite_create("loki");
	TCase *c = tcase_create("loki");
	SRunner *r;

	tcase_add_checked_fixture(c, setup, teardown);
	for (size_t i = 0; i < COUNT_OF(tests); i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return EXIT_SUCCESS;
}
