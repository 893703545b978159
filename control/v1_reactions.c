/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/reactions: what the observer has seen so far. */
#include "control/observer.h"
#include "control/v1_call.h"

bool
v1_reactions(struct v1_call *call)
{
	struct observer *o = call->v1->parts.observer;
	const char *route = v1_query(call, "route");
	struct jsonw w;

	if (o == NULL)
		return v1_fail(call, 409, NULL, "there are no events here");
	if (route != NULL &&
	    state_route_index(v1_model(call), route) == SIZE_MAX)
		return v1_unknown(call, "route", route, NULL);
	jsonw_init(&w, &call->out);
	jsonw_object(&w);
	observer_put(o, &w, route);
	jsonw_object_end(&w);
	return true;
}
