/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries of requests. */
#include "control/web_path.h"

#include <string.h>

#include "tests/harness/check_run.h"

static const struct {
	const char *path, *pattern; /* pattern NULL: see below */
	bool matches;
	const char *names[WEB_PATH_NAMES];
} matches[] = {
    {"/proxies", "/proxies", true, {NULL, NULL}},
    {"/proxies/", "/proxies", false, {NULL, NULL}},
    {"/proxies/", "/proxies/{name}", false, {NULL, NULL}},
    {"/proxies/a", "/proxies/{name}", true, {"a", NULL}},
    {"/proxies/a/toxics/b", "/proxies/{p}/toxics/{t}", true, {"a", "b"}},
    {"/proxies/a/toxics", "/proxies/{p}/toxics/{t}", false, {NULL, NULL}},
    {"/proxies/a/toxics/b/c", "/proxies/{p}/toxics/{t}", false, {NULL, NULL}},
    {"/proxies/a%2Fb", "/proxies/{name}", true, {"a/b", NULL}},
    {"/pr%6fxies", "/proxies", true, {NULL, NULL}},
    {"/Proxies", "/proxies", false, {NULL, NULL}},
    {"", "/", false, {NULL, NULL}},
    {"/", "/", true, {NULL, NULL}},
    {"/1/2/3/4/5/6/7/8/9", "/1/2/3/4/5/6/7/8/9", false, {NULL, NULL}},
};

START_TEST(a_path_matches_its_pattern)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(*matches); i++) {
		const char *names[WEB_PATH_NAMES];
		struct web_path p;

		web_path_split(&p, view_of(matches[i].path));
		ck_assert_msg(web_path_match(&p, matches[i].pattern, names) ==
				  matches[i].matches,
			      "%s", matches[i].path);
		for (size_t k = 0; matches[i].matches && k < WEB_PATH_NAMES;
		     k++)
			ck_assert_pstr_eq(names[k], matches[i].names[k]);
		web_path_fini(&p);
	}
}
END_TEST

static const struct {
	const char *path, *segment; /* the second */
	bool broken, doubled;
} escapes[] = {
    {"/a/%41b", "Ab", false, false}, {"/a/%c3%bc", "\xc3\xbc", false, false},
    {"/a/%", "%", true, false},	     {"/a/%4", "%4", true, false},
    {"/a/%zz", "%zz", true, false},  {"/a/x%00y", "x", true, false},
    {"/a/+", "+", false, false},     {"/a//b", "", false, true},
};

START_TEST(escapes_are_decoded_and_broken_ones_noted)
{
	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
		struct web_path p;

		web_path_split(&p, view_of(escapes[i].path));
		ck_assert_str_eq(p.segments[1], escapes[i].segment);
		ck_assert_msg(p.broken == escapes[i].broken, "%s",
			      escapes[i].path);
		ck_assert(p.doubled == escapes[i].doubled);
		web_path_fini(&p);
	}
}
END_TEST

START_TEST(parameters_come_one_by_one)
{
	struct view query = VIEW("&a=1&&b&c=x%3D+y&=z&d=a=b");
	static const char *const wanted[][2] = {
	    {"a", "1"}, {"b", ""}, {"c", "x= y"}, {"", "z"}, {"d", "a=b"}};
	char *name, *value;
	bool broken = false;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		ck_assert(web_query_next(&query, &name, &value, &broken));
		ck_assert_str_eq(name, wanted[i][0]);
		ck_assert_str_eq(value, wanted[i][1]);
		free(name);
		free(value);
	}
	ck_assert(!web_query_next(&query, &name, &value, &broken));
	ck_assert(!broken);
	query = VIEW("a=%g0");
	ck_assert(web_query_next(&query, &name, &value, &broken));
	ck_assert(broken);
	free(name);
	free(value);
}
END_TEST

int
main(void)
{
	return check_run("web_path",
			 (const TTest *const[]){
			     a_path_matches_its_pattern,
			     escapes_are_decoded_and_broken_ones_noted,
			     parameters_come_one_by_one,
			     NULL,
			 });
}
