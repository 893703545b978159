/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as text, in both formats. */
#include "observe/exposition.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "observe/metrics.h"
#include "tests/harness/check_run.h"

static const struct metric_family
    counter = {"x_bytes", METRIC_COUNTER, "bytes", "", "Bytes"},
    gauge = {"x_open", METRIC_GAUGE, NULL, "", "Open \"now\" \\ \n soon"},
    info = {"x_build", METRIC_INFO, NULL, "", "Build"},
    histogram = {"x_seconds", METRIC_HISTOGRAM, "seconds", "", "Time"};

static struct str out;
static struct exposition e;

static void
begin(enum exposition_format format)
{
	exposition_begin(&e, format, &out);
}

/* Ends and compares; "" at its end is no line. */
static void
expect(const char *text)
{
	exposition_end(&e);
	ck_assert_str_eq(out.text, text);
	str_fini(&out);
}

static struct metric_labels
labels(const char *common, const char *own)
{
	return (struct metric_labels){view_of(common), view_of(own)};
}

START_TEST(counters_end_in_total_and_their_family_only_in_text)
{
	begin(EXPOSITION_TEXT);
	exposition_family(&e, &counter);
	exposition_uint(&e, labels("a=\"1\"", "b=\"2\""), 18446744073709551615u,
	    NULL);
	expect("# HELP x_bytes_total Bytes\n"
	       "# TYPE x_bytes_total counter\n"
	       "x_bytes_total{a=\"1\",b=\"2\"} 18446744073709551615\n");
	begin(EXPOSITION_OPENMETRICS);
	exposition_family(&e, &counter);
	exposition_uint(&e, labels("", "b=\"2\""), 0, NULL);
	expect("# HELP x_bytes Bytes\n"
	       "# TYPE x_bytes counter\n"
	       "# UNIT x_bytes bytes\n"
	       "x_bytes_total{b=\"2\"} 0\n"
	       "# EOF\n");
}
END_TEST

START_TEST(info_is_a_gauge_in_text)
{
	begin(EXPOSITION_TEXT);
	exposition_family(&e, &info);
	exposition_uint(&e, labels("v=\"1\"", ""), 1, NULL);
	expect("# HELP x_build_info Build\n# TYPE x_build_info gauge\n"
	       "x_build_info{v=\"1\"} 1\n");
	begin(EXPOSITION_OPENMETRICS);
	exposition_family(&e, &info);
	exposition_uint(&e, labels("v=\"1\"", ""), 1, NULL);
	expect("# HELP x_build Build\n# TYPE x_build info\n"
	       "x_build_info{v=\"1\"} 1\n# EOF\n");
}
END_TEST

START_TEST(help_is_escaped_as_each_format_wants_it)
{
	begin(EXPOSITION_TEXT);
	exposition_family(&e, &gauge);
	expect("# HELP x_open Open \"now\" \\\\ \\n soon\n"
	       "# TYPE x_open gauge\n");
	begin(EXPOSITION_OPENMETRICS);
	exposition_family(&e, &gauge);
	expect("# HELP x_open Open \\\"now\\\" \\\\ \\n soon\n"
	       "# TYPE x_open gauge\n# EOF\n");
}
END_TEST

START_TEST(label_values_cannot_break_out)
{
	struct str text = {0};

	exposition_label(&text, "route", VIEW("a\"} 1\nb\\"));
	exposition_label(&text, "fault", VIEW("ü"));
	ck_assert_str_eq(text.text,
	    "route=\"a\\\"} 1\\nb\\\\\",fault=\"ü\"");
	str_fini(&text);
}
END_TEST

START_TEST(numbers_with_a_fraction_read_back_the_same)
{
	begin(EXPOSITION_TEXT);
	exposition_family(&e, &gauge);
	str_clear(&out);
	exposition_double(&e, labels("", ""), 0.1);
	exposition_double(&e, labels("", ""), 1795620411.5);
	exposition_double(&e, labels("", ""), INFINITY);
	exposition_double(&e, labels("", ""), -INFINITY);
	exposition_double(&e, labels("", ""), NAN);
	expect("x_open 0.1\nx_open 1795620411.5\nx_open +Inf\nx_open -Inf\n"
	       "x_open NaN\n");
}
END_TEST

static void
add_histogram(enum exposition_format format, const struct exemplar *exemplars)
{
	struct histogram h = {0};
	struct histogram_sum sum = {0};

	histogram_add(&h, &histogram_durations, 1000);
	histogram_add(&h, &histogram_durations, 2000000);
	histogram_add(&h, &histogram_durations, 70000000);
	histogram_read(&h, &sum);
	begin(format);
	exposition_family(&e, &histogram);
	exposition_histogram(&e, labels("r=\"1\"", ""), &histogram_durations,
	    &sum, exemplars);
	exposition_end(&e);
}

static void
holds(const char *line)
{
	if (strstr(out.text, line) == NULL)
		ck_abort_msg("no line %s in\n%s", line, out.text);
}

START_TEST(buckets_are_cumulative_with_bounds_as_floats)
{
	add_histogram(EXPOSITION_TEXT, NULL);
	holds("\nx_seconds_bucket{r=\"1\",le=\"0.001\"} 1\n");
	holds("\nx_seconds_bucket{r=\"1\",le=\"1.0\"} 1\n");
	holds("\nx_seconds_bucket{r=\"1\",le=\"2.5\"} 2\n");
	holds("\nx_seconds_bucket{r=\"1\",le=\"60.0\"} 2\n");
	holds("\nx_seconds_bucket{r=\"1\",le=\"+Inf\"} 3\n");
	holds("\nx_seconds_sum{r=\"1\"} 72.001\n");
	holds("\nx_seconds_count{r=\"1\"} 3\n");
	str_fini(&out);
}
END_TEST

START_TEST(exemplars_stand_in_openmetrics_alone)
{
	struct exemplar exemplars[HISTOGRAM_BOUNDS + 1] = {0};

	memset(exemplars[10].trace_id, 0xab, TRACE_ID_SIZE);
	exemplars[10].value_us = 2000000;
	exemplars[10].wall_us = 1700000000250000;
	add_histogram(EXPOSITION_OPENMETRICS, exemplars);
	holds("x_seconds_bucket{r=\"1\",le=\"2.5\"} 2 "
	      "# {trace_id=\"abababababababababababababababab\"} 2.0 "
	      "1700000000.25\n");
	holds("x_seconds_bucket{r=\"1\",le=\"5.0\"} 2\n");
	str_fini(&out);
	add_histogram(EXPOSITION_TEXT, exemplars);
	ck_assert_ptr_null(strstr(out.text, "trace_id"));
	str_fini(&out);
	begin(EXPOSITION_OPENMETRICS);
	exposition_family(&e, &counter);
	exposition_uint(&e, labels("", ""), 5, &exemplars[10]);
	exposition_uint(&e, labels("", ""), 5, &exemplars[0]);
	holds("\nx_bytes_total 5 # {trace_id=\"abababababababababababababababab"
	      "\"} 1.0 1700000000.25\nx_bytes_total 5\n");
	exposition_end(&e);
	str_fini(&out);
}
END_TEST

/* A family's name ends in its unit; only counters and info have suffixes of
 * their own; help is one sentence without a dot. */
START_TEST(the_table_of_families_keeps_the_rules)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		const struct metric_family *f = &metric_families[i];
		const char *tail = strrchr(f->name, '_');
		size_t len = strlen(f->help);

		ck_assert_ptr_nonnull(tail);
		ck_assert_str_ne(tail, "_total");
		ck_assert_str_ne(tail, "_info");
		ck_assert_str_ne(tail, "_count");
		if (f->unit != NULL)
			ck_assert_str_eq(tail + 1, f->unit);
		ck_assert(len > 0 && f->help[len - 1] != '.');
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(f->name, metric_families[k].name);
	}
}
END_TEST

int
main(void)
{
	return check_run("exposition",
	    (const TTest *const[]){
		counters_end_in_total_and_their_family_only_in_text,
		info_is_a_gauge_in_text,
		help_is_escaped_as_each_format_wants_it,
		label_values_cannot_break_out,
		numbers_with_a_fraction_read_back_the_same,
		buckets_are_cumulative_with_bounds_as_floats,
		exemplars_stand_in_openmetrics_alone,
		the_table_of_families_keeps_the_rules, NULL});
}
