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
#include "runner/conduct.h"
#include "runner/schedule_tally.h"

#define WAIT_MAX_MS 30000 /* then the clock is looked at again */
#define POLL_MS	    100

static const int signals[] = {SIGINT, SIGTERM, 0};

struct schedule_options {
	const char *out, *control, *token_file, *metrics;
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
    ROW("metrics", OPTION_TEXT, metrics, "FILE",
	"keep metrics there, for Prometheus' textfile collector"),
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
	uint64_t seed;
	struct schedule_state state;
	struct schedule_tally tally;
	struct str told;  /* the metrics as they were written last */
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

/* Readers see the old text or the new one. False: that was told. */
static bool
replace(const char *path, const char *text)
{
	char *fresh = xasprintf("%s.new", path);
	FILE *file = fopen(fresh, "we");
	bool ok = file != NULL && fputs(text, file) >= 0;

	if (file != NULL)
		ok = fclose(file) == 0 && ok;
	ok = ok && rename(fresh, path) == 0;
	if (!ok)
		fprintf(stderr, "faultwire experiment schedule: %s: %s\n", path,
			strerror(errno));
	free(fresh);
	return ok;
}

static void
write_state(const struct keeper *k)
{
	char *text = xasprintf("%" PRId64 "\n", k->state.done_us);

	replace(k->state_path, text);
	free(text);
}

/* The metrics, with the first run after that moment as the next one. */
static bool
write_metrics(struct keeper *k, int64_t from_us)
{
	const struct conf_experiment *e = k->model->experiment;
	struct schedule_run next;
	struct str text = {0};
	bool ok = true;

	if (k->opt->metrics == NULL)
		return true;
	k->tally.next_us =
	    schedule_next(e, k->seed, from_us, &next, 1) > 0 ? next.at_us : 0;
	schedule_tally_text(&k->tally, e->name, &text);
	if (k->told.text == NULL || strcmp(k->told.text, text.text) != 0)
		ok = replace(k->opt->metrics, text.text);
	str_fini(ok ? &k->told : &text);
	k->told = ok ? text : k->told;
	return ok;
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
		/* What is due meanwhile is dealt with afterwards. */
		if (k->tally.next_us != 0 &&
		    k->tally.next_us <= clock_wall_us())
			write_metrics(k, clock_wall_us());
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
run_now(struct keeper *k, const struct schedule_run *run)
{
	struct str dir = {0};
	char text[16];
	int code = 127;
	pid_t pid;

	str_printf(&dir, "%s/", k->dir);
	schedule_moment(&dir, clock_wall_us(), "%Y%m%d-%H%M%S");
	say(run, "started, in ", dir.text);
	k->tally.start_us = clock_wall_us();
	write_metrics(k, k->state.done_us);
	pid = fork();
	if (pid == 0)
		become_run(k, run, dir.text);
	if (pid > 0) {
		code = wait_run(k, pid);
		snprintf(text, sizeof(text), "%d", code);
		say(run, "ended with exit code ", text);
	} else {
		say(run, "could not be started: ", strerror(errno));
	}
	k->state.busy_us = clock_wall_us();
	schedule_tally_end(&k->tally, code, k->state.busy_us);
	write_metrics(k, k->state.done_us);
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

static void
leave_out(struct keeper *k, const struct schedule_choice *c)
{
	say(&c->run, "left out: ", c->why);
	schedule_tally_leave_out(&k->tally, c->reason, clock_wall_us());
}

static int
keep(struct keeper *k)
{
	const struct conf_experiment *e = k->model->experiment;
	int64_t told_us = 0;

	while (!k->stopped) {
		struct schedule_choice c =
		    schedule_decide(e, k->seed, &k->state, clock_wall_us());

		if (c.deed == SCHEDULE_END) {
			fprintf(stderr,
				"faultwire experiment schedule: nothing is "
				"scheduled; expected schedule = { cron = "
				"\xe2\x80\xa6 }\n");
			return CONDUCT_BAD_FILE;
		}
		if (c.deed == SCHEDULE_WAIT) {
			if (told_us != c.run.at_us)
				say(&c.run, "next", "");
			told_us = c.run.at_us;
			write_metrics(k, k->state.done_us);
			wait_until(k, c.run.at_us);
			continue;
		}
		k->state.done_us = c.run.at_us;
		write_state(k);
		if (c.deed == SCHEDULE_RUN)
			run_now(k, &c.run);
		else
			leave_out(k, &c);
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
		return CONDUCT_BAD_FILE;
	k.dir = opt.out != NULL ? opt.out : model->experiment->report.dir;
	mkdir(k.dir, 0777);
	k.state_path = xasprintf("%s/schedule.state", k.dir);
	schedule_zone(model->experiment->schedule.tz);
	k.seed = experiment_seed(model);
	read_state(&k);
	if (!write_metrics(&k, k.state.done_us)) {
		free(k.state_path);
		conf_model_unref(model);
		return EXIT_USAGE;
	}
	k.signal_fd = interrupt_open(signals);
	code = keep(&k);
	interrupt_close(k.signal_fd, signals);
	str_fini(&k.told);
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
	       "beside the reports. By what --metrics keeps,\nan alert can "
	       "notice that a run did not take place.\n",
    .args_min = 1,
    .args_max = 1,
    .args = "FILE",
};
