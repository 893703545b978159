/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as Go prints them. */
#include <float.h>

#include "base/attr.h"
#include "cli/toxcli.h"
#include "tests/harness/check_run.h"

static const struct {
	double value;
	const char *text;
} numbers[] = {
    {0, "0"}, {1, "1"}, {-1, "-1"}, {100, "100"}, {1000, "1000"},
    {123456, "123456"}, {100000, "100000"}, {1000000, "1e+06"},
    {1048576, "1.048576e+06"}, {0.1, "0.1"}, {0.02, "0.02"}, {1.5, "1.5"},
    {0.0001, "0.0001"}, {0.00001, "1e-05"}, {120.25, "120.25"},
    {1e100, "1e+100"}, {1.0 / 3, "0.3333333333333333"},
    {DBL_MAX, "1.7976931348623157e+308"},
};

START_TEST(numbers_are_as_short_as_they_can_be)
{
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct str text = {0};

		toxcli_number(&text, numbers[i].value);
		ck_assert_str_eq(text.text, numbers[i].text);
		str_fini(&text);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    numbers_are_as_short_as_they_can_be,
	    NULL,
	};

	return check_run("toxcli_print", tests);
}
