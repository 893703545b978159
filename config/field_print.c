/* SPDX-License-Identifier: Apache-2.0 */
/* From the value of a field to text, and what pages and messages say of its
 * type and bounds. */
#include "config/field.h"

#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "config/quote.h"
#include "config/units.h"

#define ELLIPSIS " \xe2\x80\xa6 "

static void
print_double(struct str *to, double value)
{
	struct str text = {0};

	units_print_number(&text, value);
	/* The file's grammar has exponents only behind a sign or a point. */
	if (strchr(text.text, 'e') != NULL)
		str_printf(to, "\"%s\"", text.text);
	else
		str_add(to, text.text);
	str_fini(&text);
}

double
conf_field_fraction(const struct conf_field *field, const void *target)
{
	double value = *(const double *)((const char *)target + field->offset);
	double max = field->max > 0 ? field->max : 1;

	return MAX(MIN(value, max), field->min);
}

static void
print_duration(struct str *to, int64_t us)
{
	str_add_char(to, '"');
	units_print_duration(to, us);
	str_add_char(to, '"');
}

static void
print_size(struct str *to, int64_t bytes)
{
	str_add_char(to, '"');
	units_print_size(to, bytes);
	str_add_char(to, '"');
}

static void
print_rate(struct str *to, double Bps)
{
	str_add_char(to, '"');
	units_print_rate(to, Bps);
	str_add_char(to, '"');
}

static void
print_strings(struct str *to, const struct conf_strings *s)
{
	size_t i;

	str_add(to, "[");
	for (i = 0; i < s->count; i++) {
		str_add(to, i > 0 ? ", " : " ");
		quote_add(to, s->items[i]);
	}
	str_add(to, " ]");
}

static void
print_numbers(struct str *to, const struct conf_numbers *n)
{
	size_t i;

	str_add(to, "[");
	for (i = 0; i < n->count; i++) {
		str_add(to, i > 0 ? ", " : " ");
		print_duration(to, n->items[i]);
	}
	str_add(to, " ]");
}

static void
print_int(struct str *to, int64_t value)
{
	str_printf(to, "%lld%s", (long long)value,
		   value > INT32_MAX || value < INT32_MIN ? "L" : "");
}

void
conf_field_print(const struct conf_field *field, const void *target,
		 struct str *to)
{
	const void *at = (const char *)target + field->offset;
	const char *text;

	switch (field->type) {
	case CONF_BOOL:
		str_add(to, *(const bool *)at ? "true" : "false");
		break;
	case CONF_INT:
		print_int(to, *(const int64_t *)at);
		break;
	case CONF_FLOAT:
		print_double(to, *(const double *)at);
		break;
	case CONF_FRACTION:
		print_double(to, conf_field_fraction(field, target));
		break;
	case CONF_DURATION:
		print_duration(to, *(const int64_t *)at);
		break;
	case CONF_SIZE:
		print_size(to, *(const int64_t *)at);
		break;
	case CONF_RATE:
		print_rate(to, *(const double *)at);
		break;
	case CONF_ENUM:
		quote_add(to, field->choices[*(const int *)at]);
		break;
	case CONF_STRING:
	case CONF_ADDRESS:
		text = *(char *const *)at;
		if (text == NULL && (field->flags & CONF_OFF) != 0)
			text = "off";
		quote_add(to, text != NULL ? text : "");
		break;
	case CONF_STRINGS:
		print_strings(to, at);
		break;
	case CONF_NUMBERS:
		print_numbers(to, at);
		break;
	case CONF_GROUP:
		break;
	}
}

void
conf_field_type_text(const struct conf_field *field, struct str *to)
{
	static const char *const names[] = {
	    [CONF_BOOL] = "true or false",
	    [CONF_INT] = "integer",
	    [CONF_FLOAT] = "number",
	    [CONF_DURATION] = "duration",
	    [CONF_SIZE] = "size",
	    [CONF_RATE] = "rate",
	    [CONF_FRACTION] = "fraction",
	    [CONF_STRING] = "text",
	    [CONF_ADDRESS] = "address",
	    [CONF_STRINGS] = "list of texts",
	    [CONF_NUMBERS] = "list of durations",
	    [CONF_GROUP] = "group",
	};
	size_t i;

	if (field->type_text != NULL) {
		str_add(to, field->type_text);
		return;
	}
	if (field->type != CONF_ENUM) {
		str_add(to, names[field->type]);
		return;
	}
	str_add(to, "one of ");
	for (i = 0; field->choices[i] != NULL; i++)
		str_printf(to, "%s%s", i > 0 ? ", " : "", field->choices[i]);
}

static void
bound_text(const struct conf_field *field, double value, struct str *to)
{
	if (field->type == CONF_DURATION || field->type == CONF_NUMBERS)
		units_print_duration(to, (int64_t)value);
	else if (field->type == CONF_SIZE)
		units_print_size(to, (int64_t)value);
	else if (field->type == CONF_RATE)
		units_print_rate(to, value);
	else
		str_printf(to, "%.15g", value);
}

void
conf_field_bounds_text(const struct conf_field *field, struct str *to)
{
	bool fraction = field->type == CONF_FRACTION;

	if (field->min == 0 && field->max == 0 && !fraction)
		return;
	if (field->max == 0 && field->min > 0) {
		str_add(to, "at least ");
		bound_text(field, field->min, to);
		return;
	}
	bound_text(field, field->min, to);
	str_add(to, ELLIPSIS);
	bound_text(field, fraction && field->max == 0 ? 1 : field->max, to);
}
