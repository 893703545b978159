/* SPDX-License-Identifier: Apache-2.0 */
/* The load generator's command line: a mode, then --name value pairs. Every
 * run is bounded in connections and time, and stays on the loopback. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench/load.h"

/* Beyond the time asked for: connecting, and closing 9,500 connections. */
#define GRACE_S 30

struct option_row {
	const char *name;
	size_t at;
	int64_t min, max;
	const char *help;
};

#define ROW(field, min, max, help)                                             \
	{                                                                      \
#field, offsetof(struct load_options, field), min, max, help   \
	}
#define PORT(field, help) ROW(field, 1, 65535, help)

static const struct option_row rows[] = {
    PORT(port, "clients: where to connect"),
    ROW(conns, 1, LOAD_MAX_CONNS, "connections at once (1)"),
    ROW(threads, 1, LOAD_MAX_THREADS, "threads (1)"),
    ROW(size, 1, 1 << 20, "bytes of a message or bulk call (64, 131072)"),
    ROW(seconds_ms, 1, LOAD_MAX_SECONDS * 1000, "time measured (2000)"),
    ROW(warm_ms, 0, 60000, "time run before that (300)"),
    ROW(up, 0, 1, "bulk: from client to server"),
    ROW(window_ms, 0, 1000, "bulk: also bytes for each window"),
    ROW(http, 0, 1, "idle: an HTTP exchange on each connection"),
    ROW(window, 1, 1024, "udp: datagrams under way on each socket (16)"),
    ROW(no_request, 0, 1, "churn: expect the server to close at once"),
    PORT(echo, "serve: send everything back"),
    PORT(sink, "serve: read everything"),
    PORT(source, "serve: write without end"),
    PORT(web, "serve: HTTP/1.1, 1 KiB, keep-alive"),
    PORT(reply, "serve: read a request, answer 64 bytes, close"),
    PORT(slam, "serve: accept and close"),
    PORT(serve, "probe: own listener that echoes at once"),
    PORT(serve_late, "probe: own listener that echoes late"),
    PORT(serve_busy, "probe: own listener for the busy ones"),
    ROW(late_us, 0, 10000000, "probe: how late"),
    PORT(base_port, "probe: the way without a delay; udp_relay: to where"),
    PORT(busy_port, "probe: where the busy connections go"),
    ROW(busy, 0, 1024, "probe: how many of them"),
    ROW(gap_us, 1, 10000000, "probe: mean pause before a request (2000)"),
    ROW(base_gap_us, 1, 10000000, "probe: the same for base_port"),
    ROW(together, 0, 1, "probe: all requests leave at once"),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct {
	const char *name;
	void (*run)(const struct load_options *);
	const char *help;
} modes[] = {
    {"serve", serve_run, "servers behind the proxy"},
    {"pingpong", pingpong_run, "round trips, one outstanding each"},
    {"http", http_run, "requests on kept-alive connections"},
    {"bulk", bulk_run, "streams at full speed"},
    {"churn", churn_run, "connections made, used once and closed"},
    {"probe", probe_run, "what delay was really added; spins"},
    {"idle", idle_run, "open, hold until stdin ends"},
    {"udp", udp_run, "datagrams there and back"},
    {"udp_echo", udp_echo_run, "sends datagrams back"},
    {"udp_relay", udp_relay_run, "passes datagrams on, to base_port"},
};
#define MODES (sizeof(modes) / sizeof(modes[0]))

int64_t
load_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

void
load_die(const char *what)
{
	if (errno != 0)
		fprintf(stderr, "fwbench: %s: %s\n", what, strerror(errno));
	else
		fprintf(stderr, "fwbench: %s\n", what);
	_exit(1);
}

static int
usage(FILE *to)
{
	fprintf(to, "usage: fwbench MODE --name value ...\n");
	for (size_t i = 0; i < MODES; i++)
		fprintf(to, "  %-12s %s\n", modes[i].name, modes[i].help);
	for (size_t i = 0; i < ROWS; i++)
		fprintf(to, "  --%-14s %s\n", rows[i].name, rows[i].help);
	return to == stdout ? 0 : 2;
}

static bool
option_set(struct load_options *o, const char *name, const char *text)
{
	char *end;
	long long value;

	if (strncmp(name, "--", 2) != 0 || text == NULL)
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		return false;
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].name, name + 2) != 0)
			continue;
		if (value < rows[i].min || value > rows[i].max)
			return false;
		*(int64_t *)((char *)o + rows[i].at) = value;
		return true;
	}
	return false;
}

/* Ends with whoever started it, and after its time whatever happens. */
static void
bounds_set(const struct load_options *o)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	alarm((unsigned)((o->seconds_ms + o->warm_ms) / 1000) + GRACE_S);
}

int
main(int argc, char **argv)
{
	struct load_options o = {
	    .conns = 1,
	    .threads = 1,
	    .seconds_ms = 2000,
	    .warm_ms = 300,
	    .gap_us = 2000,
	    .base_gap_us = 2000,
	};

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout);
	if (argc < 2)
		return usage(stderr);
	for (int i = 2; i < argc; i += 2) {
		if (!option_set(&o, argv[i], argv[i + 1])) {
			fprintf(stderr, "fwbench: bad option %s\n", argv[i]);
			return usage(stderr);
		}
	}
	for (size_t i = 0; i < MODES; i++) {
		if (strcmp(modes[i].name, argv[1]) == 0) {
			bounds_set(&o);
			modes[i].run(&o);
			return 0;
		}
	}
	return usage(stderr);
}
