/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share: exit codes, options, what is asked of the API. */
#include "cli/cli.h"

#include <fcntl.h>
#include <string.h>

#include "tests/client/http_fake.h"
#include "tests/harness/check_run.h"

#define ARGS 12

/* Runs a command from words; where nothing is said, both outputs go away. */
static int
run(const struct command *command, const char *const *words)
{
	char *argv[ARGS + 2] = {(char *)command->name};
	int argc = 1, code, out = dup(1), err = dup(2);
	int null = open("/dev/null", O_WRONLY);

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)words[argc - 1];
	fflush(stdout);
	dup2(null, 1);
	dup2(null, 2);
	code = command->run(argc, argv);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(null);
	close(out);
	close(err);
	return code;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(an_api_that_is_not_there_is_code_3)
{
	setenv("FAULTWIRE_CONTROL", "unix:/nowhere/faultwire.sock", 1);
	ck_assert_int_eq(run(&command_status, WORDS("--json")), 3);
	ck_assert_int_eq(run(&command_routes, WORDS("*")), 3);
	ck_assert_int_eq(run(&command_fault, WORDS("list")), 3);
	ck_assert_int_eq(run(&command_events, WORDS("--follow")), 3);
	ck_assert_int_eq(run(&command_top, WORDS("--once")), 3);
	ck_assert_int_eq(run(&command_explain, WORDS("1")), 3);
}
END_TEST

START_TEST(a_wrong_command_line_is_code_2_and_asks_nobody)
{
	setenv("FAULTWIRE_CONTROL", "unix:/nowhere/faultwire.sock", 1);
	ck_assert_int_eq(run(&command_status, WORDS("--jsn")), 2);
	ck_assert_int_eq(run(&command_status, WORDS("word")), 2);
	ck_assert_int_eq(run(&command_status,
	    WORDS("--control", "https://h")), 2);
	ck_assert_int_eq(run(&command_explain, WORDS("--json")), 2);
	ck_assert_int_eq(run(&command_explain, WORDS("web/x")), 2);
	ck_assert_int_eq(run(&command_explain, WORDS("/1")), 2);
	ck_assert_int_eq(run(&command_fault, WORDS("ad")), 2);
	ck_assert_int_eq(run(&command_fault, WORDS("add", "r")), 2);
	ck_assert_int_eq(run(&command_fault,
	    WORDS("add", "r", "noop", "x")), 2);
	ck_assert_int_eq(run(&command_fault, WORDS("set", "r", "f")), 2);
	ck_assert_int_eq(run(&command_route, WORDS("set", "r")), 2);
	ck_assert_int_eq(run(&command_events, WORDS("--count", "0")), 2);
	ck_assert_int_eq(run(&command_events, WORDS("--for", "x")), 2);
	ck_assert_int_eq(run(&command_top, WORDS("--interval", "1ms")), 2);
	ck_assert_int_eq(run(&command_route, WORDS("add", "r", "--lease",
	    "a\r\nb: c")), 2);
	ck_assert_int_eq(run(&command_completion, WORDS("tcsh")), 2);
}
END_TEST

START_TEST(what_is_unknown_is_code_1_and_asks_nobody)
{
	setenv("FAULTWIRE_CONTROL", "unix:/nowhere/faultwire.sock", 1);
	ck_assert_int_eq(run(&command_fault, WORDS("add", "r", "nop")), 1);
	ck_assert_int_eq(run(&command_fault,
	    WORDS("add", "r", "noop", "x=1")), 1);
	ck_assert_int_eq(run(&command_route, WORDS("set", "r", "x=1")), 1);
	ck_assert_int_eq(run(&command_route,
	    WORDS("add", "r", "--fault", "nop")), 1);
	ck_assert_int_eq(run(&command_status,
	    WORDS("--token-file", "/nowhere/token")), 1);
}
END_TEST

/* The reply that every call gets, and the code of `faultwire status`. */
static int
code_of(const char *reply)
{
	struct http_fake f = {.reply = reply};
	int code;

	http_fake_start(&f);
	setenv("FAULTWIRE_CONTROL", f.url, 1);
	code = run(&command_status, WORDS("--json"));
	http_fake_stop(&f);
	return code;
}

START_TEST(the_answer_gives_the_code)
{
	ck_assert_int_eq(code_of("HTTP/1.1 200 OK\r\n\r\n{}"), 0);
	ck_assert_int_eq(code_of("HTTP/1.1 401 Unauthorized\r\n\r\nno"), 1);
	ck_assert_int_eq(code_of("HTTP/1.1 404 Not Found\r\n\r\n"
				 "{\"error\":\"e\",\"errors\":[1,{}]}"), 1);
	ck_assert_int_eq(code_of("HTTP/1.1 200 OK\r\n\r\nno json"), 1);
	ck_assert_int_eq(code_of("SSH-2.0-OpenSSH_9.2\r\n"), 3);
	ck_assert_int_eq(code_of(NULL), 3);
}
END_TEST

/* The command is done by an API that answers {}; the request holds `part`. */
static void
asks(const struct command *command, const char *const *words,
    const char *part)
{
	struct http_fake f = {.reply = "HTTP/1.1 200 OK\r\n\r\n{}"};
	int code;

	http_fake_start(&f);
	setenv("FAULTWIRE_CONTROL", f.url, 1);
	code = run(command, words);
	http_fake_stop(&f);
	ck_assert_int_eq(code, 0);
	ck_assert_msg(strstr(f.request, part) != NULL, "\"%s\" is not in\n%s",
	    part, f.request);
}

START_TEST(words_become_calls)
{
	asks(&command_routes, WORDS("a b*"), "GET /v1/routes?name=a%20b%2A ");
	asks(&command_route, WORDS("remove", "--close", "a/b"),
	    "DELETE /v1/routes/a%2Fb?sessions=close ");
	asks(&command_route, WORDS("remove", "r", "--close", "--dry-run"),
	    "DELETE /v1/routes/r?sessions=close&dry_run=true ");
	asks(&command_route, WORDS("add", "r", "--listen", ":1",
	    "match.host=h", "--upstream", "h:2", "--fault", "noop"),
	    "{\"name\":\"r\",\"listen\":\":1\",\"upstream\":\"h:2\","
	    "\"match\":{\"host\":\"h\"},\"faults\":[{\"type\":\"noop\"}]}");
	asks(&command_route, WORDS("set", "r", "--unset", "from"),
	    "{\"from\":null}");
	asks(&command_fault, WORDS("--at", "0", "add", "r", "--for", "30s",
	    "latency", "latency=80ms"),
	    "POST /v1/routes/r/faults?at=0 ");
	asks(&command_fault, WORDS("add", "r", "--for", "30s",
	    "latency", "latency=80ms"),
	    "{\"type\":\"latency\",\"latency\":\"80ms\",\"for\":\"30s\"}");
	asks(&command_fault, WORDS("disable", "r", "f"),
	    "POST /v1/routes/r/faults/f/disable ");
	asks(&command_partition, WORDS("start", "p", "--for", "1m"),
	    "{\"for\":\"1m\"}");
	asks(&command_partition, WORDS("heal", "p"),
	    "POST /v1/partitions/p/heal ");
	asks(&command_sessions, WORDS("r", "--client", "10.0.0.1"),
	    "GET /v1/sessions?route=r&client=10.0.0.1 ");
	asks(&command_explain, WORDS("a/b/7"),
	    "GET /v1/routes/a%2Fb/flows/7/explain ");
	asks(&command_explain, WORDS("7"), "GET /v1/sessions/7/explain ");
	asks(&command_config, WORDS("--json"), "GET /v1/config?format=json ");
	asks(&command_reset, WORDS("--dry-run"),
	    "POST /v1/reset?dry_run=true ");
	asks(&command_reload, WORDS("--json"), "POST /v1/reload ");
	asks(&command_events, WORDS("--type", "decision,effect"),
	    "GET /v1/events?type=decision%2Ceffect ");
}
END_TEST

START_TEST(options_may_stand_before_the_command)
{
	static const struct {
		const char *words[6];
		const char *first;
	} lines[] = {
	    {{"x", "--control", "status", "routes"}, "routes"},
	    {{"x", "--control=u", "--json", "fault", "list"}, "fault"},
	    {{"x", "-c", "file", "check"}, "check"},
	    {{"x", "status", "--json"}, "status"},
	    {{"x", "--json"}, "--json"},
	    {{"x", "--control"}, "--control"},
	};

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		char *argv[7] = {0};
		int argc = 0;
		const struct command *const list[] = {&command_status,
		    &command_check, &command_fault, NULL};

		for (; lines[i].words[argc] != NULL; argc++)
			argv[argc] = (char *)lines[i].words[argc];
		options_lead(list, argc, argv);
		ck_assert_str_eq(argv[1], lines[i].first);
	}
}
END_TEST

int
main(void)
{
	return check_run("cli", (const TTest *const[]){
	    an_api_that_is_not_there_is_code_3,
	    a_wrong_command_line_is_code_2_and_asks_nobody,
	    what_is_unknown_is_code_1_and_asks_nobody,
	    the_answer_gives_the_code, words_become_calls,
	    options_may_stand_before_the_command, NULL});
}
