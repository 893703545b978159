/* SPDX-License-Identifier: Apache-2.0 */
/* Counts, quantiles of lateness, and targets as they are written. */
#include "load/tally.h"

#include <stdlib.h>

#include "load/target.h"
#include "tests/harness/check_run.h"

START_TEST(ends_are_counted_by_outcome)
{
	struct tally t = {0};
	struct sample good = {.outcome = SAMPLE_OK};
	struct sample lost = {.outcome = SAMPLE_LOST};

	tally_fire(&t, 1900000, 1900000);
	tally_fire(&t, 1950000, 1950000);
	tally_end(&t, &lost);
	tally_end(&t, &good);
	ck_assert_uint_eq(t.fired, 2);
	ck_assert_uint_eq(t.ended[SAMPLE_OK], 1);
	ck_assert_uint_eq(t.ended[SAMPLE_LOST], 1);
}
END_TEST

START_TEST(quantiles_of_lateness_are_two_percent_exact)
{
	static const int64_t lates[] = {0,    1,     90,      127,     128,
					1000, 12345, 1000000, 77777777};

	for (size_t i = 0; i < COUNT_OF(lates); i++) {
		struct tally t = {0};

		ck_assert_int_eq(tally_late_us(&t, 0.99), 0);
		for (int n = 0; n < 98; n++)
			tally_fire(&t, 5, 5);
		tally_fire(&t, 5, 5 + lates[i]);
		tally_fire(&t, 5, 5 + lates[i]);
		ck_assert_int_eq(tally_late_us(&t, 0.5), 0);
		ck_assert_int_le(llabs(tally_late_us(&t, 0.99) - lates[i]),
				 lates[i] / 60);
	}
}
END_TEST

START_TEST(what_fires_early_by_a_clocks_whim_is_not_late)
{
	struct tally t = {0};

	tally_fire(&t, 10, 5);
	ck_assert_int_eq(tally_late_us(&t, 1), 0);
}
END_TEST

static const struct {
	const char *text, *address; /* NULL: refused */
	bool tls;
} targets[] = {
    {"h:1", "h:1", false},
    {"127.0.0.1:80", "127.0.0.1:80", false},
    {"[::1]:80", "[::1]:80", false},
    {"unix:/run/x.sock", "unix:/run/x.sock", false},
    {"http://h", "h:80", false},
    {"http://h:81", "h:81", false},
    {"https://h", "h:443", true},
    {"https://[::1]", "[::1]:443", true},
    {"https://[::1]:8", "[::1]:8", true},
    {"https://unix:/run/x.sock", "unix:/run/x.sock", true},
    {"tls://h:5432", "h:5432", true},
    {"tls://unix:/run/.s.PGSQL.5432", "unix:/run/.s.PGSQL.5432", true},
    {"tls://h", NULL, false},
    {"tls://h:1/path", NULL, false},
    {"https://h/path", NULL, false},
    {"h", NULL, false},
    {"h:70000", NULL, false},
    {"", NULL, false},
};

START_TEST(targets_are_read_as_people_write_them)
{
	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		struct load_target t;
		struct error err = {0};
		bool ok = load_target_parse(targets[i].text, &t, &err);

		ck_assert_msg(ok == (targets[i].address != NULL), "%s: %s",
			      targets[i].text, err.text);
		ck_assert(ok || err.text[0] != '\0');
		if (ok) {
			ck_assert_str_eq(t.address.text, targets[i].address);
			ck_assert_int_eq(t.tls, targets[i].tls);
		}
		load_target_fini(&t);
	}
}
END_TEST

int
main(void)
{
	return check_run("tally",
			 (const TTest *const[]){
			     ends_are_counted_by_outcome,
			     quantiles_of_lateness_are_two_percent_exact,
			     what_fires_early_by_a_clocks_whim_is_not_late,
			     targets_are_read_as_people_write_them,
			     NULL,
			 });
}
