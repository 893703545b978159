/* SPDX-License-Identifier: Apache-2.0 */
/* Routes, faults and partitions out of JSON. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/profile.h"
#include "config/tables.h"
#include "control/v1_read.h"
#include "faults/fault.h"

#define FAULTS_MAX 1000
#define GROUPS_MAX 1000

const struct conf_kind *
v1_read_kind(struct v1_reader *r, json_t *json)
{
	json_t *type = json_object_get(json, "type");
	const struct conf_kind *kind;
	struct str hint = {0};

	kind = conf_kind_find(
	    &fault_kinds, json_is_string(type) ? json_string_value(type) : "",
	    &hint);
	if (type == NULL)
		v1_finding(r, "type", "a fault lacks \"type\"; %s", hint.text);
	else if (!json_is_string(type))
		v1_finding(r, "type", "type: it is no text; %s", hint.text);
	else if (kind == NULL)
		v1_finding(r, "type",
			   "type: there is no fault kind \"%.80s\"; %s",
			   json_string_value(type), hint.text);
	str_fini(&hint);
	return kind;
}

static void
read_when(struct v1_reader *r, json_t *json, const struct conf_model *model,
	  const struct conf_route *route, struct conf_when *to)
{
	const struct v1_part part = {conf_when_fields, to};
	json_t *when = json_object_get(json, "when");
	size_t at = v1_enter(r, "when", 0);
	struct v1_spot spot;

	if (json_is_null(when)) {
		for (const struct conf_field *f = conf_when_fields;
		     f->name != NULL; f++)
			conf_field_reset(f, to);
	} else if (when != NULL && v1_read_object(r, when, "conditions")) {
		v1_read_fields(r, when, &part, 1, "when");
	}
	v1_spot_init(&spot, r);
	conf_when_compile(to, model, route, &spot.spot);
	v1_spot_fini(&spot);
	v1_leave(r, at);
}

/* A fault keeps its kind; another one takes its place. */
static void
check_type(struct v1_reader *r, json_t *json, const struct conf_kind *kind)
{
	json_t *type = json_object_get(json, "type");

	if (type == NULL || (json_is_string(type) &&
			     strcmp(json_string_value(type), kind->name) == 0))
		return;
	v1_finding(r, "type",
		   "type: a fault keeps its type; expected \"%s\", "
		   "or a replacement by PUT",
		   kind->name);
}

void
v1_read_fault(struct v1_reader *r, json_t *json, const struct conf_model *model,
	      const struct conf_route *route, struct conf_fault *to)
{
	const struct v1_part parts[] = {{to->kind->fields, to->params},
					{conf_fault_fields, to}};
	char *what = xasprintf("a fault of type %s", to->kind->name);
	json_t *stream = json_object_get(json, "stream");
	struct v1_spot at;

	check_type(r, json, to->kind);
	v1_read_fields(r, json, parts, COUNT_OF(parts), what);
	if ((to->kind->flags & KIND_NO_STREAM) != 0 && stream != NULL &&
	    !json_is_null(stream))
		v1_finding(r, "stream",
			   "stream: %s has no direction; "
			   "expected a fault without stream",
			   to->kind->name);
	read_when(r, json, model, route, &to->conditions.when);
	v1_spot_init(&at, r);
	conf_fault_compile(to, route, &at.spot);
	v1_spot_fini(&at);
	free(what);
}

void
v1_adopt_faults(const struct v1_reader *r, struct conf_route *to,
		const struct conf_fault *old, size_t count)
{
	for (size_t i = 0; i < to->faults_count; i++) {
		struct conf_fault *f = &to->faults[i];

		f->from_api = f->profile == PROFILE_NONE;
		f->leased = (struct conf_leased){.made = r->lease};
		for (size_t k = 0; k < count; k++) {
			if (f->name == NULL || strcmp(old[k].name, f->name))
				continue;
			f->from_api = old[k].from_api;
			f->arming = old[k].arming;
			if (old[k].profile != PROFILE_NONE)
				f->profile = old[k].profile;
			f->leased = old[k].leased;
		}
	}
}

static void
read_faults(struct v1_reader *r, json_t *list, const struct conf_model *model,
	    struct conf_route *to)
{
	bool merge = r->merge;
	size_t at = v1_enter(r, "faults", 0);

	r->merge = false;
	if (!json_is_array(list) || json_array_size(list) > FAULTS_MAX)
		v1_finding(r, NULL,
			   "faults: it is no list of faults; expected "
			   "a list of at most %d objects",
			   FAULTS_MAX);
	for (size_t i = 0; i < json_array_size(list) && i < FAULTS_MAX; i++) {
		json_t *json = json_array_get(list, i);
		size_t element = v1_enter(r, NULL, i);
		const struct conf_kind *kind = NULL;

		if (v1_read_object(r, json, "a fault"))
			kind = v1_read_kind(r, json);
		if (kind != NULL)
			v1_read_fault(r, json, model, to,
				      conf_route_add_fault(to, kind));
		v1_leave(r, element);
	}
	v1_leave(r, at);
	r->merge = merge;
}

/* Puts the given faults in place of those that the route has. */
static void
replace_faults(struct v1_reader *r, json_t *list,
	       const struct conf_model *model, struct conf_route *to)
{
	struct conf_fault *old = to->faults;
	size_t count = to->faults_count;

	to->faults = NULL;
	to->faults_count = 0;
	if (!json_is_null(list))
		read_faults(r, list, model, to);
	conf_route_name_faults(to);
	v1_adopt_faults(r, to, old, count);
	for (size_t i = 0; i < count; i++)
		conf_fault_fini(&old[i]);
	free(old);
}

/* Faults that stay must fit the route as it is now. */
static void
compile_faults(struct v1_reader *r, const struct conf_model *model,
	       struct conf_route *to)
{
	json_t *nothing = json_object();

	for (size_t i = 0; i < to->faults_count; i++) {
		size_t at = v1_enter(r, "faults", 0);

		v1_enter(r, NULL, i);
		v1_read_fault(r, nothing, model, to, &to->faults[i]);
		v1_leave(r, at);
	}
	json_decref(nothing);
}

static void
compile_tls(struct conf_route *to, const struct conf_spot *at)
{
	conf_tls_compile(to, at);
}

static void
compile_upstream_tls(struct conf_route *to, const struct conf_spot *at)
{
	conf_upstream_tls_compile(to, at);
}

/* The groups within a route. Those that have "enabled" are there by being
 * written. */
static const struct route_group {
	const char *key, *what;
	const struct conf_field *table;
	void (*compile)(struct conf_route *to, const struct conf_spot *at);
} route_groups[] = {
    {"tls", "a tls group", conf_tls_fields, compile_tls},
    {"upstream_tls", "an upstream_tls group", conf_upstream_tls_fields,
     compile_upstream_tls},
    {"match", "a match", conf_match_fields, conf_match_compile},
};

static void
enable(const struct conf_field *table, json_t *given, struct conf_route *to)
{
	const struct conf_field *f = conf_field_find(table, "enabled");
	struct error err;

	if (f != NULL && json_object_get(given, "enabled") == NULL &&
	    !conf_field_parse(f, to, "true", &err))
		assert(!"true is a truth");
}

static void
read_group(struct v1_reader *r, const struct route_group *group, json_t *json,
	   struct conf_route *to)
{
	const struct v1_part part = {group->table, to};
	size_t at = v1_enter(r, group->key, 0);
	struct v1_spot spot;

	if (json_is_null(json)) {
		for (const struct conf_field *f = group->table;
		     f->name != NULL; f++)
			conf_field_reset(f, to);
	} else if (json != NULL && v1_read_object(r, json, group->what)) {
		v1_read_fields(r, json, &part, 1, group->key);
		enable(group->table, json, to);
	}
	v1_spot_init(&spot, r);
	group->compile(to, &spot.spot);
	v1_spot_fini(&spot);
	v1_leave(r, at);
}

/* A time-out that was the protocol's default follows the protocol. */
static void
settle_protocol(struct v1_reader *r, json_t *json, int protocol,
		struct conf_route *to)
{
	json_t *given = json_object_get(json, "idle_timeout");
	struct conf_route before = {.protocol = protocol};

	conf_route_protocol_defaults(&before);
	if ((given == NULL || json_is_null(given)) &&
	    (!r->merge || json_is_null(given) ||
	     to->idle_timeout_us == before.idle_timeout_us))
		conf_route_protocol_defaults(to);
}

/* What comes with the profile under a lease goes with that. */
static void
settle_profile(const struct v1_reader *r, struct conf_route *to)
{
	conf_route_settle_profile(to, &fault_kinds);
	for (size_t i = 0; i < to->faults_count; i++) {
		struct conf_fault *f = &to->faults[i];

		if (f->profile != PROFILE_NONE && f->leased.made == 0)
			f->leased.made = r->lease;
	}
}

void
v1_read_route(struct v1_reader *r, json_t *json, const struct conf_model *model,
	      struct conf_route *to)
{
	const struct v1_part part = {conf_route_fields, to};
	json_t *faults = json_object_get(json, "faults");
	json_t *upstream = json_object_get(json, "upstream");
	int protocol = to->protocol;
	struct v1_spot at;

	v1_read_fields(r, json, &part, 1, "a route");
	settle_protocol(r, json, protocol, to);
	if (upstream != NULL) {
		free(to->upstream_shown);
		to->upstream_shown = NULL;
	}
	v1_spot_init(&at, r);
	conf_route_compile(to, &at.spot);
	v1_spot_fini(&at);
	for (size_t i = 0; i < COUNT_OF(route_groups); i++)
		read_group(r, &route_groups[i],
			   json_object_get(json, route_groups[i].key), to);
	if (faults != NULL)
		replace_faults(r, faults, model, to);
	else
		compile_faults(r, model, to);
	if (faults != NULL || json_object_get(json, "profile") != NULL)
		settle_profile(r, to);
}

static void
read_groups(struct v1_reader *r, json_t *list, struct conf_partition *to)
{
	size_t at = v1_enter(r, "groups", 0);

	if (!json_is_array(list) || json_array_size(list) == 0 ||
	    json_array_size(list) > GROUPS_MAX) {
		v1_finding(r, NULL,
			   "groups: it is no list of groups; expected "
			   "lists of services, such as [[\"api\"], [\"db\"]]");
		v1_leave(r, at);
		return;
	}
	to->groups_count = json_array_size(list);
	to->groups = xcalloc(to->groups_count, sizeof(*to->groups));
	for (size_t i = 0; i < to->groups_count; i++) {
		size_t element = v1_enter(r, NULL, i);

		v1_read_strings(r, json_array_get(list, i), &to->groups[i]);
		v1_leave(r, element);
	}
	v1_leave(r, at);
}

static void
drop_groups(struct conf_partition *p)
{
	const struct conf_field field = {.type = CONF_STRINGS};

	for (size_t i = 0; i < p->groups_count; i++)
		conf_field_reset(&field, &p->groups[i]);
	free(p->groups);
	p->groups = NULL;
	p->groups_count = 0;
}

void
v1_read_partition(struct v1_reader *r, json_t *json, struct conf_partition *to)
{
	const struct v1_part part = {conf_partition_fields, to};
	json_t *groups = json_object_get(json, "groups");
	struct v1_spot at;

	v1_read_fields(r, json, &part, 1, "a partition");
	v1_spot_init(&at, r);
	conf_partition_compile(to, &at.spot);
	v1_spot_fini(&at);
	if (groups == NULL)
		return;
	drop_groups(to);
	if (!json_is_null(groups))
		read_groups(r, groups, to);
}
