/* SPDX-License-Identifier: Apache-2.0 */
/* Documents made from the tables of fault kinds and of the configuration. */
#ifndef DOCS_GENERATE_H
#define DOCS_GENERATE_H

#include <stdbool.h>

#include "base/str.h"
#include "config/kind.h"

/* Writes one page a fault kind, one a group, and an index into the folder,
 * which exists. False: said on stderr. */
bool generate_pages(const char *folder);
/* Writes the manual page `to` from the template: a line "@fields GROUP"
 * becomes the list of that group's fields, "@kinds" that of all fault kinds.
 * False: said on stderr. */
bool generate_man(const char *template, const char *to);
/* Writes those of experiments: expectations, and the rules of reports. */
bool generate_experiment(const char *folder);

/* --- what they share (generate_text.c) --- */

/* Says which table a page is made from. Appends. */
void generate_origin(struct str *to, const char *table);
/* Writes FOLDER/PREFIXNAME.md; false: said on stderr. */
bool generate_page(const char *folder, const char *prefix, const char *name,
    const struct str *text);
/* Appends what the table says but the meaning: "duration, 0 … 1h, default
 * 10s". */
void generate_facts(struct str *to, const struct conf_field *field);
/* Writes the text; false: said on stderr. */
bool generate_file(const char *path, const struct str *text);
/* Is it a kind, a field, that users may write? */
bool generate_shows_kind(const struct conf_kind *kind);
bool generate_shows_field(const struct conf_field *field);

#endif
