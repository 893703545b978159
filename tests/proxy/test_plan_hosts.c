/* SPDX-License-Identifier: Apache-2.0 */
/* Which routes of a listener a host is compared with. */
#include "proxy/plan_hosts.h"

#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/harness/model.h"

#define HOST(name, pattern)                                                    \
	"{ name = \"" name "\"; listen = \"127.0.0.1:3\"; "                    \
	"upstream = \"127.0.0.1:9\"; protocol = \"http\"; "                    \
	"match = { host = \"" pattern "\"; }; }"
#define PATH(name, pattern)                                                    \
	"{ name = \"" name "\"; listen = \"127.0.0.1:3\"; "                    \
	"upstream = \"127.0.0.1:9\"; protocol = \"http\"; "                    \
	"match = { path = \"" pattern "\"; }; }"

static const char several[] = "routes = (" HOST("first", "a.test") ", " HOST(
    "star", "*.test") ", " HOST("other", "b.test") ", " HOST("not",
    "!a.test") ", " PATH("path", "/x*") ", " HOST("again",
    "A.Test") ", " HOST("regex", "~^c") ", " HOST("mark", "a?test") ");";

/* The names of the candidates, each followed by a blank. */
static const char *
candidates(const char *host)
{
	static char names[256];
	struct plan *plan = plan_of(several, NULL, 0);
	const struct armed_route *r;
	struct host_walk walk;

	ck_assert_uint_eq(plan->listeners_count, 1);
	names[0] = '\0';
	plan_hosts_begin(&walk, &plan->listeners[0],
	    (struct view){host, strlen(host)});
	while ((r = plan_hosts_next(&walk)) != NULL)
		strcat(strcat(names, r->name), " ");
	plan_unref(plan);
	return names;
}

START_TEST(other_hosts_written_out_are_left_out)
{
	ck_assert_str_eq(candidates("a.test"),
	    "first star not path again regex mark ");
	ck_assert_str_eq(candidates("b.test"),
	    "star other not path regex mark ");
	ck_assert_str_eq(candidates("unknown"), "star not path regex mark ");
	ck_assert_str_eq(candidates(""), "star not path regex mark ");
}
END_TEST

START_TEST(letters_of_either_size_are_the_same)
{
	ck_assert_str_eq(candidates("A.TEST"),
	    "first star not path again regex mark ");
}
END_TEST

START_TEST(every_route_of_every_listener_is_found)
{
	struct plan *plan = plan_of("routes = (" MODEL_ROUTE_ON("a", "1",
	    "") ", " HOST("b", "b.test") ", " MODEL_ROUTE_ON("c", "2",
	    "") ", " HOST("d", "d.test") ");", NULL, 0);
	size_t found = 0;

	for (size_t i = 0; i < plan->listeners_count; i++) {
		const struct plan_listener *l = &plan->listeners[i];

		for (size_t k = 0; k < l->routes_count; k++) {
			const char *host = l->routes[k]->conf->match_host.text;
			struct host_walk walk;

			plan_hosts_begin(&walk, l, (struct view){host,
			    host != NULL ? strlen(host) : 0});
			ck_assert_ptr_eq(plan_hosts_next(&walk),
			    l->routes[k]);
			ck_assert_ptr_null(plan_hosts_next(&walk));
			found++;
		}
	}
	ck_assert_uint_eq(found, 4);
	plan_unref(plan);
}
END_TEST

int
main(void)
{
	return check_run("plan_hosts",
	    (const TTest *const[]){other_hosts_written_out_are_left_out,
		letters_of_either_size_are_the_same,
		every_route_of_every_listener_is_found, NULL});
}
