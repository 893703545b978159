/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON bodies the way Go's encoding/json reads them into a struct,
 * because Toxiproxy's clients rely on it: the first value of the body counts,
 * keys match without regard to case, null means absent, unknown keys are
 * ignored. */
#ifndef CONTROL_JSON_IN_H
#define CONTROL_JSON_IN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

/* Parses the first value of the body. Returns a reference (json_decref), or
 * NULL and err: "EOF" for an empty body, "unexpected EOF" for one that is cut
 * short, else the parser's words. */
json_t *json_in_parse(struct view body, struct error *err);
/* True for an object, and for null, which counts as an empty one. False: err
 * says that it cannot be `what` ("a proxy"). */
bool json_in_is_object(const json_t *value, const char *what,
    struct error *err);
/* The member of that name, an exact match before others; NULL if absent, null,
 * or `object` is none. Borrowed. */
json_t *json_in_get(json_t *object, const char *key);
/* Typed members. Absent leaves `to` as it is. False: err names the key and the
 * type that was expected. Strings are borrowed from `object`. */
bool json_in_string(json_t *object, const char *key, const char **to,
    struct error *err);
bool json_in_bool(json_t *object, const char *key, bool *to,
    struct error *err);
/* As a float32: beyond it is a wrong type. */
bool json_in_number(json_t *object, const char *key, double *to,
    struct error *err);
/* "string", "object", … */
const char *json_in_type(const json_t *value);

#endif
