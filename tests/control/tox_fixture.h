/* SPDX-License-Identifier: Apache-2.0 */
/* A proxy with one toxic, for tests of the Toxiproxy API's parts. */
#ifndef TESTS_CONTROL_TOX_FIXTURE_H
#define TESTS_CONTROL_TOX_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/build.h"
#include "config/load.h"
#include "control/tox.h"
#include "faults/fault.h"

struct tox_fixture {
	struct conf_model *model;
	struct conf_route *route;
};

static inline struct tox_fixture
tox_fixture_new(void)
{
	struct conf_diag diag = {0};
	struct tox_fixture t;

	t.model = conf_load_text("", "test", &fault_kinds, &diag);
	ck_assert_ptr_nonnull(t.model);
	conf_diag_fini(&diag);
	t.route = conf_model_add_route(t.model);
	t.route->name = xstrdup("p");
	t.route->listen_text = xstrdup("127.0.0.1:1");
	t.route->upstream_text = xstrdup("up:1");
	t.route->enabled = true;
	return t;
}

/* As POST …/toxics would add it, without attributes. */
static inline struct conf_fault *
tox_fixture_add(struct tox_fixture *t, const char *type, const char *name)
{
	const struct fault_ops *ops = tox_kind(type, t->route);
	struct conf_fault *f;

	ck_assert_msg(ops != NULL, "there is no %s", type);
	f = conf_route_add_fault(t->route, &ops->kind);
	free(f->name);
	f->name = xstrdup(name);
	f->enabled = true;
	f->stream = STREAM_DOWNSTREAM;
	f->conditions.probability = 1;
	if (strcmp(type, ops->kind.name) != 0)
		f->type_shown = xstrdup(type);
	tox_attributes_default(f);
	return f;
}

/* Sets attributes from JSON text. */
static inline bool
tox_fixture_set(struct conf_fault *f, const char *json, struct error *err)
{
	json_t *attributes = json_loads(json, 0, NULL);
	bool ok;

	ck_assert_msg(attributes != NULL, "no JSON: %s", json);
	ok = tox_attributes_set(f, attributes, err);
	json_decref(attributes);
	return ok;
}

static inline void
tox_fixture_free(struct tox_fixture *t)
{
	conf_model_unref(t->model);
}

#endif
