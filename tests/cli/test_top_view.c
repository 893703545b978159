/* SPDX-License-Identifier: Apache-2.0 */
/* What top shows of two looks. */
#include "cli/top_view.h"

#include <string.h>

#include "cli/text_width.h"
#include "tests/harness/check_run.h"

static const char status[] =
    "{\"version\":\"1\",\"uptime\":65,\"sessions\":3,\"faults\":"
    "{\"enabled\":2,\"in_force\":1},\"partitions\":{\"active\":[\"split\"]}}";

/* Two routes; what they counted is `n` and twice that. */
static void
look(struct top_sample *s, double seconds, int n)
{
	json_t *answer = json_pack(
	    "{s:[{s:s,s:[{s:s,s:s,s:{s:b,s:i,s:i}},{s:s,s:s,s:{s:b}}],"
	    "s:{s:s,s:i,s:i,s:i,s:{s:i,s:i}}},"
	    "{s:s,s:{s:s,s:i,s:i,s:i,s:{s:i,s:i}}}]}",
	    "routes", "name", "web", "faults", "name", "slow", "type",
	    "latency", "state", "in_force", 1, "injected", n, "active", 1,
	    "name", "away", "type", "noop", "state", "in_force", 0, "state",
	    "listening", ":1", "sessions", 1, "accepted", n, "requests", n,
	    "received_bytes", "upstream", n, "downstream", n * 1024, "name",
	    "api", "state", "listening", ":2", "sessions", 2, "accepted",
	    2 * n, "requests", 2 * n, "received_bytes", "upstream", 0,
	    "downstream", 0);

	ck_assert_ptr_nonnull(answer);
	top_sample_init(s, (int64_t)(seconds * 1e6),
	    json_loads(status, 0, NULL), answer);
}

static char *
view(int before, int now, const struct top_look *how)
{
	struct top_sample a = {0}, b;
	struct str out = {0};

	if (before >= 0)
		look(&a, 10, before);
	look(&b, 12, now);
	top_view(&out, &b, &a, how);
	top_sample_fini(&a);
	top_sample_fini(&b);
	return str_take(&out);
}

START_TEST(json_has_the_same_figures)
{
	struct top_sample a = {0}, b;
	struct str out = {0};

	look(&b, 12, 120);
	top_view_json(&out, &b, &a);
	ck_assert_ptr_nonnull(strstr(out.text, "\"requests_per_s\":null"));
	str_clear(&out);
	look(&a, 10, 100);
	top_view_json(&out, &b, &a);
	ck_assert_str_eq(out.text,
	    "{\"uptime\":65,\"sessions\":3,\"partitions\":[\"split\"],"
	    "\"routes\":[{\"name\":\"web\",\"sessions\":1,"
	    "\"connections_per_s\":10.0,\"requests_per_s\":10.0,"
	    "\"up_bytes_per_s\":10.0,\"down_bytes_per_s\":10240.0,"
	    "\"faults\":[{\"name\":\"slow\",\"type\":\"latency\","
	    "\"in_force\":true,\"active\":1,\"injected\":120,"
	    "\"injected_per_s\":10.0},{\"name\":\"away\",\"type\":\"noop\","
	    "\"in_force\":false,\"active\":0,\"injected\":0,"
	    "\"injected_per_s\":0.0}]},{\"name\":\"api\",\"sessions\":2,"
	    "\"connections_per_s\":20.0,\"requests_per_s\":20.0,"
	    "\"up_bytes_per_s\":0.0,\"down_bytes_per_s\":0.0,"
	    "\"faults\":[]}]}\n");
	str_fini(&out);
	top_sample_fini(&a);
	top_sample_fini(&b);
}
END_TEST

START_TEST(rates_are_differences_by_time)
{
	char *text = view(100, 120, &(struct top_look){0});

	ck_assert_str_eq(text,
	    "faultwire 1   up 1m05s   3 sessions   30 req/s   10 B/s up   "
	    "10 KiB/s down\n"
	    "2 routes   1 of 2 faults in force   partitions: split\n\n"
	    "ROUTE  STATE  SESSIONS  CONN/S  REQ/S  UP/S  DOWN/S  FAULTS\n"
	    "web    up            1      10     10  10 B  10 KiB  "
	    "1 of 2 in force\n"
	    "api    up            2      20     20   0 B     0 B  0\n\n"
	    "ROUTE  FAULT  TYPE     STATE     ACTIVE  INJECTED  INJECTED/S\n"
	    "web    slow   latency  in force       1       120          10\n");
	free(text);
}
END_TEST

START_TEST(one_route_and_one_session_are_no_plural)
{
	struct top_sample a = {0}, b;
	struct str out = {0};

	top_sample_init(&b, 1, json_pack("{s:i}", "sessions", 1),
	    json_pack("{s:[{s:s}]}", "routes", "name", "web"));
	top_view(&out, &b, &a, &(struct top_look){0});
	ck_assert_ptr_nonnull(strstr(out.text, "   1 session   "));
	ck_assert_ptr_nonnull(strstr(out.text, "\n1 route   "));
	str_fini(&out);
	top_sample_fini(&b);
}
END_TEST

START_TEST(the_first_look_has_no_rates)
{
	char *text = view(-1, 120, &(struct top_look){0});

	ck_assert_ptr_null(strstr(text, "req/s"));
	ck_assert_ptr_nonnull(strstr(text, "web    up            1       -"));
	free(text);
}
END_TEST

START_TEST(a_counter_that_began_anew_is_no_negative_rate)
{
	char *text = view(1000, 20, &(struct top_look){0});

	ck_assert_ptr_nonnull(strstr(text, "30 req/s"));
	ck_assert_ptr_null(strstr(text, "-4"));
	free(text);
}
END_TEST

START_TEST(only_faults_in_force_are_listed_with_their_rate)
{
	char *text = view(100, 120, &(struct top_look){0});

	ck_assert_ptr_nonnull(strstr(text, "web    slow   latency  in force"));
	ck_assert_ptr_null(strstr(text, "away"));
	free(text);
}
END_TEST

START_TEST(routes_are_sorted_as_asked)
{
	static const struct {
		enum top_sort sort;
		bool api_first;
	} cases[] = {
	    {TOP_FILE, false},
	    {TOP_NAME, true},
	    {TOP_SESSIONS, true},
	    {TOP_REQUESTS, true},
	    {TOP_BYTES, false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *text = view(100, 120,
		    &(struct top_look){.sort = cases[i].sort});
		bool api_first = strstr(text, "\napi") < strstr(text, "\nweb");

		ck_assert_int_eq(api_first, cases[i].api_first);
		free(text);
	}
}
END_TEST

START_TEST(it_fits_into_any_screen)
{
	for (size_t rows = 10; rows < 30; rows++) {
		for (size_t columns = 1; columns < 100; columns += 7) {
			struct top_look how = {.keys = true, .rows = rows,
			    .columns = columns};
			char *text = view(100, 120, &how), *line, *rest;
			size_t lines = 0;

			for (rest = text; (line = strsep(&rest, "\n")) != NULL;
			     lines++)
				ck_assert_uint_le(text_width(line), columns);
			/* The last one is what stands behind the last end. */
			ck_assert_uint_le(lines - 1, rows);
			free(text);
		}
	}
}
END_TEST

int
main(void)
{
	return check_run("top_view", (const TTest *const[]){
	    json_has_the_same_figures, rates_are_differences_by_time,
	    one_route_and_one_session_are_no_plural,
	    the_first_look_has_no_rates,
	    a_counter_that_began_anew_is_no_negative_rate,
	    only_faults_in_force_are_listed_with_their_rate,
	    routes_are_sorted_as_asked, it_fits_into_any_screen, NULL});
}
