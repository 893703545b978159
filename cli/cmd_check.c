/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire check: is this configuration good? */
#include <stdio.h>

#include "cli/diag_out.h"
#include "cli/options.h"
#include "config/load.h"
#include "faults/fault.h"
#include "proxy/tls_context.h"
#include "runner/check.h"

struct check_options {
	const char *config;
	bool json;
};

static const struct option_row options[] = {
    {'c', "config", OPTION_TEXT, offsetof(struct check_options, config),
	"FILE", "the configuration to validate"},
    {0, "json", OPTION_FLAG, offsetof(struct check_options, json), NULL,
	"print the findings as JSON"},
    {0},
};

static int
run(int argc, char **argv)
{
	struct check_options opt = {0};
	struct conf_diag diag = {0};
	struct conf_model *model;
	int rest = options_parse(&command_check, argc, argv, &opt), code;

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (opt.config == NULL && rest < argc)
		opt.config = argv[rest++];
	if (opt.config == NULL || rest < argc) {
		fprintf(stderr, "faultwire check: one file is needed, as "
				"-c FILE\n");
		return EXIT_USAGE;
	}
	model = conf_load_file(opt.config, &fault_kinds, &diag);
	if (model != NULL)
		tls_contexts_check(model, &diag);
	if (model != NULL && model->experiment != NULL)
		check_expectations(model, &diag);
	if (opt.json)
		diag_out_json(&diag);
	else
		diag_out_text(&diag, opt.config);
	code = diag.errors == 0 ? EXIT_DONE : EXIT_FAILED;
	conf_model_unref(model);
	conf_diag_fini(&diag);
	return code;
}

const struct command command_check = {
    .name = "check",
    .usage = "-c FILE",
    .summary = "Validates a configuration and reports every error in it",
    .options = options,
    .run = run,
};
