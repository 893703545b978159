/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the faults of a route: what every fault takes and what its kind
 * takes stand side by side in one group. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/loader.h"
#include "config/profile.h"
#include "config/tables.h"

#define FAULTS_MAX 1000
#define MORE_MAX   16 /* fields of a table beside the usual ones */

/* The kind that the group names, or NULL after reporting. */
static const struct conf_kind *
fault_kind(const struct loader *l, config_setting_t *group)
{
	config_setting_t *type = config_setting_get_member(group, "type");
	struct conf_where where = load_where(l, type != NULL ? type : group);
	const struct conf_kind *kind;
	const char *name;
	struct str hint = {0};

	name = type != NULL ? config_setting_get_string(type) : "";
	if (name == NULL)
		name = "";
	kind = conf_kind_find(l->kinds, name, &hint);
	if (type == NULL)
		conf_error(l->diag, &where, "a fault lacks \"type\"; %s",
			   hint.text);
	else if (kind == NULL)
		conf_error(l->diag, &where,
			   "type: there is no fault kind "
			   "\"%.80s\"; %s",
			   name,
			   hint.text != NULL ? hint.text : "none is known");
	str_fini(&hint);
	return kind;
}

static void
load_when(const struct loader *l, config_setting_t *group, struct conf_fault *f,
	  const struct conf_route *route)
{
	config_setting_t *when = load_group(l, group, "when");
	struct load_part part = {conf_when_fields, &f->conditions.when};
	struct load_spot at;

	if (when == NULL)
		return;
	at = load_spot(l, when);
	load_fields(l, when, &part, 1, "when");
	conf_when_compile(&f->conditions.when, l->model, route, &at.spot);
}

/* A word of the fault's own condition, where a step has its time? */
static bool
is_condition(const config_setting_t *at)
{
	const char *text = at != NULL ? config_setting_get_string(at) : NULL;

	return text != NULL && isalpha((unsigned char)text[0]);
}

/* The table without that key; `room` holds MORE_MAX fields. */
static void
copy_but(const struct conf_field *table, const char *key,
	 struct conf_field *room)
{
	size_t n = 0;

	for (; table->name != NULL && n + 1 < MORE_MAX; table++) {
		if (strcmp(table->name, key) != 0)
			room[n++] = *table;
	}
	room[n] = (struct conf_field)CONF_FIELD_END;
}

/* Reads a fault of defaults. `more` (NULL: none) is a table beside the usual
 * ones; its keys come first, but for the condition `at`. */
static void
load_fault_group(const struct loader *l, config_setting_t *group,
		 struct conf_fault *f, const struct load_part *more,
		 const struct conf_route *route)
{
	const struct conf_kind *kind = f->kind;
	struct load_part parts[3] = {{kind->fields, f->params},
				     {conf_fault_fields, f}};
	struct load_spot at = load_spot(l, group);
	struct conf_field room[MORE_MAX];
	size_t count = 2;
	char what[80];

	f->where = at.spot.where;
	snprintf(what, sizeof(what), "a fault of type %s", kind->name);
	if (more != NULL) {
		parts[count++] = parts[0];
		parts[0] = *more;
	}
	if (more != NULL &&
	    is_condition(config_setting_get_member(group, "at"))) {
		copy_but(more->table, "at", room);
		parts[0].table = room;
	}
	load_fields(l, group, parts, count, what);
	if ((kind->flags & KIND_NO_STREAM) != 0 &&
	    config_setting_get_member(group, "stream") != NULL)
		conf_spot_error(&at.spot, "stream",
				"%s has no direction; expected "
				"a fault without stream",
				kind->name);
	load_when(l, group, f, route);
	conf_fault_compile(f, route, &at.spot);
}

static void
load_fault(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_route *route = arg;
	const struct conf_kind *kind = fault_kind(l, group);

	if (kind != NULL)
		load_fault_group(l, group, conf_route_add_fault(route, kind),
				 NULL, route);
}

struct conf_fault *
load_step_fault(const struct loader *l, config_setting_t *group,
		const struct load_part *more, const struct conf_route *route)
{
	const struct conf_kind *kind = fault_kind(l, group);
	struct conf_fault *f;

	if (kind == NULL)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	conf_fault_init(f, kind);
	load_fault_group(l, group, f, more, route);
	return f;
}

void
load_faults(const struct loader *l, const config_setting_t *group,
	    struct conf_route *route)
{
	config_setting_t *list = config_setting_get_member(group, "faults");
	struct conf_where where;

	if (list != NULL && config_setting_is_list(list) &&
	    config_setting_length(list) > FAULTS_MAX) {
		where = load_where(l, list);
		conf_error(l->diag, &where,
			   "faults: too many; expected at "
			   "most %d on a route",
			   FAULTS_MAX);
		return;
	}
	load_each(l, group, "faults", load_fault, route);
	conf_route_name_faults(route);
	conf_route_settle_profile(route, l->kinds);
}
