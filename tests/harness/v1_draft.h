/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the /v1 API on a draft, without a proxy: for unit tests and the
 * fuzzer. */
#ifndef HARNESS_V1_DRAFT_H
#define HARNESS_V1_DRAFT_H

#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "control/v1_call.h"
#include "faults/fault.h"

struct v1_draft {
	struct event_base *base;
	struct state *state;
	struct v1 *v1;
	struct clock clock;
	struct v1_edit edit;
	struct conf_diag diag; /* of the last call */
	int status;	       /* likewise; 0: none */
};

/* What a draft begins with. */
static const char v1_draft_file[] =
    "control = { listen = \"off\"; };"
    "services = ( { name = \"x\"; addresses = [ \"10.0.0.0/8\" ]; },"
    " { name = \"y\"; } );"
    "routes = ( { name = \"a\"; listen = \":1\"; upstream = \"h:2\";"
    " faults = ( { type = \"latency\"; latency = \"80ms\"; },"
    " { type = \"noop\"; name = \"n\"; } ); },"
    " { name = \"w\"; listen = \":3\"; upstream = \"h:4\";"
    " protocol = \"http\"; } );"
    "partitions = ( { name = \"p\"; groups = ( [\"x\"], [\"y\"] );"
    " enabled = false; } );";

static void
v1_draft_changed(void *arg)
{
	(void)arg;
}

/* A draft of v1_draft_file; to be finished. */
static inline void
v1_draft_init(struct v1_draft *d)
{
	struct conf_diag diag = {0};
	struct conf_model *model =
	    conf_load_text(v1_draft_file, "file", &fault_kinds, &diag);

	*d = (struct v1_draft){.clock = clock_fake(1000000)};
	d->base = event_base_new();
	d->state = state_new(NULL, model, v1_draft_changed, NULL);
	d->v1 = v1_new(&(struct v1_parts){
	    .base = d->base, .state = d->state, .clock = &d->clock});
	d->edit.draft = state_draft(d->state);
	d->edit.arming = 2;
	conf_model_unref(model);
	conf_diag_fini(&diag);
}

/* Runs a change on the draft; `body` NULL: none. True if it was good; what
 * was wrong is in diag. */
static inline bool
v1_draft_call(struct v1_draft *d, const char *method, const char *target,
	      const char *body)
{
	struct v1_call call = {
	    .v1 = d->v1, .edit = &d->edit, .at = "", .diag = &d->diag};
	const char *mark = strchr(target, '?');
	struct str allow = {0};
	bool ok;

	conf_diag_fini(&d->diag);
	ok = v1_target(&call, (struct view){target, strcspn(target, "?")},
		       view_of(mark != NULL ? mark + 1 : NULL)) &&
	     v1_find(&call, view_of(method), &allow) && call.endpoint != NULL &&
	     call.endpoint->effect == V1_CHANGE && v1_check_query(&call);
	if (ok && body != NULL)
		call.body = json_loads(
		    body, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (ok) {
		call.status = call.endpoint->status;
		ok = (call.endpoint->body != NULL || v1_body_empty(&call)) &&
		     call.endpoint->run(&call);
	}
	d->status = call.status;
	str_fini(&allow);
	v1_call_fini(&call);
	return ok;
}

static inline void
v1_draft_fini(struct v1_draft *d)
{
	for (size_t i = 0; i < d->edit.closing_count; i++)
		free(d->edit.closing[i]);
	free(d->edit.closing);
	conf_model_unref(d->edit.draft);
	v1_free(d->v1);
	state_free(d->state);
	event_base_free(d->base);
	conf_diag_fini(&d->diag);
}

#endif
