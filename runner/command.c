/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, watching and killing commands. */
#include "runner/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NO_SHELL 127

void
command_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void
open_as(const char *path, int fd)
{
	int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (file >= 0)
		dup2(file, fd);
}

/* Never returns. */
static void
become_shell(const struct command_options *o)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	command_signals();
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	open_as(o->output, STDOUT_FILENO);
	open_as(o->errors != NULL ? o->errors : o->output, STDERR_FILENO);
	for (size_t i = 0; o->env != NULL && o->env[i] != NULL; i++)
		putenv((char *)o->env[i]);
	execl("/bin/sh", "sh", "-c", o->text, (char *)NULL);
	_exit(EXIT_NO_SHELL);
}

bool
command_start(struct command_run *c, const struct command_options *o,
	      int64_t now_us, struct error *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_set(err, errno, "%s", strerror(errno));
	if (pid == 0)
		become_shell(o);
	setpgid(pid, pid); /* whoever comes first */
	*c = (struct command_run){pid, now_us + o->timeout_us, o->timeout_us};
	return true;
}

void
command_status_text(int status, struct error *err)
{
	if (WIFSIGNALED(status))
		error_set(err, 0, "killed by signal %d (%s)", WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	else
		error_set(err, 0, "exit status %d", WEXITSTATUS(status));
}

bool
command_poll(struct command_run *c, int64_t now_us, bool *ok, struct error *err)
{
	pid_t got;
	int status;

	if (c->pid == 0)
		return false;
	got = waitpid(c->pid, &status, WNOHANG);
	if (got == 0 && now_us < c->until_us)
		return false;
	*ok = got == c->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (got == c->pid)
		command_status_text(status, err);
	else
		error_set(err, 0, "it took longer than %.3g s and was killed",
			  (double)c->timeout_us / 1e6);
	if (got == c->pid)
		c->pid = 0;
	else
		command_kill(c);
	return true;
}

void
command_kill(struct command_run *c)
{
	if (c->pid == 0)
		return;
	kill(-c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
}
