/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire top: routes and faults at work, drawn again and again.
 *
 *	look at the API ─► top_view ─► screen ─► wait: interval, key, signal ─┐
 *	       ▲                                                              │
 *	       └──────────────────────────────────────────────────────────────┘
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/term.h"
#include "cli/top_view.h"
#include "config/units.h"

#define TIMEOUT_US  2000000
#define INTERVAL_US 1000000
#define INTERVAL_MIN_US 100000

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, 0};
static const int notices[] = {SIGWINCH, SIGTSTP, 0};

struct top {
	struct cli cli; /* first */
	const char *interval;
	bool once;
	/* While it runs: */
	int64_t interval_us;
	int stop_fd, notice_fd;
	bool screen; /* drawn on a terminal */
	bool quit;
	enum top_sort sort;
	struct term term;
	struct top_sample now, before;
};

static const struct option_row options[] = {
    {0, "interval", OPTION_TEXT, offsetof(struct top, interval), "DURATION",
	"between two looks; 1s unless said"},
    {0, "once", OPTION_FLAG, offsetof(struct top, once), NULL,
	"measure for one interval, print, and end"},
    CLI_OPTIONS,
    {0, "json", OPTION_FLAG, offsetof(struct top, cli.json), NULL,
	"print each look's figures as a line of JSON"},
    {0},
};

/* --- looking --- */

static int
ask(struct top *top, struct top_sample *to)
{
	json_t *status = NULL, *answer = NULL;
	int code = cli_get(&top->cli, "/v1/status", &status);

	if (code == EXIT_DONE)
		code = cli_get(&top->cli, "/v1/routes", &answer);
	if (code == EXIT_DONE) {
		top_sample_init(to, clock_now(&clock_real), status, answer);
		return code;
	}
	json_decref(status);
	json_decref(answer);
	return code;
}

/* A failure is told on the usual screen: the call is made again there. */
static int
look(struct top *top)
{
	struct top_sample sample;
	bool drawn = top->term.entered;
	int code;

	top->cli.quiet = drawn;
	code = ask(top, &sample);
	top->cli.quiet = false;
	if (code != EXIT_DONE && drawn) {
		term_leave(&top->term);
		code = ask(top, &sample);
		if (code == EXIT_DONE)
			term_enter(&top->term);
	}
	if (code != EXIT_DONE)
		return code;
	top_sample_fini(&top->before);
	top->before = top->now;
	top->now = sample;
	return code;
}

/* --- drawing --- */

/* Every line ends what stood there before, the last all below. */
static void
put_screen(const struct str *text)
{
	fputs("\033[H", stdout);
	for (const char *at = text->text; *at != '\0';) {
		size_t len = strcspn(at, "\n");

		fwrite(at, 1, len, stdout);
		at += len + (at[len] == '\n');
		/* A line feed behind the last line would scroll. */
		fputs(*at != '\0' ? "\033[K\n" : "\033[K\033[J", stdout);
	}
}

static void
draw(struct top *top)
{
	struct top_look look = {.colour = cli_colour(), .sort = top->sort};
	struct str text = {0};

	if (top->screen) {
		look.keys = true;
		term_size(&look.rows, &look.columns);
	}
	if (top->cli.json)
		top_view_json(&text, &top->now, &top->before);
	else
		top_view(&text, &top->now, &top->before, &look);
	if (top->screen)
		put_screen(&text);
	else
		printf("%s%s", text.text,
		    top->once || top->cli.json ? "" : "\n");
	fflush(stdout);
	str_fini(&text);
}

/* --- waiting --- */

static const struct {
	int key;
	enum top_sort sort;
} sorts[] = {
    {'f', TOP_FILE},
    {'n', TOP_NAME},
    {'s', TOP_SESSIONS},
    {'r', TOP_REQUESTS},
    {'b', TOP_BYTES},
};

static void
on_keys(struct top *top)
{
	int key;

	while ((key = term_key(&top->term)) != 0) {
		if (key == 'q' || key == 'Q' || key < 0) {
			top->quit = true;
			return;
		}
		for (size_t i = 0; i < COUNT_OF(sorts); i++) {
			if (sorts[i].key == key)
				top->sort = sorts[i].sort;
		}
	}
	draw(top);
}

/* A new size is drawn at once; Control-Z gives the terminal back first. */
static void
on_notice(struct top *top)
{
	int number;

	while ((number = interrupt_take(top->notice_fd)) != 0) {
		if (number != SIGTSTP)
			continue;
		term_leave(&top->term);
		kill(getpid(), SIGSTOP);
		if (top->screen)
			term_enter(&top->term);
	}
	if (top->screen)
		draw(top);
}

/* Until the next look is due, or it is to end. */
static void
wait_interval(struct top *top)
{
	int64_t due_us = top->now.time_us + top->interval_us, left_us;
	struct pollfd p[] = {
	    {.fd = top->stop_fd, .events = POLLIN},
	    {.fd = top->notice_fd, .events = POLLIN},
	    {.fd = -1, .events = POLLIN},
	};

	while (!top->quit &&
	    (left_us = due_us - clock_now(&clock_real)) > 0) {
		p[2].fd = top->term.has_keys ? STDIN_FILENO : -1;
		if (poll(p, COUNT_OF(p), (int)(left_us / 1000) + 1) <= 0)
			continue;
		if (p[0].revents != 0)
			top->quit = true;
		if (p[1].revents != 0)
			on_notice(top);
		if (p[2].revents != 0)
			on_keys(top);
	}
}

static int
watch(struct top *top)
{
	int code = look(top);

	if (code == EXIT_DONE && top->screen)
		term_enter(&top->term);
	if (code == EXIT_DONE && top->screen)
		draw(top);
	while (code == EXIT_DONE && !top->quit && !ferror(stdout)) {
		wait_interval(top);
		if (top->quit)
			break;
		code = look(top);
		if (code == EXIT_DONE)
			draw(top);
		top->quit |= top->once;
	}
	term_leave(&top->term);
	return code;
}

/* --- the command --- */

static int
start(struct cli *cli, int argc, char **args)
{
	struct top *top = CONTAINER_OF(cli, struct top, cli);
	struct error err;
	int code;

	top->interval_us = INTERVAL_US;
	if (top->interval != NULL &&
	    (!units_duration(top->interval, INTERVAL_US, &top->interval_us,
		&err) || top->interval_us < INTERVAL_MIN_US)) {
		cli_say(cli, "--interval %s: expected a duration of at least "
			     "100ms", top->interval);
		return EXIT_USAGE;
	}
	top->screen = isatty(STDOUT_FILENO) && !top->once &&
	    !cli->json;
	top->stop_fd = interrupt_open(stop_signals);
	top->notice_fd = interrupt_open(notices);
	cli->target.cancel_fd = top->stop_fd;
	cli->target.timeout_us = TIMEOUT_US;
	code = watch(top);
	if (interrupt_take(top->stop_fd) != 0)
		code = EXIT_DONE;
	interrupt_close(top->stop_fd, stop_signals);
	interrupt_close(top->notice_fd, notices);
	top_sample_fini(&top->now);
	top_sample_fini(&top->before);
	return code;
}

static int
run(int argc, char **argv)
{
	struct top top = {0};

	return cli_run(&top.cli, &command_top, argc, argv, start);
}

const struct command command_top = {
    .name = "top",
    .usage = "[--interval DURATION] [--once] [--json]",
    .summary = "Shows routes and faults at work, again and again",
    .options = options,
    .run = run,
    .details = "Keys: q quits; f, n, s, r, b sort by the file's order, name, "
	       "sessions, requests\nand bytes. Where standard output is no "
	       "terminal, the same is printed as lines.\n",
};
