/* SPDX-License-Identifier: Apache-2.0 */
/* Files in memory instead of pipes: nobody waits for anybody to read. */
#include "control/child.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/xalloc.h"

/* Where programs of the system are, if PATH does not say so. */
static const char *const folders[] = {"/usr/sbin/", "/sbin/", "/usr/bin/",
    "/bin/"};

static int
file_of(const char *name, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (len > 0 && (write(fd, text, len) != (ssize_t)len ||
		lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
take(int fd, struct str *to)
{
	char part[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, part, sizeof(part))) > 0)
		str_add_bytes(to, part, (size_t)n);
}

static int
spawn(const char *const argv[], const int fds[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char *const *args = (char *const *)(uintptr_t)argv;
	int error;

	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	error = posix_spawnp(pid, argv[0], &actions, NULL, args, environ);
	for (size_t i = 0; error == ENOENT && i < COUNT_OF(folders); i++) {
		char *path = xasprintf("%s%s", folders[i], argv[0]);

		error = posix_spawn(pid, path, &actions, NULL, args, environ);
		free(path);
	}
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int
end_of(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status);
}

int
child_run(const char *const argv[], const char *input, struct str *out,
    struct str *complaint, struct error *err)
{
	int fds[3] = {file_of("in", input), file_of("out", NULL),
	    file_of("err", NULL)};
	int code = -1, error = errno;
	pid_t pid;

	if (fds[0] >= 0 && fds[1] >= 0 && fds[2] >= 0)
		error = spawn(argv, fds, &pid);
	if (error == 0) {
		code = end_of(pid);
		take(fds[1], out);
		take(fds[2], complaint);
	} else {
		error_set(err, error, "cannot run %s: %s", argv[0],
		    strerror(error));
	}
	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return code;
}
