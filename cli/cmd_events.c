/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire events: what happens, as it happens. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/event_line.h"
#include "cli/interrupt.h"
#include "client/sse.h"
#include "config/units.h"

#define DEFAULT_TIME  "1s"
#define RETRY_MIN_MS  500
#define RETRY_MAX_MS  5000
#define SECOND_US     1000000

static const int signals[] = {SIGINT, SIGTERM, 0};

struct events_options {
	struct cli cli; /* first */
	const char *route, *type, *fault, *session, *time, *count;
	bool follow;
	/* While it runs: */
	long left;	 /* events to print yet; < 0: any number */
	long long seen;
	bool connected;	 /* something came on this connection */
	int64_t until_us;
	struct sse sse;
};

#define EVENTS_OPTION(name, type, member, value, help)                         \
	{0, name, type, offsetof(struct events_options, member), value, help}

static const struct option_row options[] = {
    EVENTS_OPTION("follow", OPTION_FLAG, follow, NULL,
	"stay, and connect again when the connection is lost"),
    EVENTS_OPTION("for", OPTION_TEXT, time, "DURATION",
	"end after so long; 1s unless --follow or --count is given"),
    EVENTS_OPTION("count", OPTION_TEXT, count, "N", "end after so many"),
    EVENTS_OPTION("route", OPTION_TEXT, route, "ROUTE", "only of this route"),
    EVENTS_OPTION("type", OPTION_TEXT, type, "TYPE,...",
	"only of these types: decision,effect"),
    EVENTS_OPTION("fault", OPTION_TEXT, fault, "FAULT", "only of this fault"),
    EVENTS_OPTION("session", OPTION_TEXT, session, "SESSION",
	"only of this session"),
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

/* --- printing --- */

static void
add_time(struct str *to)
{
	int64_t now_us = clock_wall_us();
	time_t seconds = (time_t)(now_us / SECOND_US);
	struct tm local;
	char text[16];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	str_printf(to, "%s.%03d  ", text, (int)(now_us % SECOND_US / 1000));
}

static bool
on_event(void *arg, const char *type, const char *data)
{
	struct events_options *o = arg;
	json_t *event = json_loads(data, 0, NULL);
	struct str line = {0};

	if (json_object_get(event, "type") == NULL && json_is_object(event))
		json_object_set_new(event, "type", json_string(type));
	if (o->cli.json) {
		puts(data);
	} else {
		add_time(&line);
		event_line(&line, event);
		puts(line.text);
	}
	str_fini(&line);
	json_decref(event);
	o->seen++;
	return o->left < 0 || --o->left > 0;
}

/* Nobody reads what is printed any more; else noticed at the next event. */
static bool
is_unread(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO};

	return poll(&p, 1, 0) > 0 && (p.revents & POLLERR) != 0;
}

static bool
on_chunk(void *arg, struct view data)
{
	struct events_options *o = arg;
	bool more;

	if (o->cli.quiet)
		cli_say(&o->cli, "connected again");
	o->cli.quiet = false;
	o->connected = true;
	more = sse_feed(&o->sse, data);
	return fflush(stdout) == 0 && more && !is_unread();
}

/* --- the stream --- */

static bool
is_done(const struct events_options *o)
{
	return o->left == 0 || ferror(stdout) || is_unread() ||
	    (o->until_us != 0 && clock_now(&clock_real) >= o->until_us);
}

/* Waits, unless it is to end: then true. */
static bool
pause_ms(const struct events_options *o, int ms)
{
	struct pollfd p = {.fd = o->cli.target.cancel_fd, .events = POLLIN};

	return poll(&p, 1, ms) > 0 || is_done(o);
}

static char *
path_of(const struct events_options *o)
{
	struct str path = {0};

	str_add(&path, "/v1/events");
	cli_query(&path, "route", o->route);
	cli_query(&path, "type", o->type);
	cli_query(&path, "fault", o->fault);
	cli_query(&path, "session", o->session);
	return str_take(&path);
}

/* Comes back only when it is over; a connection that never was is an error,
 * one that was lost is made again. */
static int
follow(struct events_options *o, const char *path)
{
	struct http_client_sink sink = {on_chunk, o, o->until_us};
	int wait_ms = RETRY_MIN_MS, code;
	bool ever = false;

	for (;;) {
		o->connected = false;
		sse_restart(&o->sse);
		code = cli_stream(&o->cli, path, &sink);
		if (o->connected || code == EXIT_DONE) {
			ever = true;
			wait_ms = RETRY_MIN_MS;
		}
		if (!ever || code == EXIT_FAILED || pause_ms(o, 0))
			return ever && code == EXIT_UNREACHABLE ? EXIT_DONE
								: code;
		if (!o->cli.quiet)
			cli_say(&o->cli, "the connection is lost; trying "
					 "again until it is back");
		o->cli.quiet = true;
		if (pause_ms(o, wait_ms))
			return EXIT_DONE;
		wait_ms = MIN(2 * wait_ms, RETRY_MAX_MS);
	}
}

static int
listen_once(struct events_options *o, const char *path)
{
	struct http_client_sink sink = {on_chunk, o, o->until_us};
	int code = cli_stream(&o->cli, path, &sink);

	if (code == EXIT_UNREACHABLE && o->connected)
		return EXIT_FAILED;
	if (code == EXIT_DONE && o->seen == 0 && o->until_us != 0)
		cli_say(&o->cli, "nothing happened in that time; --follow "
				 "waits for more");
	return code;
}

/* --- the command --- */

static int
read_options(struct events_options *o)
{
	const char *time = o->time;
	struct error err;
	int64_t us;
	char *end;

	o->left = -1;
	if (o->count != NULL) {
		o->left = strtol(o->count, &end, 10);
		if (o->left <= 0 || *end != '\0') {
			cli_say(&o->cli, "--count %s: expected a number above "
					 "0", o->count);
			return EXIT_USAGE;
		}
	}
	if (time == NULL && !o->follow && o->count == NULL)
		time = DEFAULT_TIME;
	if (time == NULL)
		return EXIT_DONE;
	if (!units_duration(time, 0, &us, &err) || us <= 0) {
		cli_say(&o->cli, "--for %s: expected a duration such as 30s",
		    time);
		return EXIT_USAGE;
	}
	o->until_us = clock_now(&clock_real) + us;
	return EXIT_DONE;
}

static int
watch(struct cli *cli, int argc, char **args)
{
	struct events_options *o =
	    CONTAINER_OF(cli, struct events_options, cli);
	int code = read_options(o), fd;
	char *path;

	if (code != EXIT_DONE)
		return code;
	fd = interrupt_open(signals);
	path = path_of(o);
	cli->target.cancel_fd = fd;
	o->sse.on_event = on_event;
	o->sse.arg = o;
	code = o->follow ? follow(o, path) : listen_once(o, path);
	sse_fini(&o->sse);
	free(path);
	if (interrupt_take(fd) != 0)
		code = EXIT_DONE;
	interrupt_close(fd, signals);
	if (code != EXIT_DONE || ferror(stdout) || !is_unread())
		return code;
	cli_say(cli, "nobody reads standard output any more");
	return EXIT_FAILED;
}

static int
run(int argc, char **argv)
{
	struct events_options o = {0};

	return cli_run(&o.cli, &command_events, argc, argv, watch);
}

const struct command command_events = {
    .name = "events",
    .usage = "[--follow] [OPTION]…",
    .summary = "Prints what happens, as it happens, a line for each event",
    .options = options,
    .run = run,
    .details = "Events are not kept: what happened before is not told. An "
	       "event `gap` says how\nmany were lost because they came faster "
	       "than they were read.\n",
};
