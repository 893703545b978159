/* SPDX-License-Identifier: Apache-2.0 */
/* What partitions make of routes. */
#include "proxy/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "tests/harness/check_run.h"
#include "tests/harness/model.h"

/* Services a, b, c; a route for every ordered pair, named "a-b". */
#define SERVICES                                                               \
	"services = ({ name = \"a\"; }, { name = \"b\"; }, "                   \
	"{ name = \"c\"; });"
#define WORLD                                                                  \
	"routes = (" PAIR("a", "b") "," PAIR("b", "a") "," PAIR("a", "c")      \
	"," PAIR("c", "a") "," PAIR("b", "c") "," PAIR("c", "b") ");"
#define PAIR(from, to)                                                         \
	"{ name = \"" from "-" to "\"; listen = \"127.0.0.1:0\"; "             \
	"upstream = \"127.0.0.1:9\"; from = \"" from "\"; to = \"" to "\"; }"

/* "route:kind/stream" of every fault, in the order of the routes. */
static char *
faults_of(const char *services, const char *partition)
{
	static const char *const streams[] = {
	    [STREAM_UPSTREAM] = "up", [STREAM_DOWNSTREAM] = "down",
	    [STREAM_BOTH] = "both"};
	struct partition_fault *made;
	struct conf_model *m;
	struct str text = {0}, out = {0};
	size_t count;

	str_printf(&text, "%s" WORLD "partitions = ({ name = \"p\"; %s });",
	    services, partition);
	m = model_of(text.text);
	made = partition_faults(m, NULL, MODEL_SEED, &count);
	for (size_t r = 0; r < m->routes_count; r++) {
		for (size_t i = 0; i < count; i++) {
			if (made[i].route == r)
				str_printf(&out, "%s%s:%s/%s",
				    out.len > 0 ? " " : "", m->routes[r].name,
				    made[i].fault.kind->name,
				    streams[made[i].fault.stream]);
		}
	}
	for (size_t i = 0; i < count; i++)
		partition_fault_fini(&made[i].fault);
	free(made);
	conf_model_unref(m);
	str_fini(&text);
	return str_take(&out);
}

static const struct {
	const char *partition, *faults;
} cases[] = {
    {"groups = ([\"a\"], [\"b\"]); existing = \"keep\";",
	"a-b:blackhole/both b-a:blackhole/both a-c:blackhole/both "
	"c-a:blackhole/both b-c:blackhole/both c-b:blackhole/both"},
    {"groups = ([\"a\", \"c\"], [\"b\"]);",
	"a-b:blackhole/both b-a:blackhole/both b-c:blackhole/both "
	"c-b:blackhole/both"},
    {"groups = ([\"a\", \"b\", \"c\"]);", ""},
    {"groups = ([\"a\"], [\"b\"]); enabled = false;", ""},
    {"groups = ([\"a\", \"c\"], [\"b\"]); mode = \"reject\";",
	"a-b:down/both a-b:refuse/both b-a:down/both b-a:refuse/both "
	"b-c:down/both b-c:refuse/both c-b:down/both c-b:refuse/both"},
    /* What a's side sends is lost, whoever dialled. */
    {"groups = ([\"a\", \"c\"], [\"b\"]); direction = \"a->b\";",
	"a-b:blackhole/up b-a:blackhole/down b-c:blackhole/down "
	"c-b:blackhole/up"},
    /* Only connections that b's side opens. */
    {"groups = ([\"a\", \"c\"], [\"b\"]); dial = \"b->a\";",
	"b-a:blackhole/both b-c:blackhole/both"},
    {"shape = \"halves\"; members = [\"a\", \"b\"];",
	"a-b:blackhole/both b-a:blackhole/both"},
};

START_TEST(a_partition_becomes_faults_on_the_routes_between)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *got = faults_of(SERVICES, cases[i].partition);

		ck_assert_msg(strcmp(got, cases[i].faults) == 0,
		    "%s\n got %s\nwant %s", cases[i].partition, got,
		    cases[i].faults);
		free(got);
	}
}
END_TEST

/* Nobody has to declare them twice. */
START_TEST(routes_name_the_services_where_the_file_declares_none)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *got = faults_of("", cases[i].partition);

		ck_assert_str_eq(got, cases[i].faults);
		free(got);
	}
}
END_TEST

START_TEST(shapes_leave_the_cuts_that_they_name)
{
	/* Of four members each sees both neighbours and not the one across. */
	char *ring = faults_of(
	    "services = ({ name = \"a\"; }, { name = \"b\"; }, "
	    "{ name = \"c\"; }, { name = \"d\"; });",
	    "shape = \"ring\"; existing = \"keep\"; mode = \"reject\";");
	char *isolate = faults_of(SERVICES, "shape = \"isolate\";");
	char *again = faults_of(SERVICES, "shape = \"isolate\";");
	size_t cut = 0;

	ck_assert_str_eq(isolate, again);
	for (const char *at = isolate; (at = strchr(at, ':')) != NULL; at++)
		cut++;
	ck_assert_uint_eq(cut, 4);
	ck_assert_str_eq(ring,
	    "a-c:refuse/both c-a:refuse/both");
	free(ring);
	free(isolate);
	free(again);
}
END_TEST

int
main(void)
{
	return check_run("partition",
	    (const TTest *const[]){
		a_partition_becomes_faults_on_the_routes_between,
		routes_name_the_services_where_the_file_declares_none,
		shapes_leave_the_cuts_that_they_name, NULL});
}
