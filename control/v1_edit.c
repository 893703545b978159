/* SPDX-License-Identifier: Apache-2.0 */
/* Changes: one draft, one commit, and what they say of it.
 *
 *   state_draft() ─► run ─► state_commit() ─► show
 *                      └─► dry run: state_try(), described, dropped
 */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/xalloc.h"
#include "control/v1_call.h"

/* --- bodies --- */

bool
v1_body(struct v1_call *call, struct v1_reader *r, bool merge, const char *what)
{
	v1_reader_init(r, call->diag, call->at, merge);
	r->lease = call->edit != NULL ? call->edit->lease : 0;
	if (v1_read_object(r, call->body, what))
		return true;
	v1_reader_fini(r);
	call->status = 400;
	return false;
}

bool
v1_body_empty(struct v1_call *call)
{
	if (call->body == NULL || json_is_null(call->body) ||
	    (json_is_object(call->body) && json_object_size(call->body) == 0))
		return true;
	return v1_fail(call, 400, NULL,
		       "this call takes no body; expected "
		       "none");
}

bool
v1_body_end(struct v1_call *call, struct v1_reader *r)
{
	v1_reader_fini(r);
	if (call->diag->errors == 0)
		return true;
	call->status = 400;
	return false;
}

bool
v1_name_kept(struct v1_call *call, const char *name, const char *path)
{
	if (name == NULL || strcmp(name, path) == 0)
		return true;
	return v1_fail(
	    call, 400, "name",
	    "name: it is \"%.80s\", the path has \"%.80s\"; expected the same, "
	    "names stay",
	    name, path);
}

struct conf_where
v1_where(const struct v1_call *call)
{
	return (struct conf_where){.file = *call->at != '\0' ? intern(call->at)
							     : NULL};
}

/* --- drafts --- */

void
v1_edit_close(struct v1_edit *edit, const char *route)
{
	edit->closing =
	    xrealloc(edit->closing, (edit->closing_count + 1) * sizeof(char *));
	edit->closing[edit->closing_count++] = xstrdup(route);
}

void
v1_edit_enabled(const struct v1_edit *edit, bool was, bool is,
		struct conf_leased *to)
{
	if (was != is)
		to->enabled = is ? edit->lease : 0;
}

/* What was placed within the body of an earlier call stands nowhere now. */
static void
forget_places(struct conf_model *draft)
{
	for (size_t i = 0; i < draft->routes_count; i++) {
		struct conf_route *r = &draft->routes[i];

		if (r->where.line == 0)
			r->where = (struct conf_where){0};
		for (size_t k = 0; k < r->faults_count; k++) {
			if (r->faults[k].where.line == 0)
				r->faults[k].where = (struct conf_where){0};
		}
	}
	for (size_t i = 0; i < draft->partitions_count; i++) {
		if (draft->partitions[i].where.line == 0)
			draft->partitions[i].where = (struct conf_where){0};
	}
}

/* Wrong values are 400; what is right by itself and clashes is 409. */
static bool
refused(struct v1_call *call)
{
	call->status = call->diag->conflicts == call->diag->errors ? 409 : 400;
	return false;
}

static bool
commit(struct v1_call *call)
{
	struct v1_edit *edit = call->edit;
	struct conf_model *draft = edit->draft;

	edit->draft = NULL;
	if (!state_commit(call->v1->parts.state, draft, call->diag))
		return refused(call);
	for (size_t i = 0; i < edit->closing_count; i++)
		state_close_sessions(call->v1->parts.state, edit->closing[i]);
	return call->endpoint->show == NULL || call->endpoint->show(call);
}

/* The number of the lease that the header names; left alone without it. False:
 * there is no such lease, 409 was said. */
static bool
lease_of(struct v1_call *call, uint64_t *number)
{
	struct view given;
	const struct lease *l = NULL;

	if (!web_header(call->request, "faultwire-lease", &given))
		return true;
	for (size_t i = 0; i < call->v1->leases.count && l == NULL; i++) {
		if (view_is(given, call->v1->leases.items[i]->id))
			l = call->v1->leases.items[i];
	}
	if (l == NULL)
		return v1_fail(
		    call, 409, NULL,
		    "Faultwire-Lease: there is no lease \"%.*s\"; expected one "
		    "that runs",
		    (int)MIN(given.len, 40), given.at);
	*number = l->number;
	return true;
}

static bool
edit(struct v1_call *call)
{
	/* Faults were lifted and listeners closed for good. */
	if (call->v1->draining)
		return v1_fail(call, 409, NULL,
			       "the proxy is about to stop; expected one that "
			       "runs");
	if (!lease_of(call, &call->edit->lease) || !call->endpoint->run(call))
		return false;
	if (!call->dry_run)
		return commit(call);
	return v1_dry_run(call) || refused(call);
}

bool
v1_edit_run(struct v1_call *call)
{
	struct state *state = call->v1->parts.state;
	struct v1_edit e = {
	    .draft = state_draft(state),
	    .arming = state_generation(state) + 1,
	};
	bool ok;

	forget_places(e.draft);
	call->edit = &e;
	ok = edit(call);
	call->edit = NULL;
	for (size_t i = 0; i < e.closing_count; i++)
		free(e.closing[i]);
	free(e.closing);
	conf_model_unref(e.draft);
	return ok;
}
