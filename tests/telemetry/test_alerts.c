/* SPDX-License-Identifier: Apache-2.0 */
/* Times of alerts; messages as a whole are a scenario's matter. */
#include "telemetry/alerts.h"

#include "tests/harness/check_run.h"

START_TEST(times_are_read_with_their_zone_and_fraction)
{
	static const struct {
		const char *text;
		int64_t us; /* 0: it is none */
	} cases[] = {
	    {"2026-01-31T12:00:00Z", INT64_C(1769860800000000)},
	    {"2026-01-31T12:00:00.25Z", INT64_C(1769860800250000)},
	    {"2026-01-31T12:00:00.123456789Z", INT64_C(1769860800123456)},
	    {"2026-01-31T13:30:00+01:30", INT64_C(1769860800000000)},
	    {"2026-01-31t04:00:00-08:00", INT64_C(1769860800000000)},
	    {"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
	    {"", 0},
	    {"2026-01-31", 0},
	    {"2026-01-31T12:00:00", 0},
	    {"2026-01-31T12:00:00z1", 0},
	    {"2026-01-31T12:00:00+1:00", 0},
	    {"2026-01-31T12:00:00+01:00Z", 0},
	    {"2026-01-31T24:00:00Z", 0},
	    {"2026-00-31T12:00:00Z", 0},
	    {"2026-01-32T12:00:00Z", 0},
	    {"+026-01-31T12:00:00Z ", 0},
	    {"26-01-31T12:00:00Z", 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t us = 0;

		ck_assert_int_eq(alerts_time(cases[i].text, &us),
		    cases[i].us != 0);
		if (cases[i].us != 0)
			ck_assert_int_eq(us, cases[i].us);
	}
}
END_TEST

START_TEST(the_zero_of_alertmanager_is_a_time)
{
	int64_t us;

	ck_assert(alerts_time("0001-01-01T00:00:00Z", &us));
	ck_assert_int_lt(us, 0);
}
END_TEST

START_TEST(a_message_gives_its_labels)
{
	static const char text[] =
	    "{\"version\":\"4\",\"alerts\":[{\"status\":\"resolved\","
	    "\"labels\":{\"alertname\":\"A\",\"service\":\"s\"},"
	    "\"startsAt\":\"2026-01-31T12:00:00Z\",\"fingerprint\":\"f\"}]}";
	struct alerts alerts;
	struct error err;

	ck_assert(alerts_read(view_of(text), &alerts, &err));
	ck_assert_uint_eq(alerts.count, 1);
	ck_assert_str_eq(alerts.items[0].name, "A");
	ck_assert_str_eq(alerts.items[0].service, "s");
	ck_assert_ptr_null(alerts.items[0].route);
	ck_assert_str_eq(alerts.items[0].fingerprint, "f");
	ck_assert(!alerts.items[0].firing);
	alerts_fini(&alerts);
}
END_TEST

int
main(void)
{
	return check_run("alerts",
	    (const TTest *const[]){
		times_are_read_with_their_zone_and_fraction,
		the_zero_of_alertmanager_is_a_time,
		a_message_gives_its_labels, NULL});
}
