/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold an experiment. */
#include "cli/experiment.h"

#include "cli/diag_out.h"
#include "config/load.h"
#include "faults/fault.h"
#include "proxy/tls_context.h"
#include "runner/check.h"

struct conf_model *
experiment_read(const char *path, struct conf_diag *diag)
{
	const struct conf_where where = {.file = path};
	struct conf_model *model = conf_load_file(path, &fault_kinds, diag);

	if (model == NULL)
		return NULL;
	tls_contexts_check(model, diag);
	if (model->experiment == NULL)
		conf_error(
		    diag, &where,
		    "it holds no experiment; expected experiment = { name = "
		    "\xe2\x80\xa6 }, load and scenarios");
	else
		check_expectations(model, diag);
	if (diag->errors == 0)
		return model;
	conf_model_unref(model);
	return NULL;
}

struct conf_model *
experiment_load(const char *path)
{
	struct conf_diag diag = {0};
	struct conf_model *model = experiment_read(path, &diag);

	diag_out_findings(&diag);
	conf_diag_fini(&diag);
	return model;
}
