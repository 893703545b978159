/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the loader share: a walk through libconfig's tree that
 * goes on after every error. Nothing outside of load*.c includes this. */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/build.h"
#include "config/kind.h"
#include "config/model.h"

struct loader {
	const char *name; /* of the main file; interned */
	const char *dir; /* that includes are relative to; NULL: where we run */
	const struct conf_kinds *kinds;
	struct conf_diag *diag;
	struct conf_model *model; /* being built */
};

/* One table and the struct that it fills. A group may take several. */
struct load_part {
	const struct conf_field *table;
	void *target;
};

/* The interned path of a file as libconfig calls it (NULL: the main one). */
const char *load_path(const struct loader *l, const char *file);
struct conf_where load_where(const struct loader *l,
			     const config_setting_t *setting);

/* Where errors about the keys of a group are reported. */
struct load_spot {
	struct conf_spot spot; /* first */
	const struct loader *l;
	const config_setting_t *group;
};
/* Borrows both. */
struct load_spot load_spot(const struct loader *l,
			   const config_setting_t *group);

/* Reads all scalar and list fields of `group` by the tables, and reports keys
 * that stand in no table and required ones that lack. `what` names the group
 * in messages ("route"). Fields of type CONF_GROUP are left alone. */
void load_fields(const struct loader *l, const config_setting_t *group,
		 const struct load_part *parts, size_t count, const char *what);
/* The same by one table, into zeroed memory that first gets the defaults. */
void load_new(const struct loader *l, const config_setting_t *group,
	      const struct conf_field *table, void *target, const char *what);
/* The group `key` of `parent`, or NULL: absent or, reported, no group. */
config_setting_t *load_group(const struct loader *l,
			     const config_setting_t *parent, const char *key);
/* The same for one that takes a single table, which is read. */
config_setting_t *load_group_part(const struct loader *l,
				  const config_setting_t *parent,
				  const char *key,
				  const struct load_part *part);
/* Calls `each` for every group in the list `key` of `parent`. */
void load_each(const struct loader *l, const config_setting_t *parent,
	       const char *key,
	       void (*each)(const struct loader *, config_setting_t *,
			    void *arg),
	       void *arg);
/* The items of a list of texts, ${NAME} expanded; `to` comes empty and is owned
 * by the caller. If any is something else, that is reported, and `to` counts
 * none, but has memory: that of a list that was there. */
void load_strings(const struct loader *l, config_setting_t *list,
		  struct conf_strings *to, const char *expected);
/* Sets a list field from a list, ${NAME} expanded. False: err says why not. */
bool load_list(const struct conf_field *field, void *target,
	       const config_setting_t *list, struct error *err);
/* Appends a scalar as a user would write it on a command line. */
bool load_scalar_text(const config_setting_t *s, struct str *to,
		      struct error *err);
void load_routes(const struct loader *l, const config_setting_t *root);
void load_faults(const struct loader *l, const config_setting_t *group,
		 struct conf_route *route);
void load_partitions(const struct loader *l, const config_setting_t *root);
/* Reads a partition that stands in `group` into `p`, which has defaults. */
void load_partition_group(const struct loader *l, config_setting_t *group,
			  struct conf_partition *p);
/* Reads what a fault takes beside its kind's parameters and conditions, by a
 * table more (of `more`), and compiles it for the route. NULL, reported: it
 * names no kind. Returns owned. */
struct conf_fault *load_step_fault(const struct loader *l,
				   config_setting_t *group,
				   const struct load_part *more,
				   const struct conf_route *route);

/* Of an experiment. Calls of load_each take the conf_experiment, or what they
 * are part of. */
void load_experiment(const struct loader *l, const config_setting_t *root);
void load_one_load(const struct loader *l, config_setting_t *group, void *arg);
void load_scenario(const struct loader *l, config_setting_t *group, void *arg);
void load_scale(const struct loader *l, config_setting_t *group, void *arg);
/* The route that `route` of the group names; NULL: reported, `what` lacks it or
 * there is none. */
const struct conf_route *load_find_route(const struct loader *l,
					 const config_setting_t *group,
					 const char *what);
/* A step of defaults at the end; borrowed until the next one. */
struct conf_step *load_add_step(struct conf_scenario *scenario);
/* Names the fault of the scenario's newest step, if it has no name, by the
 * scenario and its number. */
void load_name_step(const struct conf_scenario *scenario, struct conf_step *s);
/* The steps of an identification, made from its runs. */
void load_identify(const struct loader *l, config_setting_t *group,
		   struct conf_scenario *s);

#endif
