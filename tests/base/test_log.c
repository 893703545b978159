/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: formats, escaping, bounds, and descriptors that take nothing. */
#include "base/log.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

#define STAMP "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{6}Z"

static int ends[2]; /* a pipe: what the log writes is read from ends[0] */
static char got[1 << 20];

static void
setup(void)
{
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
}

static void
teardown(void)
{
	log_setup(LOG_INFO, LOG_JSON, -1);
	close(ends[0]);
	close(ends[1]);
}

/* Everything in the pipe, as text. */
static const char *
drain(void)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(ends[0], got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return got;
}

static void
assert_matches(const char *text, const char *pattern)
{
	regex_t re;

	ck_assert_int_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&re, text, 0, NULL, 0) == 0, "%s !~ %s", text,
	    pattern);
	regfree(&re);
}

static void
log_sample(void)
{
	log_line(LOG_WARN, "upstream_error", "upstream failed",
	    LOG_STR("route", "a b"), LOG_STR("fault", NULL),
	    LOG_INT("code", -7), LOG_UINT("bytes", UINT64_MAX),
	    LOG_DOUBLE("delay_s", 0.25), LOG_DOUBLE("bad", NAN),
	    LOG_BOOL("live", true), LOG_STR("name", "x"), LOG_END);
}

START_TEST(json_lines_carry_the_fixed_keys_first_and_typed_values)
{
	log_setup(LOG_INFO, LOG_JSON, ends[1]);
	log_sample();
	assert_matches(drain(),
	    "^[{]\"ts\":\"" STAMP "\",\"level\":\"warn\","
	    "\"msg\":\"upstream failed\",\"event\":\"upstream_error\","
	    "\"route\":\"a b\",\"code\":-7,\"bytes\":18446744073709551615,"
	    "\"delay_s\":0.25,\"bad\":null,\"live\":true,\"name\":\"x\"[}]\n$");
}
END_TEST

START_TEST(logfmt_lines_quote_only_what_needs_it)
{
	log_setup(LOG_INFO, LOG_LOGFMT, ends[1]);
	log_sample();
	assert_matches(drain(),
	    "^ts=" STAMP " level=warn msg=\"upstream failed\" "
	    "event=upstream_error route=\"a b\" code=-7 "
	    "bytes=18446744073709551615 delay_s=0.25 bad=null live=true "
	    "name=x\n$");
}
END_TEST

START_TEST(text_lines_read_as_a_sentence)
{
	log_setup(LOG_INFO, LOG_TEXT, ends[1]);
	log_sample();
	assert_matches(drain(),
	    "^" STAMP " warn  upstream_error: upstream failed route=\"a b\"");
}
END_TEST

START_TEST(auto_means_json_where_no_terminal_is)
{
	log_setup(LOG_INFO, LOG_AUTO, ends[1]);
	log_sample();
	ck_assert_int_eq(drain()[0], '{');
}
END_TEST

START_TEST(lines_below_the_level_are_not_written)
{
	log_setup(LOG_WARN, LOG_JSON, ends[1]);
	log_line(LOG_INFO, "x", "not seen", LOG_END);
	ck_assert(!log_enabled(LOG_INFO) && log_enabled(LOG_WARN));
	ck_assert_str_eq(drain(), "");
	log_setup(LOG_DEBUG, LOG_JSON, ends[1]);
	log_line(LOG_DEBUG, "x", "seen", LOG_END);
	ck_assert_str_ne(drain(), "");
}
END_TEST

START_TEST(a_line_may_lack_an_event)
{
	static const char *const expected[] = {"\"msg\":\"m\"[}]\n$",
	    "msg=m\n$", "info  m\n$"};
	static const enum log_format formats[] = {LOG_JSON, LOG_LOGFMT,
	    LOG_TEXT};

	log_setup(LOG_INFO, formats[_i], ends[1]);
	log_line(LOG_INFO, NULL, "m", LOG_END);
	assert_matches(drain(), expected[_i]);
}
END_TEST

START_TEST(no_value_can_forge_a_line_or_a_terminal_command)
{
	static const enum log_format formats[] = {LOG_JSON, LOG_LOGFMT,
	    LOG_TEXT};
	const char *text;

	log_setup(LOG_INFO, formats[_i], ends[1]);
	log_line(LOG_INFO, "x", "m",
	    LOG_STR("path", "a\n{\"level\":\"error\"}\r\x1b[2J\x7f\xc2\x9b=\""),
	    LOG_STR("empty", ""), LOG_END);
	text = drain();
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
	for (const char *c = text; *c != '\n'; c++)
		ck_assert((unsigned char)*c >= ' ' && *c != 0x7f);
	ck_assert_ptr_null(strstr(text, "\xc2\x9b"));
	ck_assert_ptr_nonnull(strstr(text,
	    "\"a\\n{\\\"level\\\":\\\"error\\\"}\\r\\u001b[2J\\u007f"
	    "\\u009b=\\\"\""));
}
END_TEST

START_TEST(a_line_never_exceeds_its_limit_and_says_so)
{
	char *big = malloc(100001);
	const char *text;

	ck_assert_ptr_nonnull(big);
	memset(big, _i == 0 ? 'x' : '\x01', 100000);
	big[100000] = '\0';
	log_setup(LOG_INFO, LOG_JSON, ends[1]);
	log_line(LOG_INFO, "x", "m", LOG_STR("a", big), LOG_STR("b", big),
	    LOG_STR("c", big), LOG_STR("d", big), LOG_STR("e", big),
	    LOG_INT("last", 1), LOG_END);
	text = drain();
	ck_assert_uint_le(strlen(text), LOG_LINE_MAX);
	assert_matches(text, "\"last\":1,\"truncated\":true[}]\n$");
	free(big);
}
END_TEST

START_TEST(a_long_value_is_cut_between_characters)
{
	char big[6001];

	for (size_t i = 0; i + 3 <= sizeof(big); i += 3)
		memcpy(big + i, "\xe2\x82\xac", 3);
	big[6000] = '\0';
	log_setup(LOG_INFO, LOG_JSON, ends[1]);
	log_line(LOG_INFO, "x", "m", LOG_STR("a", big), LOG_END);
	ck_assert_ptr_null(strstr(drain(), "\xef\xbf\xbd"));
}
END_TEST

START_TEST(a_full_pipe_drops_lines_and_later_goes_on_with_whole_ones)
{
	char big[4000];
	const char *line, *end;
	uint64_t before = log_dropped(), lines = 0;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_setup(LOG_INFO, LOG_JSON, ends[1]);
	while (log_dropped() < before + 3)
		log_line(LOG_INFO, "x", "m", LOG_STR("a", big),
		    LOG_STR("b", big), LOG_END);
	drain();
	log_line(LOG_INFO, "x", "after", LOG_END);
	/* The rest of the cut line arrives first, then the new ones. */
	drain();
	ck_assert_ptr_nonnull(strstr(got, "\"msg\":\"after\""));
	ck_assert_ptr_nonnull(strstr(got,
	    "\"event\":\"log_gap\",\"lines\":3}"));
	ck_assert_uint_eq(log_dropped(), before + 3);
	for (line = got; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		ck_assert_int_eq(end[-1], '}');
		lines++;
	}
	ck_assert_uint_ge(lines, 2);
}
END_TEST

START_TEST(a_reader_that_went_away_costs_lines_only)
{
	uint64_t before = log_dropped();

	log_setup(LOG_INFO, LOG_JSON, ends[1]);
	close(ends[0]);
	ends[0] = -1;
	log_sample();
	log_sample();
	ck_assert_uint_eq(log_dropped(), before + 2);
}
END_TEST

START_TEST(a_full_disk_and_a_closed_descriptor_cost_lines_only)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	uint64_t before;

	ck_assert_int_ge(full, 0);
	/* What tests before this one lost is told first. */
	log_setup(LOG_INFO, LOG_LOGFMT, ends[1]);
	log_sample();
	drain();
	before = log_dropped();
	log_setup(LOG_INFO, LOG_JSON, full);
	log_sample();
	close(full);
	log_sample();
	log_setup(LOG_INFO, LOG_JSON, -1);
	log_sample();
	ck_assert_uint_eq(log_dropped(), before + 3);
	log_setup(LOG_INFO, LOG_LOGFMT, ends[1]);
	log_sample();
	ck_assert_ptr_nonnull(strstr(drain(), "event=log_gap lines=3\n"));
}
END_TEST

static void *
log_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++)
		log_line(LOG_INFO, "x", "m", LOG_INT("i", i), LOG_END);
	return NULL;
}

START_TEST(threads_do_not_mix_their_lines)
{
	pthread_t threads[4];
	size_t lines = 0;
	char *line, *rest = NULL;

	log_setup(LOG_INFO, LOG_LOGFMT, ends[1]);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_many,
		    NULL), 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	drain();
	for (line = strtok_r(got, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		assert_matches(line, "^ts=" STAMP
		    " level=info msg=m event=x i=[0-9]+$");
		lines++;
	}
	ck_assert_uint_eq(lines, 200);
}
END_TEST

/* What a tap got. */
static pthread_mutex_t tapped_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned tapped;
static char tapped_line[512];

static void
on_tapped(void *arg, const struct log_entry *entry)
{
	pthread_mutex_lock(&tapped_lock);
	tapped += *(const unsigned *)arg;
	snprintf(tapped_line, sizeof(tapped_line), "%s %s %.*s",
	    log_level_name(entry->level), entry->event,
	    (int)entry->json.len, entry->json.at);
	pthread_mutex_unlock(&tapped_lock);
}

START_TEST(a_tap_gets_json_whatever_the_descriptor_gets)
{
	static const enum log_format formats[] = {LOG_JSON, LOG_LOGFMT,
	    LOG_TEXT};
	unsigned one = 1;
	const char *json;

	log_setup(LOG_INFO, formats[_i], ends[1]);
	log_tap(on_tapped, &one);
	log_line(LOG_DEBUG, "x", "below the level", LOG_END);
	log_line(LOG_WARN, "x", "m", LOG_INT("i", 1), LOG_END);
	log_tap(NULL, NULL);
	log_line(LOG_INFO, "x", "nobody listens", LOG_END);
	ck_assert_uint_eq(tapped, 1);
	assert_matches(tapped_line, "^warn x [{]\"ts\":\"" STAMP "\","
	    "\"level\":\"warn\",\"msg\":\"m\",\"event\":\"x\",\"i\":1[}]$");
	json = strchr(tapped_line, '{');
	drain();
	if (formats[_i] == LOG_JSON)
		ck_assert_msg(strncmp(got, json, strlen(json)) == 0, "%s", got);
	else
		ck_assert_int_ne(got[0], '{');
}
END_TEST

START_TEST(a_tap_gets_what_the_descriptor_does_not_take_of_all_threads)
{
	pthread_t threads[4];
	unsigned one = 1;

	log_setup(LOG_INFO, LOG_LOGFMT, -1);
	log_tap(on_tapped, &one);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_many,
		    NULL), 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
	log_tap(NULL, NULL);
	ck_assert_uint_eq(tapped, 200);
}
END_TEST

START_TEST(times_are_utc_with_microseconds)
{
	struct str s = {0};

	log_time(&s, INT64_C(1709210096000007));
	ck_assert_str_eq(s.text, "2024-02-29T12:34:56.000007Z");
	str_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *c = tcase_create("log");
	SRunner *r;

	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c,
	    json_lines_carry_the_fixed_keys_first_and_typed_values);
	tcase_add_test(c, logfmt_lines_quote_only_what_needs_it);
	tcase_add_test(c, text_lines_read_as_a_sentence);
	tcase_add_test(c, auto_means_json_where_no_terminal_is);
	tcase_add_test(c, lines_below_the_level_are_not_written);
	tcase_add_loop_test(c, a_line_may_lack_an_event, 0, 3);
	tcase_add_loop_test(c,
	    no_value_can_forge_a_line_or_a_terminal_command, 0, 3);
	tcase_add_loop_test(c, a_line_never_exceeds_its_limit_and_says_so, 0,
	    2);
	tcase_add_test(c, a_long_value_is_cut_between_characters);
	tcase_add_test(c,
	    a_full_pipe_drops_lines_and_later_goes_on_with_whole_ones);
	tcase_add_test(c, a_reader_that_went_away_costs_lines_only);
	tcase_add_test(c,
	    a_full_disk_and_a_closed_descriptor_cost_lines_only);
	tcase_add_test(c, threads_do_not_mix_their_lines);
	tcase_add_loop_test(c, a_tap_gets_json_whatever_the_descriptor_gets, 0,
	    3);
	tcase_add_test(c,
	    a_tap_gets_what_the_descriptor_does_not_take_of_all_threads);
	tcase_add_test(c, times_are_utc_with_microseconds);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
