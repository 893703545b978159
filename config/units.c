/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, sizes, rates and fractions between text and numbers. Durations
 * and sizes are read with integer arithmetic, so that no digit a user wrote
 * is lost to rounding. */
#include "config/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* 100 years: may be added to any clock without overflow. */
#define LONGEST_US	INT64_C(3155760000000000)
#define LARGEST_SIZE	(INT64_C(1) << 60)
#define FASTEST_BPS	1e15
#define FRACTION_DIGITS 12

struct unit {
	const char *name;
	int64_t scale;
};

/* The largest first: parts of a duration must come in this order. */
static const struct unit durations[] = {
    {"d", INT64_C(86400000000)},
    {"h", INT64_C(3600000000)},
    {"m", 60000000},
    {"s", 1000000},
    {"ms", 1000},
    {"us", 1},
    {"\xc2\xb5s", 1},
    {"\xce\xbcs", 1},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"B", 1},
    {"KB", 1000},
    {"KiB", 1024},
    {"MB", 1000000},
    {"MiB", 1 << 20},
    {"GB", 1000000000},
    {"GiB", 1 << 30},
    {"TB", INT64_C(1000000000000)},
    {"TiB", INT64_C(1) << 40},
    {NULL, 0},
};

/* A number as written: whole + part / scale. */
struct decimal {
	int64_t whole;
	int64_t part, scale;
};

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* The length of the unit at p, that is of everything before a digit, a blank
 * or the end. */
static size_t
unit_len(const char *p)
{
	size_t n = 0;

	while (p[n] != '\0' && p[n] != ' ' && p[n] != '\t' &&
	       !isdigit((unsigned char)p[n]) && p[n] != '.')
		n++;
	return n;
}

/* Reads digits[.digits] at *p and moves behind it. */
static bool
read_decimal(const char **p, struct decimal *d)
{
	const char *at = *p;
	bool any = false;
	int digits = 0;

	*d = (struct decimal){0, 0, 1};
	for (; isdigit((unsigned char)*at); at++, any = true) {
		if (__builtin_mul_overflow(d->whole, 10, &d->whole) ||
		    __builtin_add_overflow(d->whole, *at - '0', &d->whole))
			return false;
	}
	if (*at == '.') {
		for (at++; isdigit((unsigned char)*at); at++, any = true) {
			if (digits++ >= FRACTION_DIGITS)
				continue;
			d->part = d->part * 10 + (*at - '0');
			d->scale *= 10;
		}
	}
	*p = at;
	return any;
}

/* value = d * unit, rounded; false on overflow. */
static bool
multiply(const struct decimal *d, int64_t unit, int64_t *value)
{
	__int128 part = (__int128)d->part * unit + d->scale / 2;

	return !__builtin_mul_overflow(d->whole, unit, value) &&
	       !__builtin_add_overflow(*value, (int64_t)(part / d->scale),
				       value);
}

static const struct unit *
find_unit(const struct unit *table, const char *name, size_t len, bool nocase)
{
	const struct unit *u;

	for (u = table; u->name != NULL; u++) {
		if (strlen(u->name) == len &&
		    (nocase ? strncasecmp(u->name, name, len)
			    : strncmp(u->name, name, len)) == 0)
			return u;
	}
	return NULL;
}

static bool
not_a_duration(const char *text, struct error *err)
{
	return error_set(
	    err, 0,
	    "\"%.40s\" is not a duration; expected a "
	    "number with a unit (us, ms, s, m, h, d), such as \"80ms\" or "
	    "\"1m30s\"",
	    text);
}

bool
units_duration(const char *text, int64_t bare_us, int64_t *us,
	       struct error *err)
{
	const struct unit *unit, *last = NULL;
	const char *p = skip_blanks(text);
	struct decimal d;
	int64_t sum = 0, part;
	size_t len;

	do {
		if (!read_decimal(&p, &d))
			return not_a_duration(text, err);
		p = skip_blanks(p);
		len = unit_len(p);
		if (len == 0 && *p == '\0' && last == NULL &&
		    (bare_us != 0 || (d.whole == 0 && d.part == 0))) {
			if (!multiply(&d, bare_us, &sum))
				return not_a_duration(text, err);
			break;
		}
		unit = find_unit(durations, p, len, false);
		if (unit == NULL || (last != NULL && unit <= last) ||
		    !multiply(&d, unit->scale, &part) ||
		    __builtin_add_overflow(sum, part, &sum))
			return not_a_duration(text, err);
		last = unit;
		p = skip_blanks(p + len);
	} while (*p != '\0');
	if (sum > LONGEST_US)
		return error_set(err, 0, "\"%.40s\" is longer than 100 years",
				 text);
	*us = sum;
	return true;
}

bool
units_size(const char *text, int64_t bare, int64_t *bytes, struct error *err)
{
	const char *p = skip_blanks(text);
	const struct unit *unit;
	struct decimal d;
	int64_t scale = bare, value;
	size_t len;

	if (!read_decimal(&p, &d))
		goto bad;
	p = skip_blanks(p);
	len = unit_len(p);
	if (len > 0) {
		unit = find_unit(sizes, p, len, true);
		if (unit == NULL)
			goto bad;
		scale = unit->scale;
	} else if (bare == 0 && (d.whole != 0 || d.part != 0)) {
		goto bad;
	}
	if (*skip_blanks(p + len) != '\0' || !multiply(&d, scale, &value))
		goto bad;
	if (value > LARGEST_SIZE)
		return error_set(err, 0, "\"%.40s\" is larger than 1 EiB",
				 text);
	*bytes = value;
	return true;
bad:
	return error_set(
	    err, 0,
	    "\"%.40s\" is not a size; expected a number "
	    "with a unit (B, KB, KiB, MB, MiB, GB, GiB), such as \"64KiB\"",
	    text);
}

/* Reads a floating-point number without sign at *p and moves behind it. */
static bool
read_double(const char **p, double *value)
{
	char digits[64];
	const char *at = *p;
	size_t len;

	at += strspn(at, "0123456789");
	if (*at == '.')
		at += 1 + strspn(at + 1, "0123456789");
	len = (size_t)(at - *p);
	if (len == 0 || (len == 1 && **p == '.'))
		return false;
	if ((*at == 'e' || *at == 'E') &&
	    isdigit((unsigned char)at[at[1] == '-' || at[1] == '+' ? 2 : 1])) {
		at += at[1] == '-' || at[1] == '+' ? 2 : 1;
		at += strspn(at, "0123456789");
	}
	len = (size_t)(at - *p);
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, *p, len);
	digits[len] = '\0';
	*value = strtod(digits, NULL);
	*p = at;
	return isfinite(*value);
}

/* Bytes per second that one of the unit at p counts, or 0 if it is none:
 * [prefix](B[/s] | bit[/s] | bps). Moves *p behind it. */
static double
rate_unit(const char **p)
{
	static const char *const prefixes[] = {"k", "m", "g", "t", NULL};
	static const struct unit ends[] = {{"B/s", 8}, {"B", 8},   {"bit/s", 1},
					   {"bit", 1}, {"bps", 1}, {NULL, 0}};
	const struct unit *u;
	const char *at = *p;
	double scale = 1, base = 1000;
	size_t i, n;

	for (i = 0; prefixes[i] != NULL; i++) {
		if (tolower((unsigned char)*at) != prefixes[i][0])
			continue;
		at++;
		if (*at == 'i') {
			base = 1024;
			at++;
		}
		scale = pow(base, (double)i + 1);
		break;
	}
	for (u = ends; u->name != NULL; u++) {
		n = strlen(u->name);
		if (strncmp(at, u->name, n) == 0 && at[n] != '/') {
			*p = at + n;
			return scale * (double)u->scale / 8;
		}
	}
	return 0;
}

bool
units_rate(const char *text, int64_t bare, double *Bps, struct error *err)
{
	const char *p = skip_blanks(text);
	double number, scale = (double)bare;

	if (!read_double(&p, &number))
		goto bad;
	p = skip_blanks(p);
	if (*p != '\0')
		scale = rate_unit(&p);
	if (*skip_blanks(p) != '\0' || (scale == 0 && number != 0))
		goto bad;
	if (number * scale > FASTEST_BPS)
		return error_set(err, 0, "\"%.40s\" is more than 1 PB/s", text);
	*Bps = number * scale;
	return true;
bad:
	return error_set(
	    err, 0,
	    "\"%.40s\" is not a rate; expected a number "
	    "with a unit (B/s, KB/s, KiB/s, MB/s, bit/s, kbit/s, Mbit/s), "
	    "such as \"1MB/s\"",
	    text);
}

bool
units_fraction(const char *text, double *fraction, struct error *err)
{
	const char *p = skip_blanks(text);
	double number;

	if (!read_double(&p, &number))
		goto bad;
	p = skip_blanks(p);
	if (*p == '%') {
		number /= 100;
		p++;
	}
	if (*skip_blanks(p) != '\0')
		goto bad;
	if (number > 1)
		return error_set(
		    err, 0,
		    "\"%.40s\" is above 1; expected "
		    "0 \xe2\x80\xa6 1, or a percentage such as \"20%%\"",
		    text);
	*fraction = number;
	return true;
bad:
	return error_set(err, 0,
			 "\"%.40s\" is not a fraction; expected "
			 "0 \xe2\x80\xa6 1, or a percentage such as \"20%%\"",
			 text);
}

/* value / scale with as many decimals as it has (at most `digits`). */
static void
print_decimal(struct str *to, int64_t value, int64_t scale, int digits)
{
	str_printf(to, "%lld", (long long)(value / scale));
	if (value % scale == 0)
		return;
	str_printf(to, ".%0*lld", digits, (long long)(value % scale));
	while (to->text[to->len - 1] == '0')
		to->text[--to->len] = '\0';
}

void
units_print_duration(struct str *to, int64_t us)
{
	const struct unit *u;

	if (us >= durations[2].scale) {
		for (u = durations; u->scale > 1000000; u++) {
			if (us >= u->scale)
				str_printf(to, "%lld%s",
					   (long long)(us / u->scale), u->name);
			us %= u->scale;
		}
		if (us == 0)
			return;
	}
	if (us >= 1000000) {
		print_decimal(to, us, 1000000, 6);
		str_add(to, "s");
	} else if (us >= 1000 || us == 0) {
		print_decimal(to, us, 1000, 3);
		str_add(to, "ms");
	} else {
		str_printf(to, "%lldus", (long long)us);
	}
}

void
units_print_size(struct str *to, int64_t bytes)
{
	char best[32] = "", text[32];
	const struct unit *u;
	int n;

	for (u = sizes; u->name != NULL; u++) {
		if (bytes % u->scale != 0)
			continue;
		n = snprintf(text, sizeof(text), "%lld%s",
			     (long long)(bytes / u->scale), u->name);
		if (best[0] == '\0' || (size_t)n < strlen(best))
			memcpy(best, text, sizeof(best));
	}
	str_add(to, best);
}

void
units_print_number(struct str *to, double value)
{
	char text[40];
	int digits;

	for (digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	str_add(to, text);
}

void
units_print_rate(struct str *to, double Bps)
{
	if (Bps == floor(Bps) && Bps <= FASTEST_BPS) {
		units_print_size(to, (int64_t)Bps);
	} else {
		units_print_number(to, Bps);
		str_add(to, "B");
	}
	str_add(to, "/s");
}
