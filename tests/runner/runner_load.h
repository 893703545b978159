/* SPDX-License-Identifier: Apache-2.0 */
/* Experiments of tests, read with the real kinds. */
#ifndef TESTS_RUNNER_LOAD_H
#define TESTS_RUNNER_LOAD_H

#include <check.h>

#include "config/load.h"
#include "faults/fault.h"

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
	    conf_load_text(text, "t.conf", &fault_kinds, &diag);

	ck_assert_msg(m != NULL, "%s: %s",
		      diag.count > 0 ? diag.messages[0].where : "",
		      diag.count > 0 ? diag.messages[0].text : "");
	conf_diag_fini(&diag);
	return m;
}

#endif
