/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations by their table. */
#include "runner/check.h"

#include <string.h>

#include "base/near.h"
#include "experiment/expect.h"

/* A route's name, or, of a place, its upstream. */
static void
check_route(const struct conf_model *model, const struct conf_expect *x,
	    const char *name, struct conf_diag *diag)
{
	bool place = expect_find(x->key)->type == EXPECT_PLACE;
	struct near near;

	near_start(&near, name);
	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];

		if (strcmp(r->name, name) == 0 ||
		    (place && strcmp(r->upstream_text, name) == 0))
			return;
		near_offer(&near, r->name);
	}
	conf_error(diag, &x->where,
		   "%s: there is no route \"%.80s\"%s; expected one of "
		   "routes" NEAR_HINT,
		   x->key, name, place ? ", nor one with that upstream" : "",
		   NEAR_ARGS(&near));
}

/* One value of an expectation. */
static void
check_value(const struct conf_model *model, const struct conf_expect *x,
	    const char *value, struct conf_diag *diag)
{
	const struct expect_key *key = expect_find(x->key);
	struct error err;

	if (!expect_check(x->key, value, &err))
		conf_error(diag, &x->where, "%s", err.text);
	else if (key->type == EXPECT_ROUTE || key->type == EXPECT_PLACE)
		check_route(model, x, value, diag);
}

static void
check_expect(const struct conf_model *model, const struct conf_expect *x,
	     struct conf_diag *diag)
{
	const struct expect_key *key = expect_find(x->key);

	if (x->value != NULL || x->values.count == 0)
		check_value(model, x, x->value != NULL ? x->value : "", diag);
	else if (key != NULL && !key->list)
		conf_error(diag, &x->where, "%s: a list was given; expected %s",
			   x->key, expect_type_name(key));
	for (size_t i = 0; i < x->values.count; i++)
		check_value(model, x, x->values.items[i], diag);
}

void
check_expectations(const struct conf_model *model, struct conf_diag *diag)
{
	const struct conf_experiment *e = model->experiment;
	size_t enabled = 0;

	for (size_t i = 0; i < e->scenarios_count; i++) {
		enabled += e->scenarios[i].enabled;
		for (size_t k = 0; k < e->scenarios[i].expects_count; k++)
			check_expect(model, &e->scenarios[i].expects[k], diag);
	}
	if (enabled == 0)
		conf_warn(diag, &e->where,
			  "scenarios: none is enabled; nothing will be "
			  "injected, and nothing decided");
}
