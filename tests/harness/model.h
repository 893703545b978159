/* SPDX-License-Identifier: Apache-2.0 */
/* Models and plans from the text of a configuration. */
#ifndef HARNESS_MODEL_H
#define HARNESS_MODEL_H

#include <check.h>

#include "config/load.h"
#include "faults/fault.h"
#include "proxy/plan.h"

#define MODEL_SEED 42

/* Loads a good file's text with the real fault kinds. Returns owned. */
static inline struct conf_model *
model_of(const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *m =
	    conf_load_text(text, "test.conf", &fault_kinds, &diag);

	if (m == NULL)
		ck_abort_msg("refused: %s", diag.messages[0].text);
	conf_diag_fini(&diag);
	return m;
}

/* The plan that follows `before` (NULL: the first). Returns owned. */
static inline struct plan *
plan_of(const char *text, const struct plan *before, int64_t now_us)
{
	struct conf_model *m = model_of(text);
	struct plan *plan = plan_new(m, before, NULL, MODEL_SEED, now_us);

	conf_model_unref(m);
	return plan;
}

/* The same, in place of *plan. */
static inline void
plan_step(struct plan **plan, const char *text, int64_t now_us)
{
	struct plan *before = *plan;

	*plan = plan_of(text, before, now_us);
	plan_unref(before);
}

#define MODEL_ROUTE_ON(name, port, faults)                                     \
	"{ name = \"" name "\"; listen = \"127.0.0.1:" port "\"; "             \
	"upstream = \"127.0.0.1:9\"; faults = (" faults "); }"
/* One route of a configuration: its name and its faults. */
#define MODEL_ROUTE(name, faults) MODEL_ROUTE_ON(name, "0", faults)

#endif
