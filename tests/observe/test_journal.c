/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what its lines say, and files that take none. */
#include "observe/journal.h"

#include <check.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/log.h"

static struct clock now;
static char path[64];
static int log_ends[2];
static char text[4 << 20];

static void
setup(void)
{
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	now = clock_fake(1000);
	strcpy(path, "/tmp/test_journal_XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(pipe2(log_ends, O_NONBLOCK | O_CLOEXEC), 0);
	log_setup(LOG_INFO, LOG_LOGFMT, log_ends[1]);
}

static void
teardown(void)
{
	log_setup(LOG_INFO, LOG_LOGFMT, -1);
	close(log_ends[0]);
	close(log_ends[1]);
	unlink(path);
}

static const char *
drain(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static const char *
content(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	drain(fd);
	close(fd);
	return text;
}

/* What follows the head line, which must be there. */
static const char *
body(void)
{
	const char *end = strchr(content(), '\n');

	ck_assert_ptr_nonnull(end);
	return end + 1;
}

/* Not by strstr(3): the address sanitizer measures all of the text each
 * time. */
static size_t
times_in(const char *haystack, const char *needle)
{
	size_t count = 0, len = strlen(needle);

	for (; *haystack != '\0'; haystack++)
		count += strncmp(haystack, needle, len) == 0;
	return count;
}

static void
assert_whole_lines(const char *lines)
{
	while (*lines != '\0') {
		const char *end = strchr(lines, '\n');

		ck_assert_msg(end != NULL, "a cut line at the end");
		ck_assert_msg(*lines == '{' && end[-1] == '}', "a cut line");
		lines = end + 1;
	}
}

START_TEST(the_head_tells_what_a_replay_needs)
{
	struct journal *j = journal_open(path, UINT64_MAX, &now, NULL);
	regex_t re;

	ck_assert_int_eq(regcomp(&re, "^[{]\"type\":\"journal\",\"ts_us\":0,"
	    "\"format\":1,\"version\":\"[^\"]+\","
	    "\"seed\":18446744073709551615,\"dice_version\":[0-9]+,"
	    "\"start\":\"20[0-9T:.-]+Z\",\"start_wall_us\":[0-9]+[}]\n$",
	    REG_EXTENDED), 0);
	/* It is there at once, before any event. */
	ck_assert_int_eq(regexec(&re, content(), 0, NULL, 0), 0);
	regfree(&re);
	journal_free(j);
}
END_TEST

static const struct {
	struct event_record event;
	const char *line;
} lines[] = {
	{{.type = EVENT_FLOW_OPEN, .time_us = 1500, .route = "r",
	    .session = 7, .flow = 0, .has_flow = true},
	    "{\"type\":\"flow_open\",\"ts_us\":500,\"route\":\"r\","
	    "\"session\":7,\"flow\":0}\n"},
	{{.type = EVENT_DECISION, .time_us = 1000, .route = "r",
	    .fault = "slow", .kind = "latency", .flow = 3, .has_flow = true,
	    .dir = "both", .verdict = VERDICT_NOT_DRAWN, .matched = true,
	    .draw = 0.25},
	    "{\"type\":\"decision\",\"ts_us\":0,\"route\":\"r\","
	    "\"fault\":\"slow\",\"kind\":\"latency\",\"flow\":3,"
	    "\"stream\":\"both\",\"verdict\":\"not_drawn\",\"matched\":true,"
	    "\"drawn\":false,\"draw\":0.25}\n"},
	{{.type = EVENT_DECISION, .time_us = 1000,
	    .verdict = VERDICT_DISABLED},
	    "{\"type\":\"decision\",\"ts_us\":0,\"verdict\":\"disabled\","
	    "\"matched\":false,\"drawn\":false}\n"},
	{{.type = EVENT_EFFECT, .time_us = 1000, .fault = "f",
	    .what = "delayed", .amount = 12.5, .unit = "ms"},
	    "{\"type\":\"effect\",\"ts_us\":0,\"fault\":\"f\","
	    "\"effect\":\"delayed\",\"amount\":12.5,\"unit\":\"ms\"}\n"},
	{{.type = EVENT_MEASURE, .time_us = 1000, .count = 2,
	    .asked_us = 100, .achieved_us = 100.5, .error_max_us = 1,
	    .amount = 9, .unit = "bytes"},
	    "{\"type\":\"measure\",\"ts_us\":0,\"amount\":9,"
	    "\"unit\":\"bytes\",\"count\":2,\"asked_us\":100,"
	    "\"achieved_us\":100.5,\"error_max_us\":1}\n"},
	{{.type = EVENT_FLOW_CLOSE, .time_us = 1000, .what = "done",
	    .bytes_up = 5, .bytes_down = 9, .head_down = 7,
	    .duration_us = 250},
	    "{\"type\":\"flow_close\",\"ts_us\":0,\"reason\":\"done\","
	    "\"bytes_up\":5,\"bytes_down\":9,\"head_down\":7,"
	    "\"duration_us\":250}\n"},
	{{.type = EVENT_FLOW_CLOSE, .time_us = 9000, .what = "client_closed",
	    .flow_type = "exchange",
	    .who = {.client = {.s6_addr = {[10] = 0xff, [11] = 0xff,
		[12] = 127, [15] = 1}}, .method = "GET", .request = 0xab,
		.id = 1, .id_from = "x-request-id", .attempt = 2,
		.grpc_status = 14},
	    .when = {.request_us = 2000, .left_us = 8000,
		.forwarded_us = 2100, .answered_us = 7000}},
	    "{\"type\":\"flow_close\",\"ts_us\":8000,"
	    "\"reason\":\"client_closed\",\"bytes_up\":0,"
	    "\"bytes_down\":0,\"flow_type\":\"exchange\","
	    "\"client\":\"127.0.0.1\",\"method\":\"GET\","
	    "\"request\":\"00000000000000ab\","
	    "\"id\":\"0000000000000001\",\"id_from\":\"x-request-id\","
	    "\"attempt\":2,\"grpc_status\":14,"
	    "\"request_us\":1000,\"left_us\":7000,"
	    "\"forwarded_us\":1100,\"answered_us\":6000}\n"},
	{{.type = EVENT_LATENESS, .time_us = 1000, .count = 100,
	    .amount = 62.5, .unit = "us"},
	    "{\"type\":\"lateness\",\"ts_us\":0,\"amount\":62.5,"
	    "\"unit\":\"us\",\"count\":100}\n"},
	{{.type = EVENT_CONNECT, .time_us = 1000, .what = "refused"},
	    "{\"type\":\"connect\",\"ts_us\":0,\"result\":\"refused\"}\n"},
	{{.type = EVENT_RESPONSE, .time_us = 1000, .status = 503,
	    .route = "a\"\n"},
	    "{\"type\":\"response\",\"ts_us\":0,\"route\":\"a\\\"\\n\","
	    "\"status\":503}\n"},
	{{.type = EVENT_GAP, .time_us = 1000, .count = 4},
	    "{\"type\":\"gap\",\"ts_us\":0,\"count\":4}\n"},
};

START_TEST(a_line_holds_what_its_event_has)
{
	struct journal *j = journal_open(path, 1, &now, NULL);

	journal_consume(j, &lines[_i].event);
	ck_assert_str_eq(body(), "");
	journal_flush(j);
	ck_assert_str_eq(body(), lines[_i].line);
	journal_free(j);
}
END_TEST

START_TEST(an_older_file_is_emptied)
{
	struct journal *j = journal_open(path, 1, &now, NULL);

	journal_consume(j, &lines[0].event);
	journal_free(j);
	ck_assert_str_eq(body(), lines[0].line);
	j = journal_open(path, 1, &now, NULL);
	journal_free(j);
	ck_assert_str_eq(body(), "");
	journal_free(NULL);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_an_error)
{
	struct error err;

	ck_assert_ptr_null(journal_open("/nonexistent/x", 1, &now, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/x"));
}
END_TEST

START_TEST(many_lines_are_written_without_a_flush)
{
	struct journal *j = journal_open(path, 1, &now, NULL);

	for (int i = 0; i < 10000; i++)
		journal_consume(j, &lines[0].event);
	ck_assert_uint_gt(strlen(content()), 10000);
	journal_free(j);
	ck_assert_uint_eq(times_in(content(), "flow_open"), 10000);
}
END_TEST

START_TEST(a_full_disk_is_reported_once_and_forgotten_when_space_is_back)
{
	int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int fd = dup(file);
	struct journal *j = journal_new(fd, path, 1, &now);

	ck_assert_int_eq(dup2(full, fd), fd);
	for (int i = 0; i < 10; i++) {
		journal_consume(j, &lines[0].event);
		journal_flush(j);
	}
	ck_assert_uint_eq(times_in(drain(log_ends[0]), "journal_failed"), 1);
	ck_assert_uint_eq(journal_lost(j), 0);
	ck_assert_int_eq(dup2(file, fd), fd);
	journal_flush(j);
	ck_assert_uint_eq(times_in(drain(log_ends[0]), "journal_resumed"), 1);
	ck_assert_uint_eq(times_in(body(), "flow_open"), 10);
	assert_whole_lines(content());
	journal_free(j);
	ck_assert_str_eq(drain(log_ends[0]), "");
	close(file);
	close(full);
}
END_TEST

START_TEST(what_a_full_disk_costs_is_counted_and_told_in_a_gap)
{
	int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int fd = dup(file);
	struct journal *j = journal_new(fd, path, 1, &now);
	unsigned long long lost;
	const char *gap;

	ck_assert_int_eq(dup2(full, fd), fd);
	for (int i = 0; i < 30000; i++)
		journal_consume(j, &lines[0].event);
	lost = journal_lost(j);
	ck_assert_uint_gt(lost, 1000);
	ck_assert_int_eq(dup2(file, fd), fd);
	journal_flush(j);
	journal_consume(j, &lines[0].event);
	journal_free(j);
	assert_whole_lines(content());
	ck_assert_uint_eq(times_in(body(), "flow_open") + lost, 30001);
	gap = strstr(body(), "{\"type\":\"gap\"");
	ck_assert_ptr_nonnull(gap);
	ck_assert_ptr_nonnull(strchr(gap, '\n'));
	ck_assert_uint_eq(strtoull(strstr(gap, "count\":") + 7, NULL, 10),
	    lost);
	ck_assert_ptr_nonnull(strstr(drain(log_ends[0]),
	    "event=journal_incomplete"));
	close(file);
	close(full);
}
END_TEST

static void
limit_file(rlim_t bytes)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_line_cut_by_a_short_write_is_completed_later)
{
	struct journal *j = journal_open(path, 1, &now, NULL);

	for (int i = 0; i < 100; i++)
		journal_consume(j, &lines[0].event);
	limit_file(1000);
	journal_flush(j);
	journal_flush(j);
	ck_assert_uint_eq(strlen(content()), 1000);
	limit_file(RLIM_INFINITY);
	journal_flush(j);
	ck_assert_uint_eq(times_in(content(), lines[0].line), 100);
	assert_whole_lines(content());
	ck_assert_uint_eq(journal_lost(j), 0);
	journal_free(j);
}
END_TEST

START_TEST(a_cut_line_is_taken_back_at_the_end)
{
	struct journal *j = journal_open(path, 1, &now, NULL);
	size_t written;

	for (int i = 0; i < 100; i++)
		journal_consume(j, &lines[0].event);
	limit_file(1000);
	journal_free(j);
	limit_file(RLIM_INFINITY);
	assert_whole_lines(content());
	written = times_in(content(), lines[0].line);
	ck_assert_uint_gt(written, 5);
	ck_assert_uint_lt(written, 20);
	ck_assert_ptr_nonnull(strstr(drain(log_ends[0]),
	    "event=journal_incomplete"));
}
END_TEST

START_TEST(a_pipe_without_reader_costs_lines_only)
{
	int ends[2];
	struct journal *j;

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	j = journal_new(ends[1], "pipe", 1, &now);
	close(ends[0]);
	for (int i = 0; i < 10; i++) {
		journal_consume(j, &lines[0].event);
		journal_flush(j);
	}
	ck_assert_uint_ge(journal_lost(j), 10);
	ck_assert_uint_eq(times_in(drain(log_ends[0]), "journal_failed"), 1);
	journal_free(j);
}
END_TEST

START_TEST(a_slow_reader_gets_whole_lines_and_is_no_failure)
{
	int ends[2];
	size_t seen = 0, more;
	struct journal *j;

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	j = journal_new(ends[1], "pipe", 1, &now);
	for (int i = 0; i < 5000; i++)
		journal_consume(j, &lines[0].event);
	journal_flush(j);
	ck_assert_str_eq(drain(log_ends[0]), "");
	for (more = 1; more > 0; seen += more) {
		more = times_in(drain(ends[0]), "\n");
		journal_flush(j);
	}
	ck_assert_uint_eq(seen, 5001);
	journal_free(j);
	close(ends[0]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *c = tcase_create("journal");
	SRunner *r;

	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_head_tells_what_a_replay_needs);
	tcase_add_loop_test(c, a_line_holds_what_its_event_has, 0,
	    COUNT_OF(lines));
	tcase_add_test(c, an_older_file_is_emptied);
	tcase_add_test(c, a_file_that_cannot_be_opened_is_an_error);
	tcase_add_test(c, many_lines_are_written_without_a_flush);
	tcase_add_test(c,
	    a_full_disk_is_reported_once_and_forgotten_when_space_is_back);
	tcase_add_test(c, what_a_full_disk_costs_is_counted_and_told_in_a_gap);
	tcase_add_test(c, a_line_cut_by_a_short_write_is_completed_later);
	tcase_add_test(c, a_cut_line_is_taken_back_at_the_end);
	tcase_add_test(c, a_pipe_without_reader_costs_lines_only);
	tcase_add_test(c, a_slow_reader_gets_whole_lines_and_is_no_failure);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
