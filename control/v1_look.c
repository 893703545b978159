/* SPDX-License-Identifier: Apache-2.0 */
/* Finding routes, faults and partitions by the names in a path. */
#include "base/near.h"
#include "control/v1_call.h"

#define SHOWN_MAX 8 /* names in a hint */

const struct conf_model *
v1_model(const struct v1_call *call)
{
	return call->edit != NULL && call->edit->draft != NULL
		   ? call->edit->draft
		   : state_model(call->v1->parts.state);
}

/* A name that is none: the one that is near, or some of those there are. */
struct search {
	struct near near;
	struct str known;
	size_t count;
};

static void
offer(struct search *s, const char *name)
{
	near_offer(&s->near, name);
	if (++s->count <= SHOWN_MAX)
		str_printf(&s->known, "%s%.80s", s->count > 1 ? ", " : "",
			   name);
}

/* Ends the search. */
static void
tell(struct search *s, struct v1_call *call, const char *what)
{
	struct str hint = {0};

	if (s->near.best != NULL)
		str_printf(&hint, "did you mean \"%s\"?", s->near.best);
	else if (s->count > 0)
		str_printf(&hint, "expected one of %s%s", s->known.text,
			   s->count > SHOWN_MAX ? ", \xe2\x80\xa6" : "");
	else
		str_add(&hint, "there are none");
	v1_unknown(call, what, s->near.word, hint.text);
	str_fini(&hint);
	str_fini(&s->known);
}

size_t
v1_route(struct v1_call *call, const struct conf_model *model)
{
	size_t at = state_route_index(model, call->names[0]);
	struct search search = {0};

	if (at != SIZE_MAX)
		return at;
	near_start(&search.near, call->names[0]);
	for (size_t i = 0; i < model->routes_count; i++)
		offer(&search, model->routes[i].name);
	tell(&search, call, "route");
	return SIZE_MAX;
}

size_t
v1_fault(struct v1_call *call, const struct conf_route *route)
{
	size_t at = state_fault_index(route, call->names[1]);
	struct search search = {0};

	if (at != SIZE_MAX)
		return at;
	near_start(&search.near, call->names[1]);
	for (size_t i = 0; i < route->faults_count; i++)
		offer(&search, route->faults[i].name);
	tell(&search, call, "fault");
	return SIZE_MAX;
}

size_t
v1_partition(struct v1_call *call, const struct conf_model *model)
{
	size_t at = state_partition_index(model, call->names[0]);
	struct search search = {0};

	if (at != SIZE_MAX)
		return at;
	near_start(&search.near, call->names[0]);
	for (size_t i = 0; i < model->partitions_count; i++)
		offer(&search, model->partitions[i].name);
	tell(&search, call, "partition");
	return SIZE_MAX;
}
