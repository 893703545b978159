/* SPDX-License-Identifier: Apache-2.0 */
/* "abort", "abort=50", "abort=50%", "abort=5/10000": a word and a share. */
#include "config/envoy.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/near.h"
#include "config/tables.h"

static const struct {
	const char *word, *name;
} faults[] = {
	[ENVOY_DELAY] = {"delay", "envoy_delay"},
	[ENVOY_ABORT] = {"abort", "envoy_abort"},
	[ENVOY_RATE_LIMIT] = {"rate_limit", "envoy_rate_limit"},
};

const char *
conf_envoy_name(enum conf_envoy which)
{
	return faults[which].name;
}

/* Digits up to `end`; false: there are none, or too many. */
static bool
read_number(const char *text, const char **end, int64_t *to)
{
	size_t digits = strspn(text, "0123456789");

	*to = strtoll(text, NULL, 10);
	*end = text + digits;
	return digits > 0 && digits < 9;
}

/* "50", "50%", "5/10000". */
static bool
read_share(const char *text, struct conf_envoy_cap *to)
{
	struct conf_envoy_cap cap = {.denominator = 100};

	if (!read_number(text, &text, &cap.numerator))
		return false;
	if (*text == '/') {
		if (!read_number(text + 1, &text, &cap.denominator) ||
		    (cap.denominator != 100 && cap.denominator != 10000 &&
		     cap.denominator != 1000000))
			return false;
	} else if (*text == '%') {
		text++;
	}
	if (*text != '\0' || cap.numerator > cap.denominator)
		return false;
	*to = cap;
	return true;
}

static void
report_word(const char *text, size_t len, const struct conf_spot *at)
{
	char word[32] = "";
	struct near near;
	size_t i;

	memcpy(word, text, MIN(len, sizeof(word) - 1));
	near_start(&near, word);
	for (i = 0; i < COUNT_OF(faults); i++)
		near_offer(&near, faults[i].word);
	conf_spot_error(at, "envoy_faults",
			"\"%.60s\" is no fault that requests may ask for; "
			"expected delay, abort or rate_limit" NEAR_HINT,
			text, NEAR_ARGS(&near));
}

static void
compile_one(struct conf_route *r, const char *text, const struct conf_spot *at)
{
	size_t len = strcspn(text, "="), i;

	for (i = 0; i < COUNT_OF(faults); i++) {
		if (strlen(faults[i].word) == len &&
		    strncmp(faults[i].word, text, len) == 0)
			break;
	}
	if (i == COUNT_OF(faults)) {
		report_word(text, len, at);
		return;
	}
	if (r->envoy[i].denominator != 0)
		conf_spot_error(at, "envoy_faults",
				"%s is there twice; expected it once",
				faults[i].word);
	r->envoy[i] = (struct conf_envoy_cap){100, 100};
	if (text[len] == '=' && !read_share(text + len + 1, &r->envoy[i]))
		conf_spot_error(at, "envoy_faults",
				"\"%.60s\": the share is not understood; "
				"expected such as %s=50%%, or a numerator of "
				"100, 10000 or 1000000 as in %s=5/10000",
				text, faults[i].word, faults[i].word);
}

void
conf_envoy_compile(struct conf_route *r, const struct conf_spot *at)
{
	size_t i;

	memset(r->envoy, 0, sizeof(r->envoy));
	if (r->envoy_text.count > 0 && r->protocol != PROTOCOL_HTTP)
		conf_spot_error(at, "envoy_faults",
				"a %s route knows nothing of headers; "
				"expected protocol = \"http\"",
				conf_protocols[r->protocol]);
	for (i = 0; i < r->envoy_text.count; i++)
		compile_one(r, r->envoy_text.items[i], at);
}
