/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/partitions. */
#include <string.h>

#include "base/xalloc.h"
#include "config/json_out.h"
#include "config/tables.h"
#include "control/v1_call.h"

/* --- reading --- */

static void
put_partition(struct v1_call *call, struct conf_writer *to,
	      const struct conf_partition *p)
{
	jsonw_object(&to->w);
	conf_put_partition(to, p);
	v1_put_partition_state(call->v1, &to->w, p);
	jsonw_object_end(&to->w);
}

bool
v1_partitions_list(struct v1_call *call)
{
	const struct conf_model *model = v1_model(call);
	struct conf_writer to = {0};

	if (!v1_query_bool(call, "defaults", &to.defaults))
		return false;
	jsonw_init(&to.w, &call->out);
	jsonw_object(&to.w);
	jsonw_key(&to.w, "partitions");
	jsonw_array(&to.w);
	for (size_t i = 0; i < model->partitions_count; i++)
		put_partition(call, &to, &model->partitions[i]);
	jsonw_array_end(&to.w);
	jsonw_object_end(&to.w);
	return true;
}

bool
v1_partition_show(struct v1_call *call)
{
	const struct conf_model *model = v1_model(call);
	size_t at = v1_partition(call, model);
	struct conf_writer to = {0};

	if (at == SIZE_MAX || !v1_query_bool(call, "defaults", &to.defaults))
		return false;
	jsonw_init(&to.w, &call->out);
	put_partition(call, &to, &model->partitions[at]);
	return true;
}

/* --- changing --- */

/* Reads a new partition at the end. `name` (NULL: none): from the path. NULL:
 * said. */
static struct conf_partition *
add(struct v1_call *call, const char *name)
{
	struct conf_partition *p;
	struct v1_reader r;

	if (!v1_body(call, &r, false, "a partition"))
		return NULL;
	p = conf_model_add_partition(call->edit->draft);
	p->name = xstrdup(name);
	v1_read_partition(&r, call->body, p);
	p->from_api = true;
	p->leased.made = call->edit->lease;
	p->arming = call->edit->arming;
	p->where = v1_where(call);
	return v1_body_end(call, &r) ? p : NULL;
}

bool
v1_partition_create(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	struct conf_partition *p = add(call, NULL);

	if (p == NULL)
		return false;
	if (state_partition_index(draft, p->name) !=
	    draft->partitions_count - 1)
		return v1_fail(
		    call, 409, "name",
		    "there is a partition \"%.80s\" already; expected another "
		    "name, or a change to that one",
		    p->name);
	call->made = xstrdup(p->name);
	call->names[0] = call->made;
	return true;
}

bool
v1_partition_put(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = state_partition_index(draft, call->names[0]);
	struct conf_partition *p = add(call, call->names[0]), old;

	if (p == NULL || !v1_name_kept(call, p->name, call->names[0]))
		return false;
	if (index == SIZE_MAX) {
		call->status = 201;
		return true;
	}
	old = draft->partitions[index];
	p->from_api = old.from_api;
	p->leased = old.leased;
	if (old.enabled)
		p->arming = old.arming;
	v1_edit_enabled(call->edit, old.enabled, p->enabled, &p->leased);
	draft->partitions[index] = *p;
	*p = old;
	conf_model_remove_partition(draft, draft->partitions_count - 1);
	return true;
}

bool
v1_partition_patch(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = v1_partition(call, draft);
	struct conf_partition *p;
	struct v1_reader r;
	bool was;

	if (index == SIZE_MAX || !v1_body(call, &r, true, "a partition"))
		return false;
	p = &draft->partitions[index];
	was = p->enabled;
	v1_read_partition(&r, call->body, p);
	v1_edit_enabled(call->edit, was, p->enabled, &p->leased);
	if (!was && p->enabled)
		p->arming = call->edit->arming;
	if (p->where.line == 0)
		p->where = v1_where(call);
	return v1_body_end(call, &r) &&
	       v1_name_kept(call, p->name, call->names[0]);
}

bool
v1_partition_delete(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = v1_partition(call, draft);

	if (index == SIZE_MAX)
		return false;
	conf_model_remove_partition(draft, index);
	return true;
}

/* The body of a start may say how long it is to last, nothing else. */
static bool
read_start(struct v1_call *call, struct conf_partition *p)
{
	const struct conf_field table[] = {
	    *conf_field_find(conf_partition_fields, "for"), CONF_FIELD_END};
	const struct v1_part part = {table, p};
	struct v1_reader r;

	if (call->body == NULL)
		return true;
	if (!v1_body(call, &r, true, "what a start takes"))
		return false;
	v1_read_fields(&r, call->body, &part, 1, "a start");
	return v1_body_end(call, &r);
}

bool
v1_partition_start(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = v1_partition(call, draft);
	struct conf_partition *p;

	if (index == SIZE_MAX)
		return false;
	p = &draft->partitions[index];
	v1_edit_enabled(call->edit, p->enabled, true, &p->leased);
	p->enabled = true;
	p->arming = call->edit->arming;
	return read_start(call, p);
}

bool
v1_partition_heal(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = v1_partition(call, draft);
	struct conf_partition *p;

	if (index == SIZE_MAX)
		return false;
	p = &draft->partitions[index];
	v1_edit_enabled(call->edit, p->enabled, false, &p->leased);
	p->enabled = false;
	return true;
}
