/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/routes. */
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/xalloc.h"
#include "config/json_out.h"
#include "config/profile.h"
#include "control/v1_call.h"
#include "faults/fault.h"

/* --- reading --- */

static void
put_route(struct v1_call *call, struct conf_writer *to,
	  const struct conf_route *r)
{
	jsonw_object(&to->w);
	conf_put_route(to, r);
	jsonw_key(&to->w, "faults");
	jsonw_array(&to->w);
	for (size_t i = 0; i < r->faults_count; i++) {
		jsonw_object(&to->w);
		conf_put_fault(to, &r->faults[i]);
		v1_put_fault_state(call->v1, &to->w, r, &r->faults[i]);
		jsonw_object_end(&to->w);
	}
	jsonw_array_end(&to->w);
	v1_put_route_state(call->v1, &to->w, r);
	jsonw_object_end(&to->w);
}

bool
v1_routes_list(struct v1_call *call)
{
	const struct conf_model *model = v1_model(call);
	const char *glob = v1_query(call, "name");
	struct conf_writer to = {0};

	if (!v1_query_bool(call, "defaults", &to.defaults))
		return false;
	jsonw_init(&to.w, &call->out);
	jsonw_object(&to.w);
	jsonw_key(&to.w, "routes");
	jsonw_array(&to.w);
	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];

		if (glob == NULL ||
		    glob_match(view_of(glob), view_of(r->name), false))
			put_route(call, &to, r);
	}
	jsonw_array_end(&to.w);
	jsonw_object_end(&to.w);
	return true;
}

bool
v1_route_show(struct v1_call *call)
{
	const struct conf_model *model = v1_model(call);
	size_t at = v1_route(call, model);
	struct conf_writer to = {0};

	if (at == SIZE_MAX || !v1_query_bool(call, "defaults", &to.defaults))
		return false;
	jsonw_init(&to.w, &call->out);
	put_route(call, &to, &model->routes[at]);
	return true;
}

/* --- changing --- */

/* Everything stands where the call has it. */
static void
place(struct v1_call *call, struct conf_route *r)
{
	r->where = v1_where(call);
	for (size_t i = 0; i < r->faults_count; i++) {
		if (r->faults[i].from_api)
			r->faults[i].where = r->where;
	}
}

bool
v1_route_create(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = draft->routes_count;
	struct conf_route *route;
	struct v1_reader r;

	if (!v1_body(call, &r, false, "a route"))
		return false;
	route = conf_model_add_route(draft);
	v1_read_route(&r, call->body, draft, route);
	if (!v1_body_end(call, &r))
		return false;
	if (state_route_index(draft, route->name) != index)
		return v1_fail(
		    call, 409, "name",
		    "there is a route \"%.80s\" already; expected another "
		    "name, or a change to that one",
		    route->name);
	route->from_api = true;
	route->leased.made = call->edit->lease;
	place(call, route);
	call->made = xstrdup(route->name);
	call->names[0] = call->made;
	return true;
}

/* The route at `index` goes, the last one takes its place. */
static void
replace(struct conf_model *draft, size_t index)
{
	size_t last = draft->routes_count - 1;
	struct conf_route old = draft->routes[index];

	draft->routes[index] = draft->routes[last];
	draft->routes[last] = old;
	conf_model_remove_route(draft, last);
}

bool
v1_route_put(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = state_route_index(draft, call->names[0]);
	struct conf_route *route, *old;
	struct v1_reader r;

	if (!v1_body(call, &r, false, "a route"))
		return false;
	route = conf_model_add_route(draft);
	route->name = xstrdup(call->names[0]);
	v1_read_route(&r, call->body, draft, route);
	route->from_api = true;
	route->leased.made = call->edit->lease;
	if (index != SIZE_MAX) {
		old = &draft->routes[index];
		v1_adopt_faults(&r, route, old->faults, old->faults_count);
		conf_route_settle_profile(route, &fault_kinds);
		route->from_api = old->from_api;
		route->leased = old->leased;
		v1_edit_enabled(call->edit, old->enabled, route->enabled,
				&route->leased);
	}
	if (!v1_body_end(call, &r) ||
	    !v1_name_kept(call, route->name, call->names[0]))
		return false;
	place(call, route);
	if (index != SIZE_MAX)
		replace(draft, index);
	else
		call->status = 201;
	return true;
}

bool
v1_route_patch(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = v1_route(call, draft);
	struct conf_route *route;
	struct v1_reader r;
	bool was;

	if (index == SIZE_MAX || !v1_body(call, &r, true, "a route"))
		return false;
	route = &draft->routes[index];
	was = route->enabled;
	v1_read_route(&r, call->body, draft, route);
	v1_edit_enabled(call->edit, was, route->enabled, &route->leased);
	if (!v1_body_end(call, &r) ||
	    !v1_name_kept(call, route->name, call->names[0]))
		return false;
	if (route->where.line == 0)
		place(call, route);
	return true;
}

/* sessions=close: they end with the change. */
static bool
close_sessions(struct v1_call *call)
{
	const char *sessions = v1_query(call, "sessions");

	if (sessions == NULL || strcmp(sessions, "keep") == 0)
		return true;
	if (strcmp(sessions, "close") != 0)
		return v1_fail(
		    call, 400, "sessions",
		    "sessions: \"%.40s\" is unknown; expected keep or close",
		    sessions);
	v1_edit_close(call->edit, call->names[0]);
	return true;
}

bool
v1_route_delete(struct v1_call *call)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = v1_route(call, draft);

	if (index == SIZE_MAX || !close_sessions(call))
		return false;
	conf_model_remove_route(draft, index);
	return true;
}

static bool
enable(struct v1_call *call, bool on)
{
	struct conf_model *draft = call->edit->draft;
	size_t index = v1_route(call, draft);
	struct conf_route *r;

	if (index == SIZE_MAX || !close_sessions(call))
		return false;
	r = &draft->routes[index];
	v1_edit_enabled(call->edit, r->enabled, on, &r->leased);
	r->enabled = on;
	return true;
}

bool
v1_route_enable(struct v1_call *call)
{
	return enable(call, true);
}

bool
v1_route_disable(struct v1_call *call)
{
	return enable(call, false);
}
