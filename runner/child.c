/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping the proxy. */
#include "runner/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "runner/command.h"

#define READY_US	INT64_C(30000000)
#define POLL_MS		20
#define GENTLE_MS	300  /* to let sessions go */
#define STOP_MS		5000 /* then it is killed */
#define EXIT_NO_PROGRAM 127

/* Never returns. */
static void
become_proxy(const struct child *c, const struct child_options *o)
{
	char *control = xasprintf("unix:%s", c->socket);
	char *seed = xasprintf("%" PRIu64, o->seed & INT64_MAX);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = open(c->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	setsid();
	command_signals();
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	execl("/proc/self/exe", "faultwire", "run", "-c", o->config,
	      "--control", control, "--journal", c->journal, "--seed", seed,
	      "--log-format", "json", (char *)NULL);
	_exit(EXIT_NO_PROGRAM);
}

/* The last line that it wrote, cut. */
static void
last_words(const struct child *c, char *to, size_t size)
{
	FILE *file = fopen(c->log, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	to[0] = '\0';
	while (file != NULL && (n = getline(&line, &room, file)) > 0) {
		if (n > 1)
			snprintf(to, size, "%.*s", (int)strcspn(line, "\n"),
				 line);
	}
	if (file != NULL)
		fclose(file);
	free(line);
}

bool
child_ended(struct child *c, struct error *err)
{
	char words[160];
	struct error how;
	int status;

	if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	c->pid = 0;
	command_status_text(status, &how);
	last_words(c, words, sizeof(words));
	error_set(err, 0, "the proxy ended: %s%s%s", how.text,
		  words[0] != '\0' ? ": " : "", words);
	return true;
}

/* Does it answer, and not one that another runner left behind at the same
 * socket? */
static bool
is_ready(const struct child *c, struct control *control, struct error *err)
{
	json_t *answer;
	json_int_t pid;

	if (!control_call(control, ASK("GET", "/v1/status", NULL), &answer,
			  err))
		return false;
	pid = json_integer_value(json_object_get(answer, "pid"));
	json_decref(answer);
	return pid == c->pid ||
	       error_set(err, 0,
			 "%s: the proxy of an earlier run still has it, "
			 "process %lld; end that one first",
			 c->socket, (long long)pid);
}

static bool
wait_ready(struct child *c, const struct child_options *o,
	   struct control *control, struct error *err)
{
	int64_t until_us = clock_now(&clock_real) + READY_US;
	struct pollfd cancel = {.fd = o->cancel_fd, .events = POLLIN};

	for (;;) {
		if (child_ended(c, err))
			return false;
		if (is_ready(c, control, err))
			return true;
		if (clock_now(&clock_real) >= until_us)
			return false;
		if (poll(&cancel, 1, POLL_MS) > 0)
			return error_set(err, ECANCELED, "interrupted");
	}
}

bool
child_start(struct child *c, const struct child_options *o,
	    struct control *control, struct error *err)
{
	char *url;
	bool ok;

	*c = (struct child){.log = xasprintf("%s/proxy.log", o->dir),
			    .journal = xasprintf("%s/journal.jsonl", o->dir),
			    .socket = xasprintf("%s/control.sock", o->dir)};
	if (strlen(c->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return error_set(err, ENAMETOOLONG,
				 "%.100s: too long for a socket; expected a "
				 "shorter --out",
				 c->socket);
	url = xasprintf("unix:%s", c->socket);
	ok = control_init(control, url, o->token, err);
	free(url);
	if (!ok)
		return false;
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return error_set(err, errno, "%s", strerror(errno));
	}
	if (c->pid == 0)
		become_proxy(c, o);
	return wait_ready(c, o, control, err);
}

/* True: it is gone. */
static bool
wait_gone(struct child *c, int ms)
{
	for (; ms > 0; ms -= POLL_MS) {
		if (waitpid(c->pid, NULL, WNOHANG) == c->pid)
			return true;
		poll(NULL, 0, POLL_MS);
	}
	return false;
}

void
child_stop(struct child *c)
{
	if (c->pid != 0) {
		kill(c->pid, SIGTERM);
		if (!wait_gone(c, GENTLE_MS)) {
			kill(c->pid, SIGTERM);
			if (!wait_gone(c, STOP_MS)) {
				kill(c->pid, SIGKILL);
				waitpid(c->pid, NULL, 0);
			}
		}
	}
	free(c->log);
	free(c->journal);
	free(c->socket);
	*c = (struct child){0};
}
