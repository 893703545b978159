/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire experiment: check, plan, run and schedule what a file describes.
 * Exit codes are those of docs/experiments.md, not the usual ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diag_out.h"
#include "cli/options.h"
#include "config/load.h"
#include "faults/fault.h"
#include "proxy/tls_context.h"

#define EXIT_BAD_FILE 2 /* of an experiment: also usage */

struct experiment_options {
	bool json;
};

#define ROW(letter, name, type, member, value, help)                           \
	{                                                                      \
		letter, name, type,                                            \
		    offsetof(struct experiment_options, member), value, help   \
	}

/* --- the file --------------------------------------------------------------
 */

/* The model of a file that holds an experiment. NULL: diag says why not. */
static struct conf_model *
load(const char *path, struct conf_diag *diag)
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
	if (diag->errors == 0)
		return model;
	conf_model_unref(model);
	return NULL;
}

/* --- check -----------------------------------------------------------------
 */

static const struct option_row check_options[] = {
    ROW(0, "json", OPTION_FLAG, json, NULL, "print the findings as JSON"),
    {0},
};

static const struct command experiment_check;

/* The one argument, or NULL after saying what is wrong; *code is then the
 * exit code. */
static const char *
one_file(const struct command *command, int argc, char **argv,
	 struct experiment_options *opt, int *code)
{
	int rest = options_parse(command, argc, argv, opt);

	*code = rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (rest < 0)
		return NULL;
	if (argc - rest == 1)
		return argv[rest];
	fprintf(stderr, "faultwire %s: one file is needed\n", command->name);
	return NULL;
}

static int
run_check(int argc, char **argv)
{
	struct experiment_options opt = {0};
	struct conf_diag diag = {0};
	struct conf_model *model;
	int code;
	const char *path = one_file(&experiment_check, argc, argv, &opt, &code);

	if (path == NULL)
		return code;
	model = load(path, &diag);
	if (opt.json)
		diag_out_json(&diag);
	else
		diag_out_text(&diag, path);
	code = model != NULL ? EXIT_DONE : EXIT_BAD_FILE;
	conf_model_unref(model);
	conf_diag_fini(&diag);
	return code;
}

static const struct command experiment_check = {
    .name = "experiment check",
    .usage = "FILE",
    .summary = "Validates an experiment and reports every error in it",
    .options = check_options,
    .run = run_check,
    .args_min = 1,
    .args_max = 1,
    .args = "FILE",
};

/* --- the command -----------------------------------------------------------
 */

static const struct command *const verbs[] = {
    &experiment_check,
    NULL,
};

static int
run(int argc, char **argv)
{
	return options_run_verb(&command_experiment, argc, argv);
}

const struct command command_experiment = {
    .name = "experiment",
    .usage = "COMMAND \xe2\x80\xa6",
    .summary = "Injects faults by a plan, watches the services, and judges",
    .run = run,
    .verbs = verbs,
};
