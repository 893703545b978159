/* SPDX-License-Identifier: Apache-2.0 */
/* Whether partitions make sense: who is cut from whom, and which way. Memory
 * without elements is what could not be read: it was reported. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/check.h"

/* The group (from 0) that the service is in, or groups_count: the one that
 * is left over. */
static size_t
group_of(const struct conf_partition *p, const char *service)
{
	size_t i, j;

	for (i = 0; i < p->groups_count; i++) {
		for (j = 0; j < p->groups[i].count; j++) {
			if (strcmp(p->groups[i].items[j], service) == 0)
				return i;
		}
	}
	return p->groups_count;
}

static void
check_groups(const struct conf_model *model, const struct conf_partition *p,
	     const struct names *known, struct conf_diag *diag)
{
	struct names seen = {0};
	size_t i, j, first;

	for (i = 0; i < p->groups_count; i++) {
		if (p->groups[i].items == NULL)
			conf_error(diag, &p->where,
				   "groups: group %zu is "
				   "empty; expected names of services",
				   i + 1);
		for (j = 0; j < p->groups[i].count; j++) {
			const char *name = p->groups[i].items[j];

			check_service(model, known, name, "groups", &p->where,
				      diag);
			if (!names_add(&seen, name, i, &first))
				conf_error(diag, &p->where,
					   "groups: \"%.80s\" "
					   "is in group %zu and in group %zu; "
					   "expected it once",
					   name, first + 1, i + 1);
		}
	}
	names_fini(&seen);
}

/* Of how many services a shape is one: in a ring of three everybody sees both
 * others, which is no cut. */
static const size_t least_services[] = {[SHAPE_GROUPS] = 0,
					[SHAPE_HALVES] = 2,
					[SHAPE_ISOLATE] = 2,
					[SHAPE_RING] = 4,
					[SHAPE_BRIDGE] = 3};

/* What belongs to one shape only. */
static void
check_shape(const struct conf_partition *p, const struct names *known,
	    struct conf_diag *diag)
{
	bool grouped = p->shape == SHAPE_GROUPS;
	size_t count = p->members.count > 0 ? p->members.count : known->count;
	size_t least = least_services[p->shape];

	if (grouped && p->groups == NULL)
		conf_error(diag, &p->where,
			   "the partition cuts nothing; "
			   "expected groups, or a shape other than groups");
	if (grouped && p->groups_count == 1 &&
	    p->groups[0].count >= known->count)
		conf_warn(diag, &p->where,
			  "groups: the one group has all services, so nobody "
			  "is cut from anybody; expected another group, or "
			  "services in none");
	if (!grouped && p->groups_count > 0)
		conf_error(diag, &p->where,
			   "groups: the shape makes its own "
			   "groups; expected members instead");
	if (grouped && p->members.count > 0)
		conf_error(
		    diag, &p->where,
		    "members: they are for a shape; "
		    "expected groups instead, or a shape other than groups");
	if (p->isolate != NULL && p->shape != SHAPE_ISOLATE)
		conf_error(diag, &p->where,
			   "isolate: it is for the shape "
			   "isolate; expected shape = \"isolate\"");
	if (count < least)
		conf_error(diag, &p->where,
			   "the shape has %zu services; "
			   "expected at least %zu",
			   count, least);
}

static void
check_members(const struct conf_model *model, const struct conf_partition *p,
	      const struct names *known, struct conf_diag *diag)
{
	struct names seen = {0};
	size_t i, first;

	for (i = 0; i < p->members.count; i++) {
		check_service(model, known, p->members.items[i], "members",
			      &p->where, diag);
		if (!names_add(&seen, p->members.items[i], i, &first))
			conf_error(diag, &p->where,
				   "members: \"%.80s\" is there "
				   "twice; expected it once",
				   p->members.items[i]);
	}
	check_service(model, known, p->isolate, "isolate", &p->where, diag);
	if (p->isolate != NULL && p->members.count > 0 &&
	    !names_has(&seen, p->isolate))
		conf_error(diag, &p->where,
			   "isolate: \"%.80s\" is not among "
			   "members; expected one of them",
			   p->isolate);
	names_fini(&seen);
}

/* Both sides of "a->b": services of different groups. */
static void
check_arrow(const struct conf_model *model, const struct conf_partition *p,
	    const char *key, const struct names *known, struct conf_diag *diag)
{
	const char *text = strcmp(key, "dial") == 0 ? p->dial : p->direction;
	char *copy, *arrow;

	if (text == NULL || strcmp(text, "both") == 0)
		return;
	copy = xstrdup(text);
	arrow = strstr(copy, "->");
	if (arrow == NULL || arrow == copy || arrow[2] == '\0') {
		conf_error(
		    diag, &p->where,
		    "%s: \"%.80s\" names no two sides; "
		    "expected \"a->b\" with services a and b, or \"both\"",
		    key, text);
		free(copy);
		return;
	}
	*arrow = '\0';
	check_service(model, known, copy, key, &p->where, diag);
	check_service(model, known, arrow + 2, key, &p->where, diag);
	if (p->shape == SHAPE_GROUPS &&
	    group_of(p, copy) == group_of(p, arrow + 2))
		conf_error(diag, &p->where,
			   "%s: \"%.80s\" and \"%.80s\" are on the "
			   "same side; expected services of different groups",
			   key, copy, arrow + 2);
	free(copy);
}

void
check_partition(const struct conf_model *model, const struct conf_partition *p,
		const struct names *known, struct conf_diag *diag)
{
	check_shape(p, known, diag);
	check_groups(model, p, known, diag);
	check_members(model, p, known, diag);
	check_arrow(model, p, "direction", known, diag);
	check_arrow(model, p, "dial", known, diag);
	if (p->dial != NULL && p->direction != NULL)
		conf_error(diag, &p->where,
			   "direction and dial are two ways to say who is cut; "
			   "expected one of them");
	if ((p->on_us > 0) != (p->off_us > 0))
		conf_error(diag, &p->where,
			   "%s: flapping takes both; expected %s as well",
			   p->on_us > 0 ? "on" : "off",
			   p->on_us > 0 ? "off" : "on");
}

void
check_partitions(const struct conf_model *model, const struct names *known,
		 struct conf_diag *diag)
{
	size_t i;

	for (i = 0; i < model->partitions_count; i++)
		check_partition(model, &model->partitions[i], known, diag);
}
