/* SPDX-License-Identifier: Apache-2.0 */
/* Which format Accept headers ask for. */
#include "base/attr.h"
#include "observe/exposition.h"
#include "tests/harness/check_run.h"

#define OM "application/openmetrics-text"

static void
expect(const char *accept, enum exposition_format format)
{
	if (exposition_accept(view_of(accept)) != format)
		ck_abort_msg("\"%s\" got the wrong format", accept);
}

START_TEST(scrapers_that_name_openmetrics_get_it)
{
	/* Prometheus 2.42, and the scraper of Prometheus 3. */
	expect(OM ";version=1.0.0," OM ";version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	    EXPOSITION_OPENMETRICS);
	expect(OM ";version=1.0.0;escaping=allow-utf-8;q=0.6," OM
		  ";version=0.0.1;q=0.5,text/plain;version=1.0.0;"
		  "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
		  "*/*;q=0.2",
	    EXPOSITION_OPENMETRICS);
	expect(OM, EXPOSITION_OPENMETRICS);
	expect("Application/OpenMetrics-Text; Version=\"1.0.0\"",
	    EXPOSITION_OPENMETRICS);
	expect(OM ", text/plain", EXPOSITION_OPENMETRICS);
}
END_TEST

START_TEST(everybody_else_gets_text)
{
	expect("", EXPOSITION_TEXT);
	expect("*/*", EXPOSITION_TEXT);
	expect("text/plain", EXPOSITION_TEXT);
	expect("text/html,application/xhtml+xml,*/*;q=0.8", EXPOSITION_TEXT);
	expect("application/json", EXPOSITION_TEXT);
	expect(",,;;q=,", EXPOSITION_TEXT);
	expect(OM ";version=0.0.1", EXPOSITION_TEXT);
	expect(OM ";version=2.0.0", EXPOSITION_TEXT);
}
END_TEST

START_TEST(the_greater_q_decides)
{
	expect(OM ";q=0.5,text/plain;q=0.9", EXPOSITION_TEXT);
	expect(OM ";q=0.5,text/plain;q=0.50", EXPOSITION_OPENMETRICS);
	expect(OM ";q=0.501,text/plain;q=0.5", EXPOSITION_OPENMETRICS);
	expect(OM ";q=0.5,*/*", EXPOSITION_TEXT);
	expect(OM ";q=0.5,text/*;q=0.6", EXPOSITION_TEXT);
	expect(OM ";q=0", EXPOSITION_TEXT);
	expect(OM ";q=0.000,*/*", EXPOSITION_TEXT);
	expect(OM ";q=1.000", EXPOSITION_OPENMETRICS);
}
END_TEST

START_TEST(the_more_exact_range_wins_over_the_wider_one)
{
	expect("*/*;q=0.9,text/plain;q=0.1," OM ";q=0.5",
	    EXPOSITION_OPENMETRICS);
	expect("text/plain;q=0.1,text/*;q=0.9," OM ";q=0.5",
	    EXPOSITION_OPENMETRICS);
}
END_TEST

START_TEST(a_malformed_q_makes_its_range_nothing)
{
	expect(OM ";q=2", EXPOSITION_TEXT);
	expect(OM ";q=1.1", EXPOSITION_TEXT);
	expect(OM ";q=x", EXPOSITION_TEXT);
	expect(OM ";q=-1", EXPOSITION_TEXT);
	expect(OM ";q=", EXPOSITION_TEXT);
	expect(OM ";q=0x5", EXPOSITION_TEXT);
	expect(OM ";q", EXPOSITION_OPENMETRICS);
}
END_TEST

START_TEST(commas_in_quotes_separate_nothing)
{
	expect("text/x;a=\"," OM ",\";q=1", EXPOSITION_TEXT);
	expect(OM ";a=\"\\\",;q=0\"", EXPOSITION_OPENMETRICS);
	expect(OM ";a=\"never closed, */*", EXPOSITION_OPENMETRICS);
}
END_TEST

START_TEST(types_are_what_prometheus_3_insists_on)
{
	ck_assert_str_eq(exposition_content_type(EXPOSITION_TEXT),
	    "text/plain; version=0.0.4; charset=utf-8");
	ck_assert_str_eq(exposition_content_type(EXPOSITION_OPENMETRICS),
	    OM "; version=1.0.0; charset=utf-8");
}
END_TEST

int
main(void)
{
	return check_run("accept",
	    (const TTest *const[]){scrapers_that_name_openmetrics_get_it,
		everybody_else_gets_text, the_greater_q_decides,
		the_more_exact_range_wins_over_the_wider_one,
		a_malformed_q_makes_its_range_nothing,
		commas_in_quotes_separate_nothing,
		types_are_what_prometheus_3_insists_on, NULL});
}
