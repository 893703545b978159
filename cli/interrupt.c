/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as something to wait for. */
#include "cli/interrupt.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t
set_of(const int *signals)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *signals != 0; signals++)
		sigaddset(&set, *signals);
	return set;
}

int
interrupt_open(const int *signals)
{
	sigset_t set = set_of(signals);
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

	if (fd >= 0)
		sigprocmask(SIG_BLOCK, &set, NULL);
	return fd;
}

int
interrupt_take(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}

void
interrupt_close(int fd, const int *signals)
{
	sigset_t set = set_of(signals);

	if (fd < 0)
		return;
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
