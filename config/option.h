/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax of faults on command lines, KIND[,KEY=VALUE]…: how such a text is
 * cut, and what its keys name. `faultwire run` builds a model by it, the
 * client of the API a JSON object. */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include "config/build.h"
#include "config/field.h"
#include "config/kind.h"

/* What an option that may be given several times collected. */
struct option_texts {
	const char **items; /* the list is owned, its texts are argv's */
	size_t count;
};

/* Whose field it is. */
enum conf_option_place {
	OPTION_OF_KIND,
	OPTION_OF_FAULT,
	OPTION_OF_WHEN, /* its key begins with "when." */
};

struct conf_option {
	const struct conf_field *field;
	enum conf_option_place place;
};

/* Cuts *rest at the next `separator` without a backslash before it, drops
 * those backslashes in place, and returns the part before; NULL at the end. */
char *conf_option_cut(char **rest, char separator);
/* Finds what `key` names on a fault of that kind. False: err says that there
 * is none, with the nearest one; *to is not set. */
bool conf_option_find(const struct conf_kind *kind, const char *key,
    struct conf_option *to, struct error *err) WARN_UNUSED;
/* Adds the fault that "KIND[,KEY=VALUE]…" describes at the route's end; it is
 * not compiled yet. All errors go to the spot. NULL: there is no such kind. */
struct conf_fault *conf_route_option_fault(struct conf_route *route,
    const struct conf_kinds *kinds, const char *text,
    const struct conf_spot *at);

#endif
