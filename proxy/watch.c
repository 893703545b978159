/* SPDX-License-Identifier: Apache-2.0 */
/* Watching files by their directories: a rename or a swapped link changes a
 * directory, not the file. Every sign of a change only leads to a look; what
 * counts is a hash of the contents. */
#include "proxy/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"

/* Editors write in several steps; this long nothing more may come. */
#define SETTLE_MS 50
/* Mounts that tell nothing are looked at this often. */
#define LOOK_S 5
#define SIGNS                                                                  \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |            \
	    IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct watch {
	struct event_base *base;
	void (*on_change)(void *arg);
	void *arg;
	int fd;
	struct event *ready, *settle, *look;
	char **files; /* owned */
	size_t count;
	size_t needed; /* the first of them, which must be there */
	uint64_t known; /* hash of the contents */
};

static void
hash_value(uint64_t *hash, unsigned value)
{
	*hash = (*hash ^ value) * HASH_PRIME;
}

/* What stands in a file's place and cannot be read, such as a folder, is a
 * change like others: whoever reads it says what is wrong. */
static bool
hash_failure(int error, uint64_t *hash)
{
	if (error != EISDIR && error != EACCES && error != ELOOP)
		return false;
	hash_value(hash, 0x200u + (unsigned)error);
	return true;
}

/* FNV-1a over one file's bytes; false if it is not there now. */
static bool
hash_file(const char *path, uint64_t *hash)
{
	char buf[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return hash_failure(errno, hash);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		*hash = hash_bytes(*hash, buf, (size_t)n);
	if (n < 0 && hash_failure(errno, hash))
		n = 0;
	close(fd);
	hash_value(hash, 0x100);
	return n == 0;
}

uint64_t
watch_hash(const char *file)
{
	uint64_t hash = HASH_SEED;

	return hash_file(file, &hash) ? hash : 0;
}

/* False while a file is missing: between an editor's unlink and its rename. */
static bool
hash_files(const struct watch *w, uint64_t *hash)
{
	*hash = HASH_SEED;
	for (size_t i = 0; i < w->count; i++) {
		if (!hash_file(w->files[i], hash) && i < w->needed)
			return false;
	}
	return true;
}

static void
look(struct watch *w)
{
	uint64_t hash;

	if (!hash_files(w, &hash) || hash == w->known)
		return;
	w->known = hash;
	w->on_change(w->arg);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct timeval settle = {.tv_usec = SETTLE_MS * 1000};
	struct watch *w = arg;
	char buf[4096];

	(void)what;
	while (read(fd, buf, sizeof(buf)) > 0)
		continue;
	event_add(w->settle, &settle);
}

static void
add_directory(struct watch *w, const char *file)
{
	char *path = xstrdup(file), *slash = strrchr(path, '/');

	if (slash == NULL)
		inotify_add_watch(w->fd, ".", SIGNS);
	else if (slash == path)
		inotify_add_watch(w->fd, "/", SIGNS);
	else {
		*slash = '\0';
		inotify_add_watch(w->fd, path, SIGNS);
	}
	free(path);
}

/* The directories of links on the way to the file: they may be swapped. */
static void
add_links(struct watch *w, const char *file)
{
	char *path = xstrdup(file);
	struct stat st;

	for (char *p = strchr(path + 1, '/'); p != NULL;
	     p = strchr(p + 1, '/')) {
		*p = '\0';
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
			add_directory(w, path);
		*p = '/';
	}
	free(path);
}

/* The directory of the name, and of what it links to. */
static void
add_file(struct watch *w, const char *file)
{
	char real[PATH_MAX];

	if (file[0] != '\0')
		add_links(w, file);
	add_directory(w, file);
	if (realpath(file, real) != NULL)
		add_directory(w, real);
}

static bool
same_files(const struct watch *w, const struct conf_strings *files)
{
	if (w->count != files->count)
		return false;
	for (size_t i = 0; i < w->count; i++) {
		if (strcmp(w->files[i], files->items[i]) != 0)
			return false;
	}
	return true;
}

static void
forget_files(struct watch *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->files[i]);
	free(w->files);
	w->files = NULL;
	w->count = 0;
}

static void
open_inotify(struct watch *w)
{
	if (w->ready != NULL)
		event_free(w->ready);
	w->ready = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		log_line(LOG_WARN, "watch_failed",
		    "cannot watch the configuration; looking every 5 s",
		    LOG_STR("error", strerror(errno)), LOG_END);
		return;
	}
	w->ready = event_new(w->base, w->fd, EV_READ | EV_PERSIST, on_ready,
	    w);
	event_add(w->ready, NULL);
}

void
watch_files(struct watch *w, const struct conf_strings *files, size_t needed,
    uint64_t loaded)
{
	struct timeval settle = {.tv_usec = SETTLE_MS * 1000};
	/* What is known of the same files is from before they were read. */
	bool again = w->known != 0 && same_files(w, files);

	forget_files(w);
	open_inotify(w);
	w->files = xcalloc(files->count, sizeof(*w->files));
	w->count = files->count;
	w->needed = needed;
	for (size_t i = 0; i < files->count; i++) {
		w->files[i] = xstrdup(files->items[i]);
		if (w->fd >= 0)
			add_file(w, files->items[i]);
	}
	if (again) {
		event_add(w->settle, &settle);
	} else if (hash_files(w, &w->known) &&
	    watch_hash(files->items[0]) != loaded) {
		/* It changed while it was read. */
		w->known = 0;
		event_add(w->settle, &settle);
	}
}

struct watch *
watch_new(struct event_base *base, void (*on_change)(void *), void *arg)
{
	struct timeval every = {.tv_sec = LOOK_S};
	struct watch *w = xcalloc(1, sizeof(*w));

	w->base = base;
	w->on_change = on_change;
	w->arg = arg;
	w->fd = -1;
	w->settle = event_new(base, -1, 0, on_look, w);
	w->look = event_new(base, -1, EV_PERSIST, on_look, w);
	event_add(w->look, &every);
	return w;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	forget_files(w);
	if (w->ready != NULL)
		event_free(w->ready);
	event_free(w->settle);
	event_free(w->look);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}
