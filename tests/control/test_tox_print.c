/* SPDX-License-Identifier: Apache-2.0 */
/* What Toxiproxy's API answers, to the byte. */
#include "base/attr.h"
#include "tests/control/tox_fixture.h"
#include "tests/harness/check_run.h"

START_TEST(a_proxy_has_its_keys_in_order_and_upstream_toxics_first)
{
	struct tox_fixture t = tox_fixture_new();
	struct str text = {0};

	tox_fixture_add(&t, "noop", "a");
	tox_fixture_add(&t, "noop", "b")->stream = STREAM_UPSTREAM;
	tox_fixture_add(&t, "noop", "hidden")->enabled = false;
	tox_print_proxy(&text, t.route);
	ck_assert_str_eq(text.text,
	    "{\"name\":\"p\",\"listen\":\"127.0.0.1:1\",\"upstream\":\"up:1\","
	    "\"enabled\":true,\"toxics\":["
	    "{\"attributes\":{},\"name\":\"b\",\"type\":\"noop\","
	    "\"stream\":\"upstream\",\"toxicity\":1},"
	    "{\"attributes\":{},\"name\":\"a\",\"type\":\"noop\","
	    "\"stream\":\"downstream\",\"toxicity\":1}]}");
	str_fini(&text);
	tox_fixture_free(&t);
}
END_TEST

START_TEST(no_toxics_are_an_array_and_an_empty_listen_is_empty)
{
	struct tox_fixture t = tox_fixture_new();
	struct str text = {0};

	free(t.route->listen_text);
	t.route->listen_text = xstrdup(TOX_ANY_PORT);
	t.route->enabled = false;
	t.route->upstream_shown = xstrdup("any text");
	tox_print_proxy(&text, t.route);
	ck_assert_str_eq(text.text,
	    "{\"name\":\"p\",\"listen\":\"\",\"upstream\":\"any text\","
	    "\"enabled\":false,\"toxics\":[]}");
	str_fini(&text);
	tox_fixture_free(&t);
}
END_TEST

static const struct {
	double toxicity;
	const char *shown;
} toxicities[] = {
    {1, "1"}, {0.2, "0.2"}, {0, "0"}, {7, "7"}, {-1, "-1"},
    {1.0 / 3, "0.33333334"}, {0.1000000001, "0.1"}, {16777216, "16777216"},
};

START_TEST(toxicity_is_the_shortest_float32)
{
	for (size_t i = 0; i < COUNT_OF(toxicities); i++) {
		struct tox_fixture t = tox_fixture_new();
		struct conf_fault *f = tox_fixture_add(&t, "noop", "t");
		struct str text = {0};

		f->conditions.probability = toxicities[i].toxicity;
		tox_print_toxic(&text, f);
		text.text[text.len - 1] = '\0';
		ck_assert_str_eq(strrchr(text.text, ':') + 1,
		    toxicities[i].shown);
		str_fini(&text);
		tox_fixture_free(&t);
	}
}
END_TEST

START_TEST(an_error_is_text_that_holds_json)
{
	struct web_reply reply = {0};
	struct tox_call call = {.reply = &reply};

	str_add(&reply.body, "half an answer");
	ck_assert(!tox_error(&call, 404, "<%s> & \"more\"", "x"));
	ck_assert_int_eq(reply.status, 404);
	ck_assert_str_eq(reply.type, "text/plain; charset=utf-8");
	ck_assert_str_eq(reply.body.text,
	    "{\"error\":\"\\u003cx\\u003e \\u0026 \\\"more\\\"\","
	    "\"status\":404}\n");
	ck_assert_str_eq(reply.headers.text,
	    "X-Content-Type-Options: nosniff\r\n");
	str_fini(&reply.body);
	str_fini(&reply.headers);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_proxy_has_its_keys_in_order_and_upstream_toxics_first,
	    no_toxics_are_an_array_and_an_empty_listen_is_empty,
	    toxicity_is_the_shortest_float32,
	    an_error_is_text_that_holds_json,
	    NULL,
	};

	return check_run("tox_print", tests);
}
