/* SPDX-License-Identifier: Apache-2.0 */
/* From a libconfig file to a model, or to a list of everything wrong with
 * it. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/diag.h"
#include "config/kind.h"
#include "config/model.h"

/* Reads and validates `path`. Returns an owned reference, or NULL with at
 * least one error in diag. Warnings may be there in both cases. */
struct conf_model *conf_load_file(const char *path,
    const struct conf_kinds *kinds, struct conf_diag *diag);
/* The same from memory; `name` stands for the file in messages. @include is
 * refused. */
struct conf_model *conf_load_text(const char *text, const char *name,
    const struct conf_kinds *kinds, struct conf_diag *diag);
/* One route, as options of the command line ask for it (borrowed). `faults`
 * are texts "KIND[,KEY=VALUE]…" (conditions are fields too; when.path=… as
 * when.FIELD). "\," is a comma in a value; items of a list are separated by
 * "+", and "\+" is a plus in an item. */
struct conf_options {
	const char *listen, *upstream;	     /* needed */
	const char *protocol, *profile;	     /* NULL: the default */
	const char *const *faults;
	size_t faults_count;
};
/* A model with one route, as `faultwire run --listen … --upstream … --fault
 * latency,latency=80ms,jitter=20ms` asks for it. Messages name the option.
 * Returns as conf_load_file. */
struct conf_model *conf_load_options(const struct conf_options *opt,
    const struct conf_kinds *kinds, struct conf_diag *diag);

/* The tables of every group, for reference pages and the API. */
struct conf_group {
	const char *name;    /* "route", "partition", …; "": the file */
	const char *summary; /* one line */
	const struct conf_field *fields;
};
extern const struct conf_group conf_groups[]; /* ended by a NULL name */

#endif
