/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire experiment schedule: stays, and runs an experiment at its times.
 * Each run is a process of its own: whatever becomes of it, the next one
 * comes. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/experiment.h"
#include "cli/interrupt.h"
#include "runner/command.h"
#include "runner/schedule.h"

#define WAIT_MAX_MS 30000 /* then the clock is looked at again */
#define POLL_MS	    100

static const int signals[] = {SIGINT, SIGTERM, 0};

struct schedule_options {
	const char *out, *control, *token_file;
	bool once;
};

#define ROW(name, type, member, value, help)                                   \
	{                                                                      \
		0, name, type, offsetof(struct schedule_options, member),      \
		    value, help                                                \
	}

static const struct option_row options[] = {
    ROW("out", OPTION_TEXT, out, "DIR",
	"each run gets a folder in it; wins over the file"),
    ROW("once", OPTION_FLAG, once, NULL, "end after the next run"),
    ROW("control", OPTION_TEXT, control, "URL",
	"use the proxy whose control API is there, instead of new ones"),
    ROW("token-file", OPTION_TEXT, token_file, "FILE",
	"where the token of its API is"),
    {0},
};

struct keeper {
	const struct schedule_options *opt;
	const char *file, *dir;
	const struct conf_model *model;
	struct schedule_state state;
	char *state_path; /* owned; what was dealt with, over restarts */
	int signal_fd;
	bool stopped;
};

/* --- what was dealt with ---------------------------------------------------
 */

static void
read_state(struct keeper *k)
{
	FILE *file = fopen(k->state_path, "re");
	int64_t us;

	k->state.done_us = clock_wall_us() - 1;
	if (file != NULL && fscanf(file, "%" SCNd64, &us) == 1)
		k->state.done_us = MIN(us, k->state.done_us);
	if (file != NULL)
		fclose(file);
}

static void
write_state(const struct keeper *k)
{
	char *fresh = xasprintf("%s.new", k->state_path);
	FILE *file = fopen(fresh, "we");
	bool ok = file != NULL;

	if (ok) {
		fprintf(file, "%" PRId64 "\n", k->state.done_us);
		ok = fclose(file) == 0 && rename(fresh, k->state_path) == 0;
	}
	if (!ok)
		fprintf(stderr, "%s: %s\n", k->state_path, strerror(errno));
	free(fresh);
}

/* --- saying ----------------------------------------------------------------
 */

static void
say(const struct schedule_run *run, const char *what, const char *more)
{
	struct str line = {0};

	schedule_moment(&line, run->at_us, "%Y-%m-%d %H:%M:%S %z");
	printf("%s  %s: %s%s\n", line.text,
	       run->scenario != NULL ? run->scenario : "all scenarios", what,
	       more);
	fflush(stdout);
	str_fini(&line);
}

/* --- a run -----------------------------------------------------------------
 */

/* Never returns. */
static void
become_run(const struct keeper *k, const struct schedule_run *run,
	   const char *dir)
{
	const char *argv[16] = {"faultwire", "experiment", "run", k->file,
				"--out",     dir,	   "-q",  "-y"};
	size_t n = 8;

	if (run->scenario != NULL) {
		argv[n++] = "--only";
		argv[n++] = run->scenario;
	}
	if (k->opt->control != NULL) {
		argv[n++] = "--control";
		argv[n++] = k->opt->control;
	}
	if (k->opt->token_file != NULL) {
		argv[n++] = "--token-file";
		argv[n++] = k->opt->token_file;
	}
	setpgid(0, 0);
	command_signals();
	execv("/proc/self/exe", (char *const *)argv);
	_exit(127);
}

/* Waits for it; a signal to us goes to it, and it rolls back. */
static int
wait_run(struct keeper *k, pid_t pid)
{
	int status, sig;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		poll(&(struct pollfd){.fd = k->signal_fd, .events = POLLIN}, 1,
		     POLL_MS);
		sig = interrupt_take(k->signal_fd);
		if (sig != 0) {
			k->stopped = true;
			kill(pid, sig);
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
run_now(struct keeper *k, const struct schedule_run *run)
{
	struct str dir = {0};
	char code[16];
	pid_t pid;

	str_printf(&dir, "%s/", k->dir);
	schedule_moment(&dir, clock_wall_us(), "%Y%m%d-%H%M%S");
	say(run, "started, in ", dir.text);
	pid = fork();
	if (pid == 0)
		become_run(k, run, dir.text);
	if (pid > 0) {
		snprintf(code, sizeof(code), "%d", wait_run(k, pid));
		say(run, "ended with exit code ", code);
	} else {
		say(run, "could not be started: ", strerror(errno));
	}
	k->state.busy_us = clock_wall_us();
	k->stopped |= k->opt->once;
	str_fini(&dir);
}

/* --- waiting ----------------------------------------------------------------
 */

static void
wait_until(struct keeper *k, int64_t at_us)
{
	struct pollfd p = {.fd = k->signal_fd, .events = POLLIN};
	int64_t ms = (at_us - clock_wall_us()) / 1000 + 1;

	if (poll(&p, 1, (int)MIN(MAX(ms, 0), WAIT_MAX_MS)) > 0 &&
	    interrupt_take(k->signal_fd) != 0)
		k->stopped = true;
}

static int
keep(struct keeper *k)
{
	const struct conf_experiment *e = k->model->experiment;
	uint64_t seed = experiment_seed(k->model);
	int64_t told_us = 0;

	while (!k->stopped) {
		struct schedule_choice c =
		    schedule_decide(e, seed, &k->state, clock_wall_us());

		if (c.deed == SCHEDULE_END) {
			fprintf(stderr,
				"faultwire experiment schedule: nothing is "
				"scheduled; expected schedule = { cron = "
				"\xe2\x80\xa6 }\n");
			return EXIT_BAD_FILE;
		}
		if (c.deed == SCHEDULE_WAIT) {
			if (told_us != c.run.at_us)
				say(&c.run, "next", "");
			told_us = c.run.at_us;
			wait_until(k, c.run.at_us);
			continue;
		}
		k->state.done_us = c.run.at_us;
		write_state(k);
		if (c.deed == SCHEDULE_RUN)
			run_now(k, &c.run);
		else
			say(&c.run, "left out: ", c.why);
	}
	return EXIT_DONE;
}

static int
run(int argc, char **argv)
{
	struct schedule_options opt = {0};
	int rest =
	    options_parse(&command_experiment_schedule, argc, argv, &opt);
	struct keeper k = {.opt = &opt};
	struct conf_model *model;
	int code;

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (argc - rest != 1) {
		fprintf(stderr, "faultwire experiment schedule: one file is "
				"needed\n");
		return EXIT_USAGE;
	}
	k.file = argv[rest];
	k.model = model = experiment_load(k.file);
	if (model == NULL)
		return EXIT_BAD_FILE;
	k.dir = opt.out != NULL ? opt.out : model->experiment->report.dir;
	mkdir(k.dir, 0777);
	k.state_path = xasprintf("%s/schedule.state", k.dir);
	schedule_zone(model->experiment->schedule.tz);
	read_state(&k);
	k.signal_fd = interrupt_open(signals);
	code = keep(&k);
	interrupt_close(k.signal_fd, signals);
	free(k.state_path);
	conf_model_unref(model);
	return code;
}

const struct command command_experiment_schedule = {
    .name = "experiment schedule",
    .usage = "FILE",
    .summary = "Stays, and runs an experiment at the times of its schedule",
    .options = options,
    .run = run,
    .details = "The file is read once. `faultwire experiment plan` tells the "
	       "next runs. What was\ndealt with is kept in schedule.state "
	       "beside the reports.\n",
    .args_min = 1,
    .args_max = 1,
    .args = "FILE",
};
