/* SPDX-License-Identifier: Apache-2.0 */
/* Who is let in: tokens, hosts, web pages. */
#include "control/guard.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

static char path[] = "/tmp/faultwire-guard-XXXXXX";

static void
write_token(const char *text, size_t len)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* A guard of that address; token NULL: none. */
static struct guard
guard_at(const char *listen, const char *token, bool insecure)
{
	struct conf_control control = {.insecure = insecure};
	struct conf_address address = {0};
	struct error err = {0};
	struct guard g;

	if (token != NULL) {
		write_token(token, strlen(token));
		control.token_file = path;
	}
	ck_assert(conf_address_parse(listen, true, &address, &err));
	ck_assert_msg(guard_init(&g, &control, &address, &err), "%s", err.text);
	conf_address_fini(&address);
	if (token != NULL)
		unlink(path);
	return g;
}

/* One request; headers NULL are absent. */
struct request {
	const char *host, *authority, *origin, *site, *authorization;
	bool is_local;
};

static int
status_of(const struct guard *g, const struct request *r)
{
	struct web_header headers[4];
	struct web_request request = {.method = VIEW("POST"),
				      .headers = headers,
				      .authority = view_of(r->authority),
				      .is_local = r->is_local};
	const char *const given[][2] = {{"Host", r->host},
					{"Origin", r->origin},
					{"Sec-Fetch-Site", r->site},
					{"Authorization", r->authorization}};
	struct web_reply reply = {0};
	bool passed;

	for (size_t i = 0; i < COUNT_OF(given); i++) {
		if (given[i][1] != NULL)
			headers[request.headers_count++] = (struct web_header){
			    view_of(given[i][0]), view_of(given[i][1])};
	}
	passed = guard_admits(g, &request, &reply);
	ck_assert(passed == (reply.status == 0));
	str_fini(&reply.body);
	str_fini(&reply.headers);
	return reply.status;
}

static const struct {
	const char *host;
	bool local;
} hosts[] = {
    {"localhost:8474", true},
    {"LOCALHOST", true},
    {"127.0.0.1:8474", true},
    {"[::1]:8474", true},
    {"192.168.1.7:8474", true},
    {"a.localhost", true},
    {"faultwire:8474", true},
    {"my_service", true},
    {"", true},
    {"evil.example:8474", false},
    {"evil.example", false},
    {"127.0.0.1.evil.example", false},
    {"localhost.evil.example", false},
    {"evillocalhost.", false},
    {"localhost.", false},
    {".localhost", false},
    {"[::1].evil.example", true},
    {"::1", false},
    {":8474", false},
    {"127.1.evil", false},
};

static void
one_hosts(size_t at)
{
	struct guard g = guard_at("127.0.0.1:8474", NULL, false);
	struct request r = {.host = hosts[at].host};

	ck_assert_int_eq(status_of(&g, &r), hosts[at].local ? 0 : 403);
	/* The same in the request line, whatever Host says. */
	r = (struct request){.host = "localhost", .authority = hosts[at].host};
	ck_assert_int_eq(status_of(&g, &r), hosts[at].local ? 0 : 403);
	guard_fini(&g);
}

START_TEST(loopback_is_called_by_names_of_this_host_only)
{
	for (size_t i = 0; i < COUNT_OF(hosts); i++)
		one_hosts(i);
}
END_TEST

START_TEST(a_unix_socket_takes_any_host_but_no_page)
{
	struct guard g = guard_at("unix:/run/fw.sock", NULL, false);
	struct request r = {.host = "x.example", .is_local = true};

	ck_assert_int_eq(status_of(&g, &r), 0);
	r.origin = "http://evil.example";
	ck_assert_int_eq(status_of(&g, &r), 403);
	guard_fini(&g);
}
END_TEST

START_TEST(an_insecure_address_takes_any_host_but_from_pages)
{
	struct guard g = guard_at("0.0.0.0:8474", NULL, true);
	struct request r = {.host = "faultwire.chaos.svc:8474"};

	ck_assert_int_eq(status_of(&g, &r), 0);
	r.origin = "http://faultwire.chaos.svc:8474";
	ck_assert_int_eq(status_of(&g, &r), 403);
	r.origin = NULL;
	r.site = "same-origin";
	ck_assert_int_eq(status_of(&g, &r), 403);
	r = (struct request){.host = "faultwire:8474",
			     .origin = "http://faultwire:8474"};
	ck_assert_int_eq(status_of(&g, &r), 0);
	guard_fini(&g);
}
END_TEST

static const struct {
	const char *origin, *site;
	int status;
} pages[] = {
    {NULL, NULL, 0},
    {"http://localhost:8474", "same-origin", 0},
    {NULL, "none", 0},
    {"http://localhost:3000", NULL, 403},
    {"http://localhost:3000", "same-site", 403},
    {NULL, "cross-site", 403},
    {NULL, "same-site", 403},
    {"null", NULL, 403},
    {"", NULL, 403},
    {"http://evil.example", NULL, 403},
    {"http://", NULL, 403},
};

START_TEST(only_pages_of_our_own_may_call)
{
	struct guard plain = guard_at("127.0.0.1:8474", NULL, false);
	struct guard token = guard_at("0.0.0.0:8474", "secret\n", false);
	struct request r = {.host = "localhost:8474",
			    .origin = pages[_i].origin,
			    .site = pages[_i].site};

	ck_assert_int_eq(status_of(&plain, &r), pages[_i].status);
	r.authorization = "Bearer secret";
	ck_assert_int_eq(status_of(&token, &r), pages[_i].status);
	guard_fini(&plain);
	guard_fini(&token);
}
END_TEST

static const struct {
	const char *given;
	bool right;
} tokens[] = {
    {"Bearer secret", true},
    {"bearer secret", true},
    {NULL, false},
    {"", false},
    {"Bearer", false},
    {"Bearer ", false},
    {"Bearer secre", false},
    {"Bearer secret ", false},
    {"Bearer secrets", false},
    {"Bearer Secret", false},
    {"Basic secret", false},
    {"secret", false},
    {"Bearer  secret", false},
};

START_TEST(the_token_is_asked_for_everywhere_once_there_is_one)
{
	static const char *const places[] = {"0.0.0.0:8474", "127.0.0.1:8474",
					     "unix:/run/fw.sock"};

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct guard g = guard_at(places[i], "secret \r\n", false);
		struct request r = {.host = "any.example",
				    .authorization = tokens[_i].given,
				    .is_local = places[i][0] == 'u'};

		ck_assert_int_eq(status_of(&g, &r), tokens[_i].right ? 0 : 401);
		guard_fini(&g);
	}
}
END_TEST

static void
refused_token(const char *file, const char *text)
{
	struct conf_control control = {.token_file = (char *)file};
	struct conf_address address = {.is_unix = true};
	struct error err = {0};
	struct guard g;

	ck_assert(!guard_init(&g, &control, &address, &err));
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, file) != NULL, "%s", err.text);
	guard_fini(&g);
}

START_TEST(a_token_file_that_is_none_is_an_error_that_names_it)
{
	static const struct {
		const char *text;
		size_t len;
		const char *why;
	} cases[] = {{"", 0, "is empty"},
		     {" \n", 2, "is empty"},
		     {"a b\n", 4, "holds blanks"},
		     {"a\nb\n", 4, "holds blanks"},
		     {"a\0b", 3, "control characters"}};
	char large[5000];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		write_token(cases[i].text, cases[i].len);
		refused_token(path, cases[i].why);
		unlink(path);
	}
	memset(large, 'x', sizeof(large));
	write_token(large, sizeof(large));
	refused_token(path, "is too large");
	unlink(path);
	refused_token("/nonexistent/token", "cannot be read: No such file");
}
END_TEST

int
main(void)
{
	return check_run(
	    "guard",
	    (const TTest *const[]){
		loopback_is_called_by_names_of_this_host_only,
		a_unix_socket_takes_any_host_but_no_page,
		an_insecure_address_takes_any_host_but_from_pages,
		only_pages_of_our_own_may_call,
		the_token_is_asked_for_everywhere_once_there_is_one,
		a_token_file_that_is_none_is_an_error_that_names_it, NULL});
}
