/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of Toxiproxy's toxics: parameters of faults, as whole numbers in
 * Toxiproxy's units. Other than there they are checked, and a body is taken as
 * a whole or not at all. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "control/json_in.h"
#include "control/tox.h"
#include "faults/fault.h"

/* packet_loss was proposed to Toxiproxy; the kind is called loss here. */
#define LOSS "loss"
#define LOSS_ALIAS "packet_loss"
#define LOSS_RATE  "0.1" /* unless given */

const struct fault_ops *
tox_kind(const char *type, const struct conf_route *route)
{
	const struct fault_ops *ops =
	    fault_find(strcmp(type, LOSS_ALIAS) == 0 ? LOSS : type);

	/* "down" is no toxic: clients mean a disabled proxy by it. */
	if (ops == NULL || (ops->kind.flags & (KIND_HIDDEN | KIND_NO_STREAM)) ||
	    conf_kind_unfit(&ops->kind, route->protocol) != NULL)
		return NULL;
	return ops;
}

bool
tox_is_packet_loss(const struct conf_fault *f)
{
	return f->type_shown != NULL && strcmp(f->type_shown, LOSS_ALIAS) == 0;
}

void
tox_attributes_default(struct conf_fault *f)
{
	struct error err;

	if (tox_is_packet_loss(f) &&
	    !conf_field_parse(conf_field_find(f->kind->fields, "rate"),
		f->params, LOSS_RATE, &err))
		assert(!"the default is a fraction");
}

static const struct conf_field *
find_field(const struct conf_fault *f, const char *key)
{
	if (strcmp(f->kind->name, LOSS) == 0 &&
	    strcasecmp(key, "loss_rate") == 0)
		key = "rate";
	for (const struct conf_field *t = f->kind->fields; t->name; t++) {
		if (strcasecmp(t->name, key) == 0 &&
		    !(t->flags & CONF_HIDDEN))
			return t;
	}
	return NULL;
}

/* A correlation c makes bursts of 1/(1-c) packets on average. */
static bool
set_correlation(struct conf_fault *f, const json_t *value, struct error *err)
{
	const struct conf_field *burst = conf_field_find(f->kind->fields,
	    "burst");
	double c = json_number_value(value);

	if (!json_is_number(value) || c < 0 || c >= 1)
		return error_set(err, 0, "attribute correlation: expected a "
					 "number from 0 to below 1");
	return conf_field_number(burst, f->params, c > 0 ? 1 / (1 - c) : 0,
	    false, err);
}

double
tox_correlation(const struct conf_fault *f)
{
	const struct conf_field *field = conf_field_find(f->kind->fields,
	    "burst");
	double burst = *(const double *)((const char *)f->params +
	    field->offset);

	return burst > 1 ? round((1 - 1 / burst) * 1e9) / 1e9 : 0;
}

static bool
takes_fractions(const struct conf_field *field)
{
	return field->type == CONF_FLOAT || field->type == CONF_FRACTION;
}

static bool
takes_text(const struct conf_field *field)
{
	return field->type == CONF_STRING || field->type == CONF_ENUM ||
	    field->type == CONF_BOOL;
}

/* An amount in Toxiproxy's unit, exactly. */
static bool
set_amount(const struct conf_field *field, void *params, int64_t amount,
    struct error *err)
{
	double max = field->max == 0 && field->min >= 0 ? DBL_MAX : field->max;
	void *at = (char *)params + field->offset;
	struct str expected = {0};
	int64_t base;

	if (__builtin_mul_overflow(amount, field->bare > 0 ? field->bare : 1,
		&base) ||
	    (double)base < field->min || (double)base > max) {
		conf_field_bounds_text(field, &expected);
		error_set(err, 0, "%lld is out of bounds; expected %s",
		    (long long)amount,
		    expected.len > 0 ? expected.text : "0 or more");
		str_fini(&expected);
		return false;
	}
	if (field->type == CONF_RATE)
		*(double *)at = (double)base;
	else
		*(int64_t *)at = base;
	return true;
}

static bool
takes_amounts(const struct conf_field *field)
{
	return field->type == CONF_INT || field->type == CONF_DURATION ||
	    field->type == CONF_SIZE || field->type == CONF_RATE;
}

static bool
set_attribute(struct conf_fault *f, const struct conf_field *field,
    const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);
	struct error why = {0};
	bool ok;

	if (json_is_boolean(value) && field->type == CONF_BOOL)
		text = json_is_true(value) ? "true" : "false";
	if (json_is_integer(value) && takes_amounts(field))
		ok = set_amount(field, f->params, json_integer_value(value),
		    &why);
	else if (json_is_number(value) && takes_fractions(field))
		ok = conf_field_number(field, f->params,
		    json_number_value(value), false, &why);
	else if (text != NULL && takes_text(field))
		ok = conf_field_parse(field, f->params, text, &why);
	else
		return error_set(err, 0, "json: cannot unmarshal %s into "
					 "field %s", json_in_type(value),
		    field->name);
	return ok ||
	    error_set(err, 0, "attribute %s: %s", field->name, why.text);
}

static bool
check_attributes(const struct conf_fault *f, struct error *err)
{
	const struct conf_where where = {0};
	struct conf_diag diag = {0};
	bool ok;

	if (f->kind->check != NULL)
		f->kind->check(f->params, &where, &diag);
	ok = diag.errors == 0 ||
	    error_set(err, 0, "%s", conf_diag_text(&diag));
	conf_diag_fini(&diag);
	return ok;
}

bool
tox_attributes_set(struct conf_fault *f, json_t *attributes, struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(attributes, key, value) {
		const struct conf_field *field = find_field(f, key);
		bool ok = true;

		if (json_is_null(value))
			continue;
		if (field != NULL)
			ok = set_attribute(f, field, value, err);
		else if (strcmp(f->kind->name, LOSS) == 0 &&
		    strcasecmp(key, "correlation") == 0)
			ok = set_correlation(f, value, err);
		if (!ok)
			return false;
	}
	return check_attributes(f, err);
}

bool
tox_attributes_complete(const struct conf_fault *f, json_t *attributes,
    struct error *err)
{
	for (const struct conf_field *t = f->kind->fields; t->name; t++) {
		if ((t->flags & CONF_REQUIRED) &&
		    json_in_get(attributes, t->name) == NULL)
			return error_set(err, 0, "attribute %s: it is "
						 "required", t->name);
	}
	return true;
}
