/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities: what is read, what is refused, and that printing reads back. */
#include "config/units.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness/check_run.h"

static const struct {
	const char *text;
	int64_t bare, value; /* value -1: refused */
} durations[] = {
    {"250us", 0, 250},
    {"250\xc2\xb5s", 0, 250},
    {"250\xce\xbcs", 0, 250},
    {"80ms", 0, 80000},
    {" 80 ms ", 0, 80000},
    {"2s", 0, 2000000},
    {"1m30s", 0, 90000000},
    {"1h 2m 3s 4ms 5us", 0, INT64_C(3723004005)},
    {"1.5h", 0, INT64_C(5400000000)},
    {"2d", 0, INT64_C(172800000000)},
    {"0.1ms", 0, 100},
    {".5ms", 0, 500},
    {"1.9999us", 0, 2},
    {"100", 1000, 100000},
    {"1.5", 1000, 1500},
    {"7", 1, 7},
    {"0", 0, 0},
    {"36525d", 0, INT64_C(3155760000000000)},
    {"36525d1us", 0, -1},
    {"7", 0, -1},
    {"", 1000, -1},
    {" ", 1000, -1},
    {".", 1000, -1},
    {"ms", 1000, -1},
    {"-5ms", 1000, -1},
    {"+5ms", 1000, -1},
    {"5parsecs", 1000, -1},
    {"80MS", 1000, -1},
    {"30s1m", 1000, -1},
    {"1s1s", 1000, -1},
    {"1m30", 1000, -1},
    {"5 5ms", 1000, -1},
    {"1e3ms", 1000, -1},
    {"0x10ms", 1000, -1},
    {"inf", 1000, -1},
    {"99999999999999999999ms", 1000, -1},
    {"9223372036854775807d", 1000, -1},
    {"9223372036854775807", 1000, -1},
};

START_TEST(durations_are_read_exactly_or_refused)
{
	for (size_t i = 0; i < COUNT_OF(durations); i++) {
		struct error err = {0};
		int64_t us = 42;
		bool ok = units_duration(durations[i].text, durations[i].bare,
					 &us, &err);

		ck_assert_msg(ok == (durations[i].value >= 0), "%s",
			      durations[i].text);
		ck_assert_msg(us == (ok ? durations[i].value : 42),
			      "%s gave %lld", durations[i].text, (long long)us);
		ck_assert(ok == (err.text[0] == '\0'));
	}
}
END_TEST

static const struct {
	const char *text;
	int64_t bare, value; /* value -1: refused */
} sizes[] = {
    {"512", 1, 512},
    {"3", 1000, 3000},
    {"0", 0, 0},
    {"512B", 0, 512},
    {"1KB", 0, 1000},
    {"1kb", 0, 1000},
    {"64KiB", 0, 65536},
    {"64 kib", 0, 65536},
    {"1.5MiB", 0, 1572864},
    {"1MB", 0, 1000000},
    {"2GB", 0, 2000000000},
    {"1GiB", 0, 1 << 30},
    {"1TiB", 0, INT64_C(1) << 40},
    {"1TB", 0, INT64_C(1000000000000)},
    {"1048576TiB", 0, INT64_C(1) << 60},
    {"1048577TiB", 0, -1},
    {"7", 0, -1},
    {"", 1, -1},
    {"-1", 1, -1},
    {"1K", 1, -1},
    {"1MB/s", 1, -1},
    {"1 MB 2", 1, -1},
    {"1Mbit", 1, -1},
    {"99999999999TiB", 1, -1},
};

START_TEST(sizes_know_decimal_and_binary_units)
{
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		int64_t bytes = 42;
		bool ok =
		    units_size(sizes[i].text, sizes[i].bare, &bytes, NULL);

		ck_assert_msg(ok == (sizes[i].value >= 0), "%s", sizes[i].text);
		ck_assert_msg(bytes == (ok ? sizes[i].value : 42),
			      "%s gave %lld", sizes[i].text, (long long)bytes);
	}
}
END_TEST

static const struct {
	const char *text;
	int64_t bare;
	double value; /* -1: refused */
} rates[] = {
    {"1MB/s", 0, 1e6},
    {"1MB", 0, 1e6},
    {"64KiB/s", 0, 65536},
    {"100 B/s", 0, 100},
    {"8Mbit/s", 0, 1e6},
    {"8mbit", 0, 1e6},
    {"8 kbps", 0, 1000},
    {"8Kibit/s", 0, 1024},
    {"1Gbit/s", 0, 125e6},
    {"1.5KB/s", 0, 1500},
    {"1e3KB/s", 0, 1e6},
    {"5", 1000, 5000},
    {"0", 0, 0},
    {"5", 0, -1},
    {"", 1000, -1},
    {"-5", 1000, -1},
    {"1Mb/s", 0, -1}, /* bits or bytes? */
    {"1MB/h", 0, -1},
    {"1MB/s2", 0, -1},
    {"1bit/s/s", 0, -1},
    {"nan", 1000, -1},
    {"0x10", 1000, -1},
    {"1e400", 1000, -1},
    {"2000000GB/s", 0, -1},
};

START_TEST(rates_tell_bits_from_bytes)
{
	for (size_t i = 0; i < COUNT_OF(rates); i++) {
		double Bps = 42;
		bool ok = units_rate(rates[i].text, rates[i].bare, &Bps, NULL);

		ck_assert_msg(ok == (rates[i].value >= 0), "%s", rates[i].text);
		ck_assert_msg(Bps == (ok ? rates[i].value : 42), "%s gave %g",
			      rates[i].text, Bps);
	}
}
END_TEST

static const struct {
	const char *text;
	double value; /* -1: refused */
} fractions[] = {
    {"0", 0},	     {"1", 1},	      {"1.0", 1},      {"0.2", 0.2},
    {".2", 0.2},     {"20%", 0.2},    {" 20 % ", 0.2}, {"100%", 1},
    {"0.5%", 0.005}, {"1e-3", 0.001}, {"1.1", -1},     {"101%", -1},
    {"-0.1", -1},    {"20", -1},      {"%", -1},       {"", -1},
    {"0.2x", -1},    {"20%%", -1},    {"nan", -1},
};

START_TEST(fractions_are_shares_or_percentages)
{
	for (size_t i = 0; i < COUNT_OF(fractions); i++) {
		double f = 42;
		bool ok = units_fraction(fractions[i].text, &f, NULL);

		ck_assert_msg(ok == (fractions[i].value >= 0), "%s",
			      fractions[i].text);
		ck_assert_msg(f == (ok ? fractions[i].value : 42), "%s gave %g",
			      fractions[i].text, f);
	}
}
END_TEST

static const struct {
	int64_t us;
	const char *text;
} printed_durations[] = {
    {0, "0ms"},
    {1, "1us"},
    {999, "999us"},
    {1000, "1ms"},
    {1500, "1.5ms"},
    {80070, "80.07ms"},
    {1000000, "1s"},
    {2000001, "2.000001s"},
    {59999999, "59.999999s"},
    {60000000, "1m"},
    {90000000, "1m30s"},
    {90500000, "1m30.5s"},
    {INT64_C(3600000000), "1h"},
    {INT64_C(90061000001), "1d1h1m1.000001s"},
    {INT64_C(86400000001), "1d1us"},
};

START_TEST(durations_print_short_and_read_back)
{
	struct str s = {0};
	int64_t back;

	for (size_t i = 0; i < COUNT_OF(printed_durations); i++) {
		str_clear(&s);
		units_print_duration(&s, printed_durations[i].us);
		ck_assert_str_eq(s.text, printed_durations[i].text);
		ck_assert(units_duration(s.text, 0, &back, NULL));
		ck_assert_int_eq(back, printed_durations[i].us);
	}
	str_fini(&s);
}
END_TEST

START_TEST(sizes_and_rates_print_short_and_read_back)
{
	static const struct {
		double value;
		const char *size, *rate; /* size NULL: not whole */
	} cases[] = {
	    {0, "0B", "0B/s"},
	    {1, "1B", "1B/s"},
	    {1000, "1KB", "1KB/s"},
	    {1024, "1KiB", "1KiB/s"},
	    {1500, "1500B", "1500B/s"},
	    {65536, "64KiB", "64KiB/s"},
	    {1e6, "1MB", "1MB/s"},
	    {4194304, "4MiB", "4MiB/s"},
	    {1e15, "1000TB", "1000TB/s"},
	    {0.1, NULL, "0.1B/s"},
	    {1e6 / 3, NULL, "333333.3333333333B/s"},
	    {1e-9, NULL, "1e-09B/s"},
	};
	struct str s = {0};
	int64_t bytes;
	double Bps;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		str_clear(&s);
		units_print_rate(&s, cases[i].value);
		ck_assert_str_eq(s.text, cases[i].rate);
		ck_assert(units_rate(s.text, 0, &Bps, NULL));
		ck_assert(Bps == cases[i].value);
		if (cases[i].size == NULL)
			continue;
		str_clear(&s);
		units_print_size(&s, (int64_t)cases[i].value);
		ck_assert_str_eq(s.text, cases[i].size);
		ck_assert(units_size(s.text, 0, &bytes, NULL));
		ck_assert(bytes == (int64_t)cases[i].value);
	}
	str_fini(&s);
}
END_TEST

START_TEST(fractions_print_as_the_same_double)
{
	static const double values[] = {
	    0, 1, 0.2, 0.1, 1.0 / 3, 1e-12, 0.30000000000000004};
	struct str s = {0};
	double back;

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		str_clear(&s);
		units_print_number(&s, values[i]);
		ck_assert(units_fraction(s.text, &back, NULL));
		ck_assert(back == values[i]);
	}
	str_clear(&s);
	units_print_number(&s, 0.2);
	ck_assert_str_eq(s.text, "0.2");
	str_fini(&s);
}
END_TEST

START_TEST(messages_say_what_was_expected)
{
	struct error err;
	int64_t n;
	double d;

	ck_assert(!units_duration("80 parsecs", 1000, &n, &err));
	ck_assert_str_eq(
	    err.text,
	    "\"80 parsecs\" is not a duration; "
	    "expected a number with a unit (us, ms, s, m, h, d), such as "
	    "\"80ms\" or \"1m30s\"");
	ck_assert(!units_size("x", 1, &n, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "such as \"64KiB\""));
	ck_assert(!units_rate("x", 1, &d, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "such as \"1MB/s\""));
	ck_assert(!units_fraction("2", &d, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "a percentage such as \"20%\""));
}
END_TEST

int
main(void)
{
	return check_run("units", (const TTest *const[]){
				      durations_are_read_exactly_or_refused,
				      sizes_know_decimal_and_binary_units,
				      rates_tell_bits_from_bytes,
				      fractions_are_shares_or_percentages,
				      durations_print_short_and_read_back,
				      sizes_and_rates_print_short_and_read_back,
				      fractions_print_as_the_same_double,
				      messages_say_what_was_expected, NULL});
}
