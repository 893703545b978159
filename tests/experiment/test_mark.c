/* SPDX-License-Identifier: Apache-2.0 */
/* Calls bear the marks of the requests that they are, and no others. */
#include "base/hash.h"
#include "base/intern.h"
#include "experiment/run_parts.h"
#include "tests/harness/check_run.h"

static struct conf_load loads[2];
static struct conf_experiment asked = {.loads = loads, .loads_count = 2};
static struct sample samples[4];
static struct run run;

static void
set_up(void)
{
	static const char *const ids[] = {"plain", "worse", "check", ""};

	loads[0] = (struct conf_load){.name = (char *)"users",
				      .target = (char *)"edge"};
	loads[1] = (struct conf_load){.name = (char *)"health",
				      .target = (char *)"edge",
				      .probe = (char *)"health"};
	for (size_t i = 0; i < 4; i++)
		samples[i] = (struct sample){.id = hash_of(view_of(ids[i]))};
	samples[1].degraded = samples[3].degraded = true;
	samples[2].load = 1;
	run = (struct run){.asked = &asked, .samples = {samples, 4, 4}};
	for (size_t r = 0; r < 2; r++) {
		struct route *route =
		    record_route(&run.record, intern(r == 0 ? "edge" : "api"));

		for (size_t i = 0; i < 4; i++)
			record_add(&route->calls)->id = samples[i].id;
	}
}

static const struct call *
call(const char *route, size_t n)
{
	size_t at = record_find(&run.record, intern(route));

	return &run.record.routes[at].calls.items[n];
}

START_TEST(calls_of_the_load_s_route_bear_what_the_driver_saw)
{
	set_up();
	run_mark(&run);
	ck_assert(!call("edge", 0)->degraded && !call("edge", 0)->probe);
	ck_assert(call("edge", 1)->degraded && !call("edge", 1)->probe);
	ck_assert(!call("edge", 2)->degraded && call("edge", 2)->probe);
	record_fini(&run.record);
}
END_TEST

START_TEST(requests_without_an_id_mark_nothing)
{
	set_up();
	run_mark(&run);
	ck_assert(!call("edge", 3)->degraded);
	record_fini(&run.record);
}
END_TEST

START_TEST(ids_that_services_pass_on_mark_nothing)
{
	set_up();
	run_mark(&run);
	for (size_t i = 0; i < 4; i++)
		ck_assert(!call("api", i)->degraded && !call("api", i)->probe);
	record_fini(&run.record);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    calls_of_the_load_s_route_bear_what_the_driver_saw,
	    requests_without_an_id_mark_nothing,
	    ids_that_services_pass_on_mark_nothing,
	    NULL,
	};

	return check_run("mark", tests);
}
