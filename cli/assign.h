/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE arguments as the JSON object that the API takes: "when.path=/x"
 * becomes {"when":{"path":"/x"}}, lists ("a+b", or a key that stands twice)
 * become arrays. Values stay text, the API's tables give them their types. */
#ifndef CLI_ASSIGN_H
#define CLI_ASSIGN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "config/field.h"
#include "config/kind.h"

/* In all of these, err->code is EINVAL if a text is no KEY=VALUE at all. */

/* Puts what `text` says into `object`. Keys with a dot belong to the group of
 * that name. What `table` and the groups do not know, or is not KEY=VALUE, is
 * an error that tells the nearest key. */
bool assign_field(json_t *object, const struct conf_field *table,
    const char *text, struct error *err) WARN_UNUSED;
/* The same for a fault of that kind. */
bool assign_fault(json_t *fault, const struct conf_kind *kind,
    const char *text, struct error *err) WARN_UNUSED;
/* "KIND[,KEY=VALUE]…" as a fault {"type": …}; owned. *kind is its kind. NULL:
 * err says what is wrong. */
json_t *assign_parse_fault(const char *text, const struct conf_kind **kind,
    struct error *err) WARN_UNUSED;
/* The kind of that name that users may write; NULL and err with a hint. */
const struct conf_kind *assign_kind(const char *name, struct error *err);
/* Puts null at `key` ("when.path"), which stands for the default. False and
 * err: there is something at a part of it that is no group. */
bool assign_null(json_t *object, const char *key, struct error *err);

#endif
