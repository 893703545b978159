/* SPDX-License-Identifier: Apache-2.0 */
/* Experiments of tests, read with kinds that have the real ones' names. */
#ifndef TESTS_RUNNER_RUNNER_LOAD_H
#define TESTS_RUNNER_RUNNER_LOAD_H

#include <check.h>

#include "base/attr.h"
#include "config/load.h"

struct runner_params {
	int64_t status, latency_us;
};

static const struct conf_field runner_fields[] = {
    {.name = "status",
     .type = CONF_INT,
     .offset = offsetof(struct runner_params, status),
     .help = "Status"},
    {.name = "latency",
     .type = CONF_DURATION,
     .bare = 1000,
     .offset = offsetof(struct runner_params, latency_us),
     .help = "Delay"},
    CONF_FIELD_END,
};

#define RUNNER_KIND(word)                                                      \
	&(const struct conf_kind)                                              \
	{                                                                      \
		.name = word, .summary = word, .fields = runner_fields,        \
		.params_size = sizeof(struct runner_params)                    \
	}

static const struct conf_kind *const runner_kind_items[] = {
    RUNNER_KIND("abort"),   RUNNER_KIND("blackhole"), RUNNER_KIND("down"),
    RUNNER_KIND("hang"),    RUNNER_KIND("latency"),   RUNNER_KIND("noop"),
    RUNNER_KIND("reset_peer"),
};
static const struct conf_kinds runner_kinds = {runner_kind_items,
					       COUNT_OF(runner_kind_items)};

/* An edge and a dependency that it causes, and a load of 20 a second. */
#define TWO_ROUTES                                                             \
	"routes = ( { name = \"edge\"; listen = \":1\"; upstream = \"a:1\"; "  \
	"protocol = \"http\"; role = \"edge\"; }, { name = \"api\"; listen = " \
	"\":2\"; upstream = \"a:2\"; protocol = \"http\"; caused_by = "        \
	"\"edge\"; } );"                                                       \
	"load = ( { name = \"users\"; target = \"edge\"; rate = 20.0; "        \
	"requests = ( { get = \"/{seq}\"; } ); } );"
#define HEAD "experiment = { name = \"x\"; seed = 1; };" TWO_ROUTES

static inline struct conf_model *
runner_load(const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *m =
	    conf_load_text(text, "t.conf", &runner_kinds, &diag);

	ck_assert_msg(m != NULL, "%s: %s",
		      diag.count > 0 ? diag.messages[0].where : "",
		      diag.count > 0 ? diag.messages[0].text : "");
	conf_diag_fini(&diag);
	return m;
}

#endif
