/* SPDX-License-Identifier: Apache-2.0 */
/* Any text through the parsers of small values: quantities, addresses,
 * ranges, patterns, variables. What is accepted prints and reads back the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/model.h"
#include "config/pattern.h"
#include "config/quote.h"
#include "config/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
check_quantities(const char *text)
{
	struct error err;
	struct str s = {0};
	int64_t n, again;
	double d, back;

	if (units_duration(text, 1000, &n, &err)) {
		units_print_duration(&s, n);
		require(units_duration(s.text, 0, &again, &err) && again == n);
	}
	str_clear(&s);
	if (units_size(text, 1, &n, &err)) {
		units_print_size(&s, n);
		require(units_size(s.text, 0, &again, &err) && again == n);
	}
	str_clear(&s);
	if (units_rate(text, 1000, &d, &err)) {
		units_print_rate(&s, d);
		require(units_rate(s.text, 0, &back, &err) && back == d);
	}
	str_clear(&s);
	if (units_fraction(text, &d, &err)) {
		units_print_number(&s, d);
		require(units_fraction(s.text, &back, &err) && back == d);
	}
	str_fini(&s);
}

static void
check_addresses(const char *text)
{
	struct conf_address a;
	struct conf_cidr c;
	struct error err;
	int min, max;

	if (conf_address_parse(text, true, &a, &err)) {
		require(!a.is_unix || conf_address_is_local(&a));
		conf_address_fini(&a);
	}
	if (conf_cidr_parse(text, &c, &err))
		require(conf_cidr_contains(&c, &c.net));
	if (conf_status_parse(text, &min, &max, &err))
		require(min >= 100 && min <= max && max <= 599);
}

/* The first line is a pattern, the rest what it looks at. */
static void
check_pattern(char *text)
{
	struct conf_pattern p = {0};
	struct error err;
	char *rest = text;

	p.text = strsep(&rest, "\n");
	if (conf_pattern_compile(&p, false, &err))
		conf_pattern_match(&p, view_of(rest));
	conf_pattern_clear(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0(data, size);
	struct error err;
	struct str s = {0};

	check_quantities(text);
	check_addresses(text);
	if (env_expand(text, &s, &err))
		str_add(&s, "");
	str_clear(&s);
	quote_add(&s, text);
	str_fini(&s);
	check_pattern(text);
	free(text);
	return 0;
}
