/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables say, for people and programs: the text of `faultwire
 * faults`, the reference pages, the schema of the API. */
#ifndef CONFIG_DESCRIBE_H
#define CONFIG_DESCRIBE_H

#include "base/json.h"
#include "base/str.h"
#include "config/kind.h"
#include "config/load.h"

/* Each appends to `to`; text has lines of at most 80 columns. */
void describe_kind_text(struct str *to, const struct conf_kind *kind);
/* One line a kind, for those that users may write. */
void describe_kinds_list_text(struct str *to, const struct conf_kinds *kinds);
/* A page with a heading of level 1; of level 2 for a group. */
void describe_kind_markdown(struct str *to, const struct conf_kind *kind);
void describe_group_markdown(struct str *to, const struct conf_group *group);

/* An object {name, summary, details, example, applies_to, …, parameters: []};
 * an array of those. */
void describe_kind_json(struct str *to, const struct conf_kind *kind);
void describe_kinds_json(struct str *to, const struct conf_kinds *kinds);

/* "ms", "bytes", "KB/s": what a bare number counts; empty if the type takes
 * no unit. */
void describe_bare_unit(const struct conf_field *field, struct str *to);
/* Where a kind may stand, one sentence without a final dot. */
const char *describe_applies(const struct conf_kind *kind);

#endif
