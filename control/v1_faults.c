/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/routes/{route}/faults. */
#include <string.h>

#include "base/xalloc.h"
#include "config/json_out.h"
#include "control/v1_call.h"

/* --- reading --- */

static void
put_fault(struct v1_call *call, struct conf_writer *to,
	  const struct conf_route *r, const struct conf_fault *f)
{
	jsonw_object(&to->w);
	conf_put_fault(to, f);
	v1_put_fault_state(call->v1, &to->w, r, f);
	jsonw_object_end(&to->w);
}

bool
v1_faults_list(struct v1_call *call)
{
	const struct conf_model *model = v1_model(call);
	size_t at = v1_route(call, model);
	struct conf_writer to = {0};

	if (at == SIZE_MAX || !v1_query_bool(call, "defaults", &to.defaults))
		return false;
	jsonw_init(&to.w, &call->out);
	jsonw_object(&to.w);
	jsonw_key(&to.w, "faults");
	jsonw_array(&to.w);
	for (size_t i = 0; i < model->routes[at].faults_count; i++)
		put_fault(call, &to, &model->routes[at],
			  &model->routes[at].faults[i]);
	jsonw_array_end(&to.w);
	jsonw_object_end(&to.w);
	return true;
}

/* The fault that the path names, of the draft or of what is in force. False:
 * 404 was said. */
static bool
find(struct v1_call *call, struct conf_route **route, size_t *index)
{
	struct conf_model *model = (struct conf_model *)v1_model(call);
	size_t at = v1_route(call, model);

	if (at == SIZE_MAX)
		return false;
	*route = &model->routes[at];
	*index = v1_fault(call, *route);
	return *index != SIZE_MAX;
}

bool
v1_fault_show(struct v1_call *call)
{
	struct conf_writer to = {0};
	struct conf_route *route;
	size_t index;

	if (!find(call, &route, &index) ||
	    !v1_query_bool(call, "defaults", &to.defaults))
		return false;
	jsonw_init(&to.w, &call->out);
	put_fault(call, &to, route, &route->faults[index]);
	return true;
}

/* --- changing --- */

/* Moves the last fault to `index`. */
static void
move_last(struct conf_route *r, size_t index)
{
	size_t last = r->faults_count - 1;
	struct conf_fault f = r->faults[last];

	memmove(&r->faults[index + 1], &r->faults[index],
		(last - index) * sizeof(f));
	r->faults[index] = f;
}

/* Reads a new fault of the route, at its end. `name` (NULL: none): from the
 * path. NULL: said. */
static struct conf_fault *
add(struct v1_call *call, struct conf_route *route, const char *name)
{
	const struct conf_kind *kind;
	struct conf_fault *f = NULL;
	struct v1_reader r;

	if (!v1_body(call, &r, false, "a fault"))
		return NULL;
	kind = v1_read_kind(&r, call->body);
	if (kind != NULL) {
		f = conf_route_add_fault(route, kind);
		f->name = xstrdup(name);
		v1_read_fault(&r, call->body, call->edit->draft, route, f);
		f->from_api = true;
		f->leased.made = call->edit->lease;
		f->where = v1_where(call);
	}
	return v1_body_end(call, &r) ? f : NULL;
}

bool
v1_fault_create(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t at = v1_route(call, draft);
	struct conf_route *route;
	struct conf_fault *f;
	uint64_t place;

	if (at == SIZE_MAX)
		return false;
	route = &draft->routes[at];
	place = route->faults_count;
	if (!v1_query_number(call, "at", place, &place))
		return false;
	f = add(call, route, NULL);
	if (f == NULL)
		return false;
	conf_route_name_faults(route);
	if (state_fault_index(route, f->name) != route->faults_count - 1)
		return v1_fail(
		    call, 409, "name",
		    "there is a fault \"%.80s\" already; expected another "
		    "name, or a change to that one",
		    f->name);
	call->made = xstrdup(f->name);
	call->names[1] = call->made;
	move_last(route, place);
	return true;
}

bool
v1_fault_put(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t at = v1_route(call, draft), index;
	struct conf_route *route;
	struct conf_fault *f, *old;

	if (at == SIZE_MAX)
		return false;
	route = &draft->routes[at];
	index = state_fault_index(route, call->names[1]);
	f = add(call, route, call->names[1]);
	if (f == NULL || !v1_name_kept(call, f->name, call->names[1]))
		return false;
	if (index == SIZE_MAX) {
		call->status = 201;
		return true;
	}
	old = &route->faults[index];
	f->from_api = old->from_api;
	f->arming = old->arming;
	f->leased = old->leased;
	v1_edit_enabled(call->edit, old->enabled, f->enabled, &f->leased);
	move_last(route, index);
	conf_route_remove_fault(route, index + 1);
	return true;
}

bool
v1_fault_patch(struct v1_call *call)
{
	struct conf_route *route;
	struct conf_fault *f;
	struct v1_reader r;
	size_t index;
	bool was;

	if (!find(call, &route, &index) || !v1_body(call, &r, true, "a fault"))
		return false;
	f = &route->faults[index];
	was = f->enabled;
	v1_read_fault(&r, call->body, call->edit->draft, route, f);
	v1_edit_enabled(call->edit, was, f->enabled, &f->leased);
	if (!v1_body_end(call, &r) ||
	    !v1_name_kept(call, f->name, call->names[1]))
		return false;
	if (f->name == NULL)
		f->name = xstrdup(call->names[1]);
	return true;
}

bool
v1_fault_delete(struct v1_call *call)
{
	struct conf_route *route;
	size_t index;

	if (!find(call, &route, &index))
		return false;
	conf_route_remove_fault(route, index);
	return true;
}

static bool
enable(struct v1_call *call, bool on)
{
	struct conf_route *route;
	struct conf_fault *f;
	size_t index;

	if (!find(call, &route, &index))
		return false;
	f = &route->faults[index];
	v1_edit_enabled(call->edit, f->enabled, on, &f->leased);
	f->enabled = on;
	if (on)
		f->arming = call->edit->arming;
	return true;
}

bool
v1_fault_enable(struct v1_call *call)
{
	return enable(call, true);
}

bool
v1_fault_disable(struct v1_call *call)
{
	return enable(call, false);
}
