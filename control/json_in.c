/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON bodies the way Toxiproxy's clients expect. */
#include "control/json_in.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <strings.h>

json_t *
json_in_parse(struct view body, struct error *err)
{
	json_error_t e;
	json_t *value;

	while (body.len > 0 && body.at[0] != '\0' &&
	    strchr(" \t\r\n", body.at[0]) != NULL) {
		body.at++;
		body.len--;
	}
	if (body.len == 0) {
		error_set(err, 0, "EOF");
		return NULL;
	}
	value = json_loadb(body.at, body.len,
	    JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &e);
	if (value == NULL &&
	    json_error_code(&e) == json_error_premature_end_of_input)
		error_set(err, 0, "unexpected EOF");
	else if (value == NULL)
		error_set(err, 0, "%s", e.text);
	return value;
}

json_t *
json_in_get(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key), *other;
	const char *name;

	if (value == NULL) {
		json_object_foreach(object, name, other) {
			if (strcasecmp(name, key) == 0)
				value = other;
		}
	}
	return json_is_null(value) ? NULL : value;
}

const char *
json_in_type(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	case JSON_NULL:
		return "null";
	}
	return "value";
}

bool
json_in_is_object(const json_t *value, const char *what, struct error *err)
{
	return json_is_object(value) || json_is_null(value) ||
	    error_set(err, 0, "json: cannot unmarshal %s into %s",
		json_in_type(value), what);
}

static bool
wrong_type(const json_t *value, const char *key, const char *expected,
    struct error *err)
{
	return error_set(err, 0,
	    "json: cannot unmarshal %s into field %s of type %s",
	    json_in_type(value), key, expected);
}

bool
json_in_string(json_t *object, const char *key, const char **to,
    struct error *err)
{
	const json_t *value = json_in_get(object, key);

	if (value == NULL)
		return true;
	if (!json_is_string(value))
		return wrong_type(value, key, "string", err);
	*to = json_string_value(value);
	return true;
}

bool
json_in_bool(json_t *object, const char *key, bool *to,
    struct error *err)
{
	const json_t *value = json_in_get(object, key);

	if (value == NULL)
		return true;
	if (!json_is_boolean(value))
		return wrong_type(value, key, "bool", err);
	*to = json_is_true(value);
	return true;
}

bool
json_in_number(json_t *object, const char *key, double *to,
    struct error *err)
{
	const json_t *value = json_in_get(object, key);

	if (value == NULL)
		return true;
	if (!json_is_number(value) ||
	    fabs(json_number_value(value)) > (double)FLT_MAX)
		return wrong_type(value, key, "float32", err);
	*to = json_number_value(value);
	return true;
}
