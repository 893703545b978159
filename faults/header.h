/* SPDX-License-Identifier: Apache-2.0 */
/* Header lines as users write them in parameters: "Name: value". */
#ifndef FAULTS_HEADER_H
#define FAULTS_HEADER_H

#include <stdbool.h>

#include "base/str.h"
#include "config/diag.h"
#include "config/field.h"

/* Reports every item that is not "Name: value", that holds control
 * characters, or that names a header which frames the message. `field` is
 * the parameter's name, for the messages. */
void header_check_lines(const struct conf_strings *list, const char *field,
    const struct conf_where *where, struct conf_diag *diag);
/* The same for bare names. */
void header_check_names(const struct conf_strings *list, const char *field,
    const struct conf_where *where, struct conf_diag *diag);
/* The name in a checked line. Borrows. */
struct view header_name(const char *line);
/* The value in a checked line, without blanks in front. Borrows. */
const char *header_value(const char *line);
/* True if one of the lines has this name (any case). */
bool header_listed(const struct conf_strings *list, const char *name);

#endif
