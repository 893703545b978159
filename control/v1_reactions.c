/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/reactions: what the observer has seen so far. The answer comes when it
 * has been concluded; meanwhile others are served. */
#include "control/observer.h"
#include "control/observer_put.h"
#include "control/v1_call.h"

bool
v1_reactions(struct v1_call *call)
{
	struct observer *o = call->v1->parts.observer;
	const char *route = v1_query(call, "route");

	if (route != NULL &&
	    state_route_index(v1_model(call), route) == SIZE_MAX)
		return v1_unknown(call, "route", route, NULL);
	if (!observer_is_on(o)) {
		observer_put(&call->out, NULL, NULL, NULL);
		return true;
	}
	call->reply->type = "application/json";
	if (view_is(call->request->method, "HEAD"))
		return true;
	call->reply->stream = true;
	observer_answer(o, call->request->conn, route);
	return true;
}
