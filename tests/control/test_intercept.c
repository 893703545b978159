/* SPDX-License-Identifier: Apache-2.0 */
/* Firewall rules as text, and running other programs. */
#include "control/intercept.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "control/child.h"
#include "faults/fault.h"

#define HEAD                                                                   \
	"table inet faultwire\n"                                               \
	"delete table inet faultwire\n"                                        \
	"table inet faultwire {\n"
#define OUTPUT                                                                 \
	"\tchain output {\n"                                                   \
	"\t\ttype nat hook output priority -100; policy accept;\n"             \
	"\t\tmeta mark 0x4657 return\n"
#define PREROUTING                                                             \
	"\tchain prerouting {\n"                                               \
	"\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
#define DIVERT                                                                 \
	"\tchain divert {\n"                                                   \
	"\t\ttype filter hook prerouting priority mangle; policy accept;\n"    \
	"\t\tmeta l4proto tcp socket transparent 1 meta mark set 0x4658 "      \
	"accept\n"
#define END "\t}\n"

/* A route; `more` is the rest of its group. */
#define ROUTE(name, listen, accept, more)                                      \
	"{ name = \"" name "\"; listen = \"" listen "\"; upstream = "          \
	"\"destination\"; accept = \"" accept "\"; " more " }"
#define TO(text) "match = { destination = [ " text " ]; };"

static struct conf_model *
load(const char *routes)
{
	struct conf_diag diag = {0};
	struct conf_model *m;
	struct str text = {0};

	str_printf(&text, "routes = ( %s );", routes);
	m = conf_load_text(text.text, "t.conf", &fault_kinds, &diag);
	ck_assert_msg(m != NULL, "%s",
	    diag.count > 0 ? diag.messages[0].text : "");
	conf_diag_fini(&diag);
	str_fini(&text);
	return m;
}

static const struct {
	const char *hooks, *routes, *script;
} scripts[] = {
	{"output",
	    ROUTE("a", ":15001", "redirect", TO("\"10.0.0.0/8:5432\"")),
	    HEAD OUTPUT
	    "\t\tip daddr 10.0.0.0/8 tcp dport 5432 redirect to :15001\n" END
	    "}\n"},
	/* In the order of routes, and of what they want. */
	{"both",
	    ROUTE("a", ":1", "redirect",
		TO("\"10.0.0.1:80-90\", \"[2001:db8::/32]\"")) ", "
	    ROUTE("b", ":1", "redirect", TO("\"*:443\"")) ", "
	    ROUTE("c", ":2", "redirect", ""),
	    HEAD OUTPUT
	    "\t\tip daddr 10.0.0.1/32 tcp dport 80-90 redirect to :1\n"
	    "\t\tip6 daddr 2001:db8::/32 meta l4proto tcp redirect to :1\n"
	    "\t\tfib daddr type != local tcp dport 443 redirect to :1\n"
	    "\t\tfib daddr type != local meta l4proto tcp redirect to :2\n"
	    END PREROUTING
	    "\t\tip daddr 10.0.0.1/32 tcp dport 80-90 redirect to :1\n"
	    "\t\tip6 daddr 2001:db8::/32 meta l4proto tcp redirect to :1\n"
	    "\t\tfib daddr type != local tcp dport 443 redirect to :1\n"
	    "\t\tfib daddr type != local meta l4proto tcp redirect to :2\n"
	    END "}\n"},
	/* A listener of one family gets that family. */
	{"output",
	    ROUTE("a", "127.0.0.1:1", "redirect",
		TO("\"[::/0]:1\", \"*\", \"0.0.0.0/0:1\"")),
	    HEAD OUTPUT
	    "\t\tmeta nfproto ipv4 fib daddr type != local meta l4proto tcp "
	    "redirect to :1\n"
	    "\t\tip daddr 0.0.0.0/0 tcp dport 1 redirect to :1\n" END "}\n"},
	{"output",
	    ROUTE("a", ":1", "tproxy",
		TO("\"10.0.0.0/8:1\", \"[::1]:2\", \"*:3\"")),
	    HEAD DIVERT
	    "\t\tip daddr 10.0.0.0/8 tcp dport 1 meta mark set 0x4658 tproxy "
	    "ip to :1 accept\n"
	    "\t\tip6 daddr ::1/128 tcp dport 2 meta mark set 0x4658 tproxy "
	    "ip6 to :1 accept\n"
	    "\t\tfib daddr type != local tcp dport 3 meta mark set 0x4658 "
	    "tproxy to :1 accept\n" END "}\n"},
	/* Routes that want no rules, or do not run. */
	{"output",
	    ROUTE("a", ":1", "connect", "") ", "
	    ROUTE("b", ":2", "redirect", "enabled = false;"),
	    HEAD "}\n"},
};

START_TEST(routes_become_rules)
{
	struct conf_model *m = load(scripts[_i].routes);
	struct intercept i = {0};
	struct str text = {0};
	struct error err;

	ck_assert(intercept_hooks(&i, scripts[_i].hooks, &err));
	ck_assert_msg(intercept_script(&i, m, &text, &err), "%s", err.text);
	ck_assert_str_eq(text.text, scripts[_i].script);
	str_fini(&text);
	intercept_fini(&i);
	conf_model_unref(m);
}
END_TEST

START_TEST(what_is_left_alone_comes_first)
{
	struct conf_model *m = load(ROUTE("a", ":1", "redirect", ""));
	struct intercept i = {.hooks = INTERCEPT_OUTPUT};
	struct str text = {0};
	struct error err;

	ck_assert(intercept_skip_user(&i, "root", &err));
	ck_assert(intercept_skip_user(&i, "65532", &err));
	ck_assert(intercept_skip(&i, "10.0.0.1:22", &err));
	ck_assert(intercept_cgroup(&i, "a.slice/b.service", &err));
	ck_assert(intercept_script(&i, m, &text, &err));
	ck_assert_str_eq(text.text, HEAD OUTPUT
	    "\t\tmeta skuid 0 return\n"
	    "\t\tmeta skuid 65532 return\n"
	    "\t\tsocket cgroupv2 level 2 != \"a.slice/b.service\" return\n"
	    "\t\tip daddr 10.0.0.1/32 tcp dport 22 return\n"
	    "\t\tfib daddr type != local meta l4proto tcp redirect to :1\n"
	    END "}\n");
	str_fini(&text);
	intercept_fini(&i);
	conf_model_unref(m);
}
END_TEST

START_TEST(at_the_end_nothing_new_is_caught_and_what_is_open_goes_on)
{
	struct conf_model *m = load(ROUTE("a", ":1", "redirect", "") ", "
	    ROUTE("b", ":2", "tproxy", ""));
	struct intercept i = {.hooks = INTERCEPT_OUTPUT, .draining = true};
	struct str text = {0};
	struct error err;

	ck_assert(intercept_wanted(m) && intercept_diverts(m));
	ck_assert(intercept_script(&i, m, &text, &err));
	ck_assert_str_eq(text.text, HEAD
	    "\tchain output {\n"
	    "\t\ttype nat hook output priority -100; policy accept;\n"
	    "\t\tmeta mark 0x4657 return\n"
	    "\t\tfib daddr type != local meta l4proto tcp redirect to :1\n"
	    END DIVERT END "}\n");
	str_fini(&text);
	conf_model_unref(m);
}
END_TEST

static const struct {
	unsigned hooks;
	const char *route, *says;
} unfit[] = {
	{INTERCEPT_OUTPUT, ROUTE("r", ":0", "redirect", ""),
	    "listens on any free port"},
	{INTERCEPT_PREROUTING, ROUTE("r", "127.0.0.1:1", "redirect", ""),
	    "where nothing that others send arrives; expected :1"},
	{INTERCEPT_OUTPUT, ROUTE("r", "[::1]:1", "tproxy", ""),
	    "where nothing that others send arrives; expected :1"},
};

START_TEST(routes_that_rules_cannot_serve_are_named)
{
	struct conf_model *m = load(unfit[_i].route);
	struct intercept i = {.hooks = unfit[_i].hooks};
	struct str text = {0};
	struct error err;

	ck_assert(!intercept_script(&i, m, &text, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "route \"r\""));
	ck_assert_msg(strstr(err.text, unfit[_i].says) != NULL, "%s",
	    err.text);
	str_fini(&text);
	conf_model_unref(m);
}
END_TEST

START_TEST(wrong_words_are_told_with_what_was_expected)
{
	struct intercept i = {0};
	struct error err;

	ck_assert(!intercept_hooks(&i, "input", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "expected output"));
	ck_assert(!intercept_skip_user(&i, "nobody-of-that-name", &err));
	ck_assert(!intercept_skip_user(&i, "-1", &err));
	ck_assert(!intercept_skip_user(&i, "4294967295", &err));
	ck_assert(!intercept_skip(&i, "db:5432", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "is a name"));
	ck_assert(!intercept_skip(&i, "x:y", &err));
	ck_assert(!intercept_cgroup(&i, "/a", &err));
	ck_assert(!intercept_cgroup(&i, "a\" accept\n", &err));
	intercept_fini(&i);
}
END_TEST

START_TEST(a_program_gets_its_input_and_its_output_is_collected)
{
	const char *cat[] = {"sh", "-c", "cat; echo woe >&2; exit 3", NULL};
	struct str out = {0}, complaint = {0}, input = {0};
	struct error err;

	/* More than any pipe holds. */
	while (input.len < 1000000)
		str_add(&input, "many words for a program ");
	ck_assert_int_eq(child_run(cat, input.text, &out, &complaint, &err),
	    3);
	ck_assert_str_eq(out.text, input.text);
	ck_assert_str_eq(complaint.text, "woe\n");
	str_fini(&out);
	str_fini(&complaint);
	str_fini(&input);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told_as_such)
{
	const char *none[] = {"no-program-of-that-name", NULL};
	const char *dies[] = {"sh", "-c", "kill -9 $$", NULL};
	struct str out = {0}, complaint = {0};
	struct error err;

	ck_assert_int_eq(child_run(none, NULL, &out, &complaint, &err), -1);
	ck_assert_int_eq(err.code, ENOENT);
	ck_assert_int_eq(child_run(dies, NULL, &out, &complaint, &err),
	    128 + 9);
	str_fini(&out);
	str_fini(&complaint);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("intercept");
	TCase *c = tcase_create("intercept");
	SRunner *r;

	tcase_add_loop_test(c, routes_become_rules, 0, COUNT_OF(scripts));
	tcase_add_test(c, what_is_left_alone_comes_first);
	tcase_add_test(c,
	    at_the_end_nothing_new_is_caught_and_what_is_open_goes_on);
	tcase_add_loop_test(c, routes_that_rules_cannot_serve_are_named, 0,
	    COUNT_OF(unfit));
	tcase_add_test(c, wrong_words_are_told_with_what_was_expected);
	tcase_add_test(c,
	    a_program_gets_its_input_and_its_output_is_collected);
	tcase_add_test(c, a_program_that_is_not_there_is_told_as_such);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
