/* SPDX-License-Identifier: Apache-2.0 */
/* Finding routes, faults and partitions by the names in a path. */
#include "base/near.h"
#include "control/v1_call.h"

const struct conf_model *
v1_model(const struct v1_call *call)
{
	return call->edit != NULL && call->edit->draft != NULL
		   ? call->edit->draft
		   : state_model(call->v1->parts.state);
}

size_t
v1_route(struct v1_call *call, const struct conf_model *model)
{
	size_t at = state_route_index(model, call->names[0]);
	struct near near;

	if (at != SIZE_MAX)
		return at;
	near_start(&near, call->names[0]);
	for (size_t i = 0; i < model->routes_count; i++)
		near_offer(&near, model->routes[i].name);
	v1_unknown(call, "route", call->names[0], near.best);
	return SIZE_MAX;
}

size_t
v1_fault(struct v1_call *call, const struct conf_route *route)
{
	size_t at = state_fault_index(route, call->names[1]);
	struct near near;

	if (at != SIZE_MAX)
		return at;
	near_start(&near, call->names[1]);
	for (size_t i = 0; i < route->faults_count; i++)
		near_offer(&near, route->faults[i].name);
	v1_unknown(call, "fault", call->names[1], near.best);
	return SIZE_MAX;
}

size_t
v1_partition(struct v1_call *call, const struct conf_model *model)
{
	size_t at = state_partition_index(model, call->names[0]);
	struct near near;

	if (at != SIZE_MAX)
		return at;
	near_start(&near, call->names[0]);
	for (size_t i = 0; i < model->partitions_count; i++)
		near_offer(&near, model->partitions[i].name);
	v1_unknown(call, "partition", call->names[0], near.best);
	return SIZE_MAX;
}
