/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire experiment: check, plan, run and schedule what a file describes.
 * Exit codes are those of docs/experiments.md, not the usual ones. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/diag_out.h"
#include "cli/experiment.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "proxy/tls_context.h"
#include "runner/conduct.h"
#include "runner/run_plan.h"
#include "runner/schedule.h"

#define RUNS_USUAL 5 /* of a schedule, in a plan */
#define RUNS_MAX   1000

struct experiment_options {
	const char *only, *runs, *out, *control, *token_file;
	bool json, dry_run, quiet, yes;
};

#define ROW(letter, name, type, member, value, help)                           \
	{                                                                      \
		letter, name, type,                                            \
		    offsetof(struct experiment_options, member), value, help   \
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
	model = experiment_read(path, &diag);
	if (opt.json)
		diag_out_json(&diag);
	else
		diag_out_text(&diag, path);
	code = model != NULL ? EXIT_DONE : CONDUCT_BAD_FILE;
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

/* --- plan ------------------------------------------------------------------
 */

static const struct option_row plan_options[] = {
    ROW(0, "only", OPTION_TEXT, only, "SCENARIO",
	"the plan of this scenario alone"),
    ROW(0, "runs", OPTION_TEXT, runs, "N",
	"how many runs of the schedule to list; default 5"),
    ROW(0, "json", OPTION_FLAG, json, NULL, "print the plan as JSON"),
    {0},
};

static const struct command experiment_plan;

static bool
is_scenario(const struct conf_model *model, const char *name)
{
	if (name == NULL ||
	    conf_experiment_scenario(model->experiment, name) != SIZE_MAX)
		return true;
	fprintf(stderr, "faultwire experiment: there is no scenario \"%s\"\n",
		name);
	return false;
}

static void
print_plan(const struct conf_model *model, const struct experiment_options *opt,
	   size_t runs_max)
{
	const struct conf_experiment *e = model->experiment;
	struct schedule_run *runs = xcalloc(runs_max + 1, sizeof(*runs));
	struct run_plan plan;
	struct str out = {0};
	struct jsonw w;
	size_t count;

	schedule_zone(e->schedule.tz);
	count = schedule_next(e, experiment_seed(model), clock_wall_us(), runs,
			      runs_max);
	run_plan_make(&plan, model, opt->only);
	if (opt->json) {
		jsonw_init(&w, &out);
		jsonw_object(&w);
		run_plan_json(&plan, &w);
		schedule_json(runs, count, &w);
		jsonw_object_end(&w);
		str_add_char(&out, '\n');
	} else {
		run_plan_text(&plan, &out);
		schedule_text(e, runs, count, &out);
	}
	fputs(out.text, stdout);
	str_fini(&out);
	run_plan_fini(&plan);
	free(runs);
}

/* How many runs are listed; NULL: as usual. False: said on stderr. */
static bool
read_runs(const char *text, size_t *runs)
{
	char *end;
	long n;

	*runs = RUNS_USUAL;
	if (text == NULL)
		return true;
	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || n < 0 || n > RUNS_MAX) {
		fprintf(stderr,
			"faultwire experiment plan: --runs %s: expected 0 "
			"\xe2\x80\xa6 %d\n",
			text, RUNS_MAX);
		return false;
	}
	*runs = (size_t)n;
	return true;
}

static int
run_plan(int argc, char **argv)
{
	struct experiment_options opt = {0};
	struct conf_model *model;
	int code;
	const char *path = one_file(&experiment_plan, argc, argv, &opt, &code);
	size_t runs;

	if (path == NULL)
		return code;
	if (!read_runs(opt.runs, &runs))
		return EXIT_USAGE;
	model = experiment_load(path);
	code = CONDUCT_BAD_FILE;
	if (model != NULL && is_scenario(model, opt.only)) {
		code = EXIT_DONE;
		print_plan(model, &opt, runs);
	}
	conf_model_unref(model);
	return code;
}

static const struct command experiment_plan = {
    .name = "experiment plan",
    .usage = "FILE",
    .summary = "Tells what will be done when, and what it can find out",
    .options = plan_options,
    .run = run_plan,
    .details = "Nothing is injected. What an experiment cannot tell is said "
	       "with what would do.\n",
    .args_min = 1,
    .args_max = 1,
    .args = "FILE",
};

/* --- run -------------------------------------------------------------------
 */

static const int run_signals[] = {SIGINT, SIGTERM, SIGHUP, 0};

static const struct option_row run_options[] = {
    ROW(0, "out", OPTION_TEXT, out, "DIR",
	"where the report, the journal and logs go; wins over the file"),
    ROW(0, "only", OPTION_TEXT, only, "SCENARIO", "run this scenario alone"),
    ROW(0, "dry-run", OPTION_FLAG, dry_run, NULL,
	"inject nothing: print the plan"),
    ROW(0, "control", OPTION_TEXT, control, "URL",
	"use the proxy whose control API is there, instead of a new one"),
    ROW(0, "token-file", OPTION_TEXT, token_file, "FILE",
	"where the token of its API is"),
    ROW('q', "quiet", OPTION_FLAG, quiet, NULL, "show no progress"),
    ROW('y', "yes", OPTION_FLAG, yes, NULL,
	"do not ask on a terminal before anything is injected"),
    {0},
};

static const struct command experiment_run;

/* On a terminal: is it meant? */
static bool
is_meant(const struct conf_model *model, const struct experiment_options *opt)
{
	char answer[8] = "";

	if (opt->yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	fprintf(stderr, "inject the faults of \"%s\" now? [y/N] ",
		model->experiment->name);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

static int
run_model(const struct conf_model *model, const char *path,
	  const struct experiment_options *opt)
{
	struct conduct_options o = {
	    .model = model,
	    .file = path,
	    .dir = opt->out != NULL ? opt->out : model->experiment->report.dir,
	    .control = cli_setting(opt->control, "FAULTWIRE_CONTROL"),
	    .only = opt->only,
	    .quiet = opt->quiet,
	    .interrupt_take = interrupt_take};
	const char *file =
	    o.control != NULL
		? cli_setting(opt->token_file, "FAULTWIRE_TOKEN_FILE")
		: model->control.token_file;
	const char *key = o.control == NULL ? "control.token_file"
			  : opt->token_file != NULL ? "--token-file"
						    : "FAULTWIRE_TOKEN_FILE";
	char *token;
	int code;

	if (!cli_read_token("experiment run", key, file, &token))
		return CONDUCT_BAD_FILE;
	o.token = token;
	o.interrupt_fd = interrupt_open(run_signals);
	code = conduct(&o);
	interrupt_close(o.interrupt_fd, run_signals);
	free(token);
	return code;
}

static int
run_run(int argc, char **argv)
{
	struct experiment_options opt = {0};
	struct conf_model *model;
	int code;
	const char *path = one_file(&experiment_run, argc, argv, &opt, &code);

	if (path == NULL)
		return code;
	model = experiment_load(path);
	code = CONDUCT_BAD_FILE;
	if (model != NULL && is_scenario(model, opt.only)) {
		code = EXIT_DONE;
		if (opt.dry_run)
			print_plan(model, &opt, RUNS_USUAL);
		else if (is_meant(model, &opt))
			code = run_model(model, path, &opt);
	}
	conf_model_unref(model);
	return code;
}

static const struct command experiment_run = {
    .name = "experiment run",
    .usage = "FILE",
    .summary = "Runs an experiment, and writes a report about it",
    .options = run_options,
    .run = run_run,
    .details =
	"Exit codes: 0 all expectations met; 1 one is violated; 2 the file is "
	"bad;\n3 the steady state was not met, nothing was injected; 4 a guard "
	"ended it;\n5 undecided, with require_decided; 6 faults could not be "
	"seen to be gone;\n130 interrupted. After 4 and 130 every fault is "
	"lifted.\n",
    .args_min = 1,
    .args_max = 1,
    .args = "FILE",
};

/* --- the command -----------------------------------------------------------
 */

static const struct command *const verbs[] = {
    &experiment_check,
    &experiment_plan,
    &experiment_run,
    &command_experiment_schedule,
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
