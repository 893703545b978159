/* SPDX-License-Identifier: Apache-2.0 */
/* Dry runs: what a draft would change, and which live sessions would notice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "control/v1_call.h"
#include "faults/explain.h"
#include "proxy/plan_diff.h"
#include "proxy/session.h"
#include "proxy/worker.h"

#define LISTED 100 /* matches that are listed */

/* A fault that comes, goes or becomes another one. */
struct changed {
	const char *route; /* interned */
	const struct armed_fault *fault;
	bool goes;
};

/* What one worker found. */
struct found {
	struct str list;     /* objects, separated by commas */
	size_t ends[LISTED]; /* of each object in it */
	size_t listed, sessions;
};

struct dry {
	struct jsonw w;
	const struct plan *before, *after;
	struct changed *changed; /* owned */
	size_t count;
	struct found *found; /* owned; one a worker */
};

static void
note_fault(struct dry *d, const struct plan_change_item *item)
{
	bool goes = item->change == CHANGE_FAULT_CLEARED;
	const struct armed_route *r =
	    plan_route(goes ? d->before : d->after, item->route);

	for (size_t i = 0; r != NULL && i < r->faults_count; i++) {
		if (strcmp(r->faults[i].name, item->fault) != 0)
			continue;
		d->changed =
		    xrealloc(d->changed, (d->count + 1) * sizeof(*d->changed));
		d->changed[d->count++] =
		    (struct changed){r->name, &r->faults[i], goes};
	}
}

static void
tell(void *arg, const struct plan_change_item *item)
{
	bool partition = item->change == CHANGE_PARTITION_UP ||
			 item->change == CHANGE_PARTITION_DOWN;
	struct dry *d = arg;

	jsonw_object(&d->w);
	jsonw_put_string(&d->w, "change", plan_change_word(item->change));
	if (item->route != NULL)
		jsonw_put_string(&d->w, "route", item->route);
	if (item->fault != NULL)
		jsonw_put_string(&d->w, partition ? "partition" : "fault",
				 item->fault);
	if (item->kind != NULL)
		jsonw_put_string(&d->w, "type", item->kind);
	jsonw_object_end(&d->w);
	if (item->fault != NULL && !partition)
		note_fault(d, item);
}

/* --- on the workers' threads --- */

static bool
matches(const struct flow *f, const struct changed *c)
{
	struct explanation e;

	if (f->route == NULL || f->route->name != c->route ||
	    !flow_considers(f, c->fault))
		return false;
	explain(f, c->fault, true, &e);
	return c->goes ? e.active : e.applies != KNOWN_NO;
}

static void
list_match(struct found *to, const struct session *s, const struct flow *f,
	   const struct changed *c)
{
	struct jsonw w;

	if (to->listed == LISTED)
		return;
	if (to->list.len > 0)
		str_add_char(&to->list, ',');
	jsonw_init(&w, &to->list);
	jsonw_object(&w);
	jsonw_put_uint(&w, "session", s->number);
	jsonw_put_string(&w, "route", c->route);
	v1_put_client(&w, s);
	jsonw_put_uint(&w, "flow", f->number);
	jsonw_put_string(&w, "fault", c->fault->name);
	jsonw_object_end(&w);
	to->ends[to->listed++] = to->list.len;
}

static void
ask_matches(struct worker *w, void *arg)
{
	const struct flow *flows[SESSION_FLOWS];
	struct dry *d = arg;
	struct found *to = &d->found[w->index];
	struct session *s;

	TAILQ_FOREACH (s, &w->sessions, entry) {
		size_t n = s->ops->flows(s, flows);
		bool any = false;

		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < d->count; k++) {
				if (!matches(flows[i], &d->changed[k]))
					continue;
				list_match(to, s, flows[i], &d->changed[k]);
				any = true;
			}
		}
		to->sessions += any;
	}
}

/* --- the reply --- */

static void
put_found(struct dry *d, size_t workers)
{
	size_t sessions = 0, listed = 0;

	for (size_t i = 0; i < workers; i++)
		sessions += d->found[i].sessions;
	jsonw_put_uint(&d->w, "sessions", sessions);
	jsonw_key(&d->w, "matches");
	jsonw_array(&d->w);
	for (size_t i = 0; i < workers; i++) {
		struct found *f = &d->found[i];
		size_t n = MIN(f->listed, LISTED - listed);

		if (n > 0)
			jsonw_raw(&d->w,
				  (struct view){f->list.text, f->ends[n - 1]});
		listed += n;
		str_fini(&f->list);
	}
	jsonw_array_end(&d->w);
}

static void
look(void *arg, const struct plan *before, const struct plan *after)
{
	struct v1_call *call = arg;
	struct server *server = state_server(call->v1->parts.state);
	size_t workers = server_workers(server);
	struct dry d = {.before = before, .after = after};

	jsonw_init(&d.w, &call->out);
	jsonw_object(&d.w);
	jsonw_put_bool(&d.w, "dry_run", true);
	jsonw_key(&d.w, "changes");
	jsonw_array(&d.w);
	plan_diff(before, after, tell, &d);
	jsonw_array_end(&d.w);
	d.found = xcalloc(workers, sizeof(*d.found));
	if (d.count > 0)
		server_ask(server, ask_matches, &d);
	put_found(&d, workers);
	jsonw_object_end(&d.w);
	free(d.found);
	free(d.changed);
}

bool
v1_dry_run(struct v1_call *call)
{
	if (!state_try(call->v1->parts.state, call->edit->draft, look, call,
		       call->diag))
		return false;
	call->status = 200;
	return true;
}
