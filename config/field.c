/* SPDX-License-Identifier: Apache-2.0 */
/* What can be done to a whole table: find, default, copy, compare, free. */
#include "config/field.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

const struct conf_field *
conf_field_find(const struct conf_field *table, const char *name)
{
	const struct conf_field *f;

	for (f = table; f->name != NULL; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

void
conf_fields_default(const struct conf_field *table, void *target)
{
	const struct conf_field *f;
	struct error err;

	for (f = table; f->name != NULL; f++) {
		if (f->def == NULL || f->type == CONF_GROUP)
			continue;
		if (!conf_field_parse(f, target, f->def, &err))
			assert(!"the default of a field is valid");
	}
}

void
conf_strings_fini(struct conf_strings *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		free(s->items[i]);
	free(s->items);
	*s = (struct conf_strings){0};
}

/* Frees what one field owns, and zeroes it. */
static void
field_fini(const struct conf_field *f, void *at)
{
	if (f->type == CONF_STRING || f->type == CONF_ADDRESS) {
		free(*(char **)at);
		*(char **)at = NULL;
	} else if (f->type == CONF_STRINGS) {
		conf_strings_fini(at);
	} else if (f->type == CONF_NUMBERS) {
		free(((struct conf_numbers *)at)->items);
		*(struct conf_numbers *)at = (struct conf_numbers){0};
	}
}

void
conf_fields_fini(const struct conf_field *table, void *target)
{
	const struct conf_field *f;

	for (f = table; f->name != NULL; f++)
		field_fini(f, (char *)target + f->offset);
}

void
conf_strings_set(struct conf_strings *s, const char *const *items, size_t count)
{
	size_t i;

	conf_strings_fini(s);
	if (count == 0)
		return;
	s->items = xcalloc(count, sizeof(*s->items));
	s->count = count;
	for (i = 0; i < count; i++)
		s->items[i] = xstrdup(items[i]);
}

static void
strings_copy(struct conf_strings *to, const struct conf_strings *from)
{
	conf_strings_set(to, (const char *const *)from->items, from->count);
}

static void
numbers_copy(struct conf_numbers *to, const struct conf_numbers *from)
{
	free(to->items);
	*to = (struct conf_numbers){0};
	if (from->count == 0)
		return;
	to->items = xcalloc(from->count, sizeof(*to->items));
	memcpy(to->items, from->items, from->count * sizeof(*to->items));
	to->count = from->count;
}

static void
field_copy(const struct conf_field *f, void *to, const void *from)
{
	switch (f->type) {
	case CONF_BOOL:
		*(bool *)to = *(const bool *)from;
		break;
	case CONF_ENUM:
		*(int *)to = *(const int *)from;
		break;
	case CONF_INT:
	case CONF_DURATION:
	case CONF_SIZE:
		*(int64_t *)to = *(const int64_t *)from;
		break;
	case CONF_FLOAT:
	case CONF_RATE:
	case CONF_FRACTION:
		*(double *)to = *(const double *)from;
		break;
	case CONF_STRING:
	case CONF_ADDRESS:
		free(*(char **)to);
		*(char **)to = xstrdup(*(char *const *)from);
		break;
	case CONF_STRINGS:
		strings_copy(to, from);
		break;
	case CONF_NUMBERS:
		numbers_copy(to, from);
		break;
	case CONF_GROUP:
		break;
	}
}

void
conf_fields_copy(const struct conf_field *table, void *to, const void *from)
{
	const struct conf_field *f;

	for (f = table; f->name != NULL; f++)
		field_copy(f, (char *)to + f->offset,
			   (const char *)from + f->offset);
}

static bool
text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
strings_equal(const struct conf_strings *a, const struct conf_strings *b)
{
	size_t i;

	for (i = 0; a->count == b->count && i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return a->count == b->count;
}

static bool
numbers_equal(const struct conf_numbers *a, const struct conf_numbers *b)
{
	return a->count == b->count &&
	       (a->count == 0 ||
		memcmp(a->items, b->items, a->count * sizeof(*a->items)) == 0);
}

bool
conf_field_equal(const struct conf_field *field, const void *a, const void *b)
{
	const void *x = (const char *)a + field->offset;
	const void *y = (const char *)b + field->offset;

	switch (field->type) {
	case CONF_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case CONF_ENUM:
		return *(const int *)x == *(const int *)y;
	case CONF_INT:
	case CONF_DURATION:
	case CONF_SIZE:
		return *(const int64_t *)x == *(const int64_t *)y;
	case CONF_FLOAT:
	case CONF_RATE:
	case CONF_FRACTION:
		return *(const double *)x == *(const double *)y;
	case CONF_STRING:
	case CONF_ADDRESS:
		return text_equal(*(char *const *)x, *(char *const *)y);
	case CONF_STRINGS:
		return strings_equal(x, y);
	case CONF_NUMBERS:
		return numbers_equal(x, y);
	case CONF_GROUP:
		break;
	}
	return true;
}

bool
conf_fields_equal(const struct conf_field *table, const void *a, const void *b)
{
	const struct conf_field *f;

	for (f = table; f->name != NULL; f++) {
		if (!conf_field_equal(f, a, b))
			return false;
	}
	return true;
}

/* Words of other tools' users, and ours for the same. */
static const struct near_word translations[] = {
    {"toxicity", "probability"},
    {"ratio", "probability"},
    {"delay", "latency"},
    {"toxics", "faults"},
};

void
conf_field_offer(const struct conf_field *f, struct near *near)
{
	near_offer_as(near, f->name, translations, COUNT_OF(translations));
}

void
conf_field_hint(const struct conf_field *table, const char *name,
		struct str *to)
{
	const struct conf_field *f;
	struct near near;

	near_start(&near, name);
	for (f = table; f->name != NULL; f++) {
		if ((f->flags & CONF_HIDDEN) == 0)
			conf_field_offer(f, &near);
	}
	str_printf(to, NEAR_HINT, NEAR_ARGS(&near));
}

void
conf_fields_unknown(const struct conf_field *const *tables, size_t count,
		    const char *name, struct str *to)
{
	const struct conf_field *f;
	struct str known = {0};
	struct near near;
	size_t i;

	near_start(&near, name);
	for (i = 0; i < count; i++) {
		for (f = tables[i]; f->name != NULL; f++) {
			if ((f->flags & CONF_HIDDEN) != 0)
				continue;
			conf_field_offer(f, &near);
			str_printf(&known, "%s%s", known.len > 0 ? ", " : "",
				   f->name);
		}
	}
	if (near.best != NULL)
		str_printf(to, "did you mean \"%s\"?", near.best);
	else
		str_printf(to, "expected one of %s",
			   known.len > 0 ? known.text : "none");
	str_fini(&known);
}

/* The size of what stands at a field's offset, by type. */
static size_t
field_size(const struct conf_field *field)
{
	static const size_t sizes[] = {
	    [CONF_BOOL] = sizeof(bool),
	    [CONF_INT] = sizeof(int64_t),
	    [CONF_FLOAT] = sizeof(double),
	    [CONF_DURATION] = sizeof(int64_t),
	    [CONF_SIZE] = sizeof(int64_t),
	    [CONF_RATE] = sizeof(double),
	    [CONF_FRACTION] = sizeof(double),
	    [CONF_ENUM] = sizeof(int),
	    [CONF_STRING] = sizeof(char *),
	    [CONF_ADDRESS] = sizeof(char *),
	    [CONF_STRINGS] = sizeof(struct conf_strings),
	    [CONF_NUMBERS] = sizeof(struct conf_numbers),
	    [CONF_GROUP] = 0,
	};

	return sizes[field->type];
}

void
conf_field_reset(const struct conf_field *field, void *target)
{
	void *at = (char *)target + field->offset;
	struct error err;

	if (field->type == CONF_GROUP)
		return;
	field_fini(field, at);
	memset(at, 0, field_size(field));
	if (field->def != NULL &&
	    !conf_field_parse(field, target, field->def, &err))
		assert(!"the default of a field is valid");
}
