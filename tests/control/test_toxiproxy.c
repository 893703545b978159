/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the handler of a call: what the router answers by itself. */
#include "control/toxiproxy.h"

#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

static struct web_reply reply;

static void
setup(void)
{
	reply = (struct web_reply){0};
}

static void
forget(void)
{
	str_fini(&reply.body);
	str_fini(&reply.headers);
	setup();
}

/* One call without a state, which these answers must not need. */
static bool
call(const char *method, const char *path, const char *agent)
{
	struct web_header header = {VIEW("User-Agent"), view_of(agent)};
	struct web_request request = {
	    .method = view_of(method),
	    .path = view_of(path),
	    .target = view_of(path),
	    .headers = &header,
	    .headers_count = agent != NULL ? 1 : 0,
	};

	forget();
	return toxiproxy_handle(NULL, &request, &reply);
}

START_TEST(what_is_not_toxiproxys_is_for_others)
{
	static const char *const paths[] = {"/", "/metrics", "/v1/routes",
	    "/proxies/", "/proxies/p/", "/proxies/p/toxics/", "/version/",
	    "/proxies/p/toxics/t/u", "/proxies/p/other", "", "/Proxies"};

	for (size_t i = 0; i < COUNT_OF(paths); i++)
		ck_assert_msg(!call("GET", paths[i], NULL), "%s", paths[i]);
	forget();
}
END_TEST

START_TEST(other_methods_are_405_without_anything)
{
	static const char *const paths[] = {"/proxies", "/proxies/p",
	    "/proxies/p/toxics", "/proxies/p/toxics/t", "/populate", "/reset",
	    "/version", "/proxies/a%2Fb"};

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		ck_assert(call("PUT", paths[i], NULL));
		ck_assert_int_eq(reply.status, 405);
		ck_assert_uint_eq(reply.body.len + reply.headers.len, 0);
	}
	forget();
}
END_TEST

START_TEST(doubled_slashes_are_redirected)
{
	ck_assert(call("GET", "//proxies///p//", NULL));
	ck_assert_int_eq(reply.status, 301);
	ck_assert_str_eq(reply.headers.text, "Location: /proxies/p/\r\n");
	forget();
}
END_TEST

START_TEST(browsers_are_turned_away_with_an_id)
{
	ck_assert(call("GET", "/version", "Mozilla/5.0"));
	ck_assert_int_eq(reply.status, 403);
	ck_assert_ptr_nonnull(
	    strstr(reply.headers.text, "X-Toxiproxy-Request-Id: "));
	ck_assert(call("GET", "/version", "mozilla/5.0"));
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body.text,
	    "{\"version\": \"" TOXIPROXY_VERSION "\"}\n");
	ck_assert(!call("GET", "/other", "Mozilla/5.0"));
	forget();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_is_not_toxiproxys_is_for_others,
	    other_methods_are_405_without_anything,
	    doubled_slashes_are_redirected,
	    browsers_are_turned_away_with_an_id,
	    NULL,
	};

	setup();
	return check_run("toxiproxy", tests);
}
