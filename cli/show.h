/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the API as people read them. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>

#include "base/str.h"

/* Appends a value as text: lists with commas, null and what is absent as
 * nothing. */
void show_value(struct str *to, const json_t *value);
/* Appends an error or a warning: a text, or an object that tells where. */
void show_finding(struct str *to, const json_t *finding);
/* Prints an object, a line for each value, keys of inner ones with dots; lists
 * of objects are left out. */
void show_object(const json_t *object);
/* Prints a table of faults with their routes; `route` is the name of the one
 * they belong to, NULL: each is a route with its "faults". */
void show_faults(const json_t *list, const char *route);
/* Appends "in force", "disabled", …, "12s left". */
void show_fault_state(struct str *to, const json_t *fault);
/* Appends "up", "disabled", "not listening". */
void show_route_state(struct str *to, const json_t *route);
/* Where the route is really reached; borrowed. */
const char *show_listen(const json_t *route);
/* Appends how many faults a route has: "2", "1 of 2 in force". */
void show_fault_count(struct str *to, const json_t *route);

#endif
