/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be in force, and who said so. */
#include "control/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "config/build.h"

struct state {
	struct server *server;	  /* borrowed */
	struct conf_model *model; /* counted; in force */
	struct conf_model *file;  /* counted; as last read */
	uint64_t generation;
	bool draining;
	struct state_reload reload;
	void (*changed)(void *arg);
	void *arg;
};

void
state_note_reload(struct state *s, bool ok)
{
	s->reload.ok = ok;
	if (ok)
		s->reload.good_wall_us = clock_wall_us();
}

const struct state_reload *
state_last_reload(const struct state *s)
{
	return &s->reload;
}

struct state *
state_new(struct server *server, struct conf_model *model,
    void (*changed)(void *), void *arg)
{
	struct state *s = xcalloc(1, sizeof(*s));

	s->server = server;
	s->model = conf_model_ref(model);
	s->file = conf_model_ref(model);
	s->generation = 1;
	state_note_reload(s, true);
	s->changed = changed;
	s->arg = arg;
	return s;
}

void
state_free(struct state *s)
{
	if (s == NULL)
		return;
	conf_model_unref(s->model);
	conf_model_unref(s->file);
	free(s);
}

const struct conf_model *
state_model(const struct state *s)
{
	return s->model;
}

uint64_t
state_generation(const struct state *s)
{
	return s->generation;
}

struct conf_model *
state_draft(const struct state *s)
{
	return conf_model_copy(s->model);
}

struct server *
state_server(const struct state *s)
{
	return s->server;
}

bool
state_try(struct state *s, struct conf_model *draft,
    void (*look)(void *, const struct plan *, const struct plan *), void *arg,
    struct conf_diag *diag)
{
	conf_model_check(draft, diag);
	return diag->errors == 0 &&
	    server_try(s->server, draft, look, arg, diag);
}

bool
state_commit(struct state *s, struct conf_model *draft, struct conf_diag *diag)
{
	static const struct conf_where nowhere = {0};

	if (s->draining)
		conf_error(diag, &nowhere,
		    "faultwire is draining: nothing changes any more");
	conf_model_check(draft, diag);
	if (diag->errors > 0 || !server_apply(s->server, draft, diag)) {
		conf_model_unref(draft);
		return false;
	}
	conf_model_unref(s->model);
	s->model = draft;
	s->generation++;
	s->changed(s->arg);
	return true;
}

size_t
state_route_index(const struct conf_model *model, const char *name)
{
	for (size_t i = 0; i < model->routes_count; i++) {
		if (strcmp(model->routes[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

size_t
state_fault_index(const struct conf_route *route, const char *name)
{
	for (size_t i = 0; i < route->faults_count; i++) {
		if (strcmp(route->faults[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

size_t
state_partition_index(const struct conf_model *model, const char *name)
{
	for (size_t i = 0; i < model->partitions_count; i++) {
		if (strcmp(model->partitions[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* --- what the API made outlives a new file --- */

static void
keep_faults(struct conf_route *to, const struct conf_route *from)
{
	for (size_t i = 0; i < from->faults_count; i++) {
		const struct conf_fault *f = &from->faults[i];
		struct conf_fault *copy;

		if (!f->from_api || state_fault_index(to, f->name) != SIZE_MAX)
			continue;
		copy = conf_route_add_fault(to, f->kind);
		conf_fault_fini(copy);
		conf_fault_copy(copy, f);
	}
}

static void
keep_made(struct conf_model *to, const struct conf_model *from)
{
	for (size_t i = 0; i < from->routes_count; i++) {
		const struct conf_route *r = &from->routes[i];
		size_t at = state_route_index(to, r->name);

		if (at != SIZE_MAX) {
			keep_faults(&to->routes[at], r);
		} else if (r->from_api) {
			conf_route_copy(conf_model_add_route(to), r);
		}
	}
	for (size_t i = 0; i < from->partitions_count; i++) {
		const struct conf_partition *p = &from->partitions[i];

		if (p->from_api &&
		    state_partition_index(to, p->name) == SIZE_MAX)
			conf_partition_copy(conf_model_add_partition(to), p);
	}
}

struct conf_model *
state_draft_file(const struct state *s)
{
	return conf_model_copy(s->file);
}

struct conf_model *
state_draft_reload(const struct state *s, const struct conf_model *file)
{
	struct conf_model *draft = conf_model_copy(file);

	keep_made(draft, s->model);
	return draft;
}

bool
state_reload(struct state *s, struct conf_model *file, struct conf_diag *diag)
{
	if (!state_commit(s, state_draft_reload(s, file), diag)) {
		conf_model_unref(file);
		return false;
	}
	conf_model_unref(s->file);
	s->file = file;
	return true;
}

void
state_drain(struct state *s)
{
	s->draining = true;
	server_drain(s->server);
}

void
state_close_sessions(struct state *s, const char *route)
{
	server_close_sessions(s->server, route);
}
