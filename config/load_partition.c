/* SPDX-License-Identifier: Apache-2.0 */
/* Reading partitions. */
#include "base/xalloc.h"
#include "config/loader.h"
#include "config/tables.h"

#define GROUPS_MAX 1000
#define EXPECTED   "lists of services, such as ( [\"api\"], [\"db\"] )"

static void
load_groups(const struct loader *l, config_setting_t *list,
	    struct conf_partition *p)
{
	struct conf_where where = load_where(l, list);
	int i, count = config_setting_length(list);

	p->groups = xcalloc((size_t)count + 1, sizeof(*p->groups));
	if (!config_setting_is_list(list) || count == 0 || count > GROUPS_MAX) {
		conf_error(l->diag, &where,
			   "groups: it is not a list of "
			   "1 \xe2\x80\xa6 %d groups; expected " EXPECTED,
			   GROUPS_MAX);
		return;
	}
	p->groups_count = (size_t)count;
	for (i = 0; i < count; i++)
		load_strings(l, config_setting_get_elem(list, (unsigned)i),
			     &p->groups[i], EXPECTED);
}

void
load_partition_group(const struct loader *l, config_setting_t *group,
		     struct conf_partition *p)
{
	struct load_part part = {conf_partition_fields, p};
	struct load_spot at = load_spot(l, group);
	config_setting_t *groups = config_setting_get_member(group, "groups");

	p->where = at.spot.where;
	load_fields(l, group, &part, 1, "a partition");
	conf_partition_compile(p, &at.spot);
	if (groups != NULL)
		load_groups(l, groups, p);
}

static void
load_partition(const struct loader *l, config_setting_t *group, void *arg)
{
	load_partition_group(l, group, conf_model_add_partition(l->model));
}

void
load_partitions(const struct loader *l, const config_setting_t *root)
{
	load_each(l, root, "partitions", load_partition, NULL);
}
