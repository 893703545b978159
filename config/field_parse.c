/* SPDX-License-Identifier: Apache-2.0 */
/* From what a user wrote to the value of a field, bounds included. */
#include "config/field.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/near.h"
#include "base/xalloc.h"
#include "config/model.h"
#include "config/units.h"

#define EXACT_DOUBLE 9007199254740992.0 /* 2^53 */
#define ITEMS_MAX    10000

static int64_t
bare_of(const struct conf_field *f)
{
	return f->bare == 0 ? 1 : f->bare;
}

/* Fails if `value` (base units, written as `text`) is out of bounds. */
static bool
in_bounds(const struct conf_field *f, double value, const char *text,
	  struct error *err)
{
	bool open_end = f->max == 0 && f->min >= 0;
	struct str expected = {0};

	if (value >= f->min && (open_end || value <= f->max))
		return true;
	conf_field_bounds_text(f, &expected);
	error_set(err, 0, "%.40s is out of bounds; expected %s", text,
		  expected.len > 0 ? expected.text : "0 or more");
	str_fini(&expected);
	return false;
}

static bool
parse_bool(const char *text, bool *to, struct error *err)
{
	static const char *const words[] = {"false", "true", "no",
					    "yes",   "off",  "on"};
	size_t i;

	for (i = 0; i < COUNT_OF(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*to = i % 2 == 1;
			return true;
		}
	}
	return error_set(err, 0,
			 "\"%.40s\" is neither true nor false; "
			 "expected true or false",
			 text);
}

static bool
parse_int(const struct conf_field *f, const char *text, int64_t *to,
	  struct error *err)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	while (*end == ' ')
		end++;
	if (end == text || *end != '\0' || errno != 0)
		return error_set(err, 0,
				 "\"%.40s\" is not an integer; "
				 "expected a whole number",
				 text);
	if (!in_bounds(f, (double)value, text, err))
		return false;
	*to = value;
	return true;
}

static bool
parse_float(const struct conf_field *f, const char *text, double *to,
	    struct error *err)
{
	double value;
	char *end;

	value = strtod(text, &end);
	while (*end == ' ')
		end++;
	if (end == text || *end != '\0' || !isfinite(value) ||
	    strpbrk(text, "xX") != NULL)
		return error_set(err, 0,
				 "\"%.40s\" is not a number; "
				 "expected a number such as 1.5",
				 text);
	if (!in_bounds(f, value, text, err))
		return false;
	*to = value;
	return true;
}

static bool
parse_enum(const struct conf_field *f, const char *text, int *to,
	   struct error *err)
{
	struct str list = {0};
	struct near near;
	int i;

	near_start(&near, text);
	for (i = 0; f->choices[i] != NULL; i++) {
		if (strcmp(text, f->choices[i]) == 0) {
			*to = i;
			str_fini(&list);
			return true;
		}
		near_offer(&near, f->choices[i]);
		str_printf(&list, "%s%s", i > 0 ? ", " : "", f->choices[i]);
	}
	error_set(err, 0, "\"%.40s\" is unknown; expected one of %s" NEAR_HINT,
		  text, list.text, NEAR_ARGS(&near));
	str_fini(&list);
	return false;
}

static void
set_text(char **to, const char *text)
{
	char *copy = xstrdup(text);

	free(*to);
	*to = copy;
}

static bool
parse_address(const struct conf_field *f, const char *text, char **to,
	      struct error *err)
{
	struct conf_address address;

	if ((f->flags & CONF_OFF) != 0 && strcmp(text, "off") == 0) {
		set_text(to, NULL);
		return true;
	}
	if ((f->flags & CONF_DESTINATION) != 0 &&
	    strcmp(text, CONF_DESTINATION_WORD) == 0) {
		set_text(to, text);
		return true;
	}
	if (!conf_address_parse(text, (f->flags & CONF_LISTEN) != 0, &address,
				err))
		return false;
	conf_address_fini(&address);
	set_text(to, text);
	return true;
}

/* A size; one below zero is text only where the bounds have such. */
static bool
parse_size(const struct conf_field *f, const char *text, int64_t *bytes,
	   struct error *err)
{
	bool negative = f->min < 0 && text[0] == '-';

	if (!units_size(text + negative, bare_of(f), bytes, err))
		return false;
	if (negative)
		*bytes = -*bytes;
	return true;
}

/* A duration or size with its bounds. */
static bool
parse_amount(const struct conf_field *f, const char *text, int64_t *to,
	     struct error *err)
{
	int64_t amount;
	bool ok = f->type == CONF_SIZE
		      ? parse_size(f, text, &amount, err)
		      : units_duration(text, bare_of(f), &amount, err);

	if (!ok || !in_bounds(f, (double)amount, text, err))
		return false;
	*to = amount;
	return true;
}

/* A rate or fraction with its bounds. */
static bool
parse_share(const struct conf_field *f, const char *text, double *to,
	    struct error *err)
{
	double value;
	bool ok = f->type == CONF_RATE
		      ? units_rate(text, bare_of(f), &value, err)
		      : units_fraction(text, &value, err);

	if (!ok || !in_bounds(f, value, text, err))
		return false;
	*to = value;
	return true;
}

static bool
set_numbers(const struct conf_field *f, struct conf_numbers *to,
	    const char *const *items, size_t count, struct error *err)
{
	int64_t *numbers = xcalloc(count + 1, sizeof(*numbers));
	size_t i;

	for (i = 0; i < count; i++) {
		if (!parse_amount(f, items[i], &numbers[i], err)) {
			free(numbers);
			return false;
		}
	}
	free(to->items);
	*to = (struct conf_numbers){numbers, count};
	return true;
}

bool
conf_field_items(const struct conf_field *field, void *target,
		 const char *const *items, size_t count, struct error *err)
{
	void *at = (char *)target + field->offset;

	if (count > ITEMS_MAX)
		return error_set(err, 0,
				 "%zu items are too many; expected "
				 "at most %d",
				 count, ITEMS_MAX);
	if (field->type == CONF_STRINGS) {
		conf_strings_set(at, items, count);
		return true;
	}
	if (field->type == CONF_NUMBERS)
		return set_numbers(field, at, items, count, err);
	if (count == 1)
		return conf_field_parse(field, target, items[0], err);
	return error_set(err, 0, "%zu values where one was expected", count);
}

/* Splits at commas, blanks around items dropped. */
static bool
parse_list(const struct conf_field *f, void *target, const char *text,
	   struct error *err)
{
	char *copy = xstrdup(text), *rest = copy, *item, *end;
	const char **items = xcalloc(strlen(text) + 1, sizeof(*items));
	size_t count = 0;
	bool ok;

	while (*text != '\0' && (item = strsep(&rest, ",")) != NULL) {
		item += strspn(item, " \t");
		end = item + strlen(item);
		while (end > item && isblank((unsigned char)end[-1]))
			*--end = '\0';
		items[count++] = item;
	}
	ok = conf_field_items(f, target, items, count, err);
	free(items);
	free(copy);
	return ok;
}

bool
conf_field_parse(const struct conf_field *field, void *target, const char *text,
		 struct error *err)
{
	void *at = (char *)target + field->offset;

	switch (field->type) {
	case CONF_BOOL:
		return parse_bool(text, at, err);
	case CONF_INT:
		return parse_int(field, text, at, err);
	case CONF_FLOAT:
		return parse_float(field, text, at, err);
	case CONF_DURATION:
	case CONF_SIZE:
		return parse_amount(field, text, at, err);
	case CONF_RATE:
	case CONF_FRACTION:
		return parse_share(field, text, at, err);
	case CONF_ENUM:
		return parse_enum(field, text, at, err);
	case CONF_STRING:
		set_text(at, text);
		return true;
	case CONF_ADDRESS:
		return parse_address(field, text, at, err);
	case CONF_STRINGS:
	case CONF_NUMBERS:
		return parse_list(field, target, text, err);
	case CONF_GROUP:
		break;
	}
	return error_set(err, 0,
			 "it is a group; its fields are set one by "
			 "one");
}

bool
conf_field_text(const struct conf_field *field, void *target, const char *text,
		struct error *err)
{
	if (field->type == CONF_STRINGS || field->type == CONF_NUMBERS)
		return conf_field_items(field, target, &text, 1, err);
	return conf_field_parse(field, target, text, err);
}

bool
conf_field_wrong_type(const struct conf_field *field, const char *given,
		      struct error *err)
{
	struct str expected = {0};

	conf_field_type_text(field, &expected);
	error_set(err, 0, "%s was given; expected %s", given, expected.text);
	str_fini(&expected);
	return false;
}

/* A bare number as text, without the exponent that quantities do not know. */
static void
number_text(const struct conf_field *f, double number, char *to, size_t size)
{
	struct str text = {0};

	units_print_number(&text, number);
	if ((f->type == CONF_RATE || f->type == CONF_FRACTION ||
	     f->type == CONF_FLOAT || strchr(text.text, 'e') == NULL))
		snprintf(to, size, "%s", text.text);
	else
		snprintf(to, size, "%.12f", number);
	str_fini(&text);
}

static bool
takes_number(const struct conf_field *f)
{
	return f->type == CONF_INT || f->type == CONF_FLOAT ||
	       f->type == CONF_DURATION || f->type == CONF_SIZE ||
	       f->type == CONF_RATE || f->type == CONF_FRACTION ||
	       f->type == CONF_NUMBERS;
}

bool
conf_field_number(const struct conf_field *field, void *target, double number,
		  bool integral, struct error *err)
{
	char text[400];
	struct str type = {0};

	if (!isfinite(number))
		return error_set(err, 0, "the number is not finite");
	number_text(field, number, text, sizeof(text));
	if (!takes_number(field)) {
		conf_field_type_text(field, &type);
		error_set(err, 0, "%.40s is a number; expected %s", text,
			  type.text);
		str_fini(&type);
		return false;
	}
	if (field->type == CONF_INT &&
	    (!integral || fabs(number) > EXACT_DOUBLE))
		return error_set(err, 0,
				 "%.40s is not an integer; expected "
				 "a whole number",
				 text);
	if (number < 0 && field->min >= 0 && field->type != CONF_INT &&
	    field->type != CONF_FLOAT)
		return error_set(err, 0,
				 "%.40s is negative; expected 0 or "
				 "more",
				 text);
	return conf_field_parse(field, target, text, err);
}
