/* SPDX-License-Identifier: Apache-2.0 */
/* Files: each is written beside its place, then renamed. */
#include "report/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "report/views.h"

#define PREVIOUS_MAX ((off_t)64 << 20) /* bytes of a report.json */

static const struct {
	const char *format, *file;
	void (*view)(const struct report *, struct str *);
	bool read; /* for readers; else for tools that judge */
} formats[] = {
    {"md", "report.md", view_markdown, true},
    {"html", "report.html", view_html, true},
    {"json", "report.json", view_json, true},
    {"junit", "junit.xml", view_junit, false},
    {"sarif", "report.sarif", view_sarif, false},
};

/* --- reading the last one --------------------------------------------------
 */

/* Owned; NULL: there is none that can be read. */
static char *
read_whole(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= PREVIOUS_MAX) {
		text = xmalloc((size_t)st.st_size + 1);
		n = read(fd, text, (size_t)st.st_size);
		text[n > 0 ? n : 0] = '\0';
	}
	close(fd);
	return text;
}

static char *
read_previous(const struct run *run, const char *dir)
{
	char *path, *text;

	if (run->previous != NULL)
		return read_whole(run->previous);
	path = xasprintf("%s/report.json", dir);
	text = read_whole(path);
	free(path);
	return text;
}

/* --- writing ---------------------------------------------------------------
 */

/* All of the path that is missing. */
static bool
make_folder(const char *dir, struct error *err)
{
	char *path = xstrdup(dir);
	bool ok = true;

	for (char *at = path + 1; ok && *path != '\0'; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			ok = error_set(err, errno, "%s: %s", path,
				       strerror(errno));
		*at = was;
		if (was == '\0')
			break;
	}
	free(path);
	return ok;
}

static bool
write_all(int fd, const struct str *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->text + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) == 0;
}

static bool
write_file(const char *path, const struct str *text, struct error *err)
{
	char *beside = xasprintf("%s.%ld", path, (long)getpid());
	int code, fd;
	bool ok;

	unlink(beside); /* of one who had this number before, and died */
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	ok = fd >= 0 && write_all(fd, text) && rename(beside, path) == 0;
	code = errno;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !ok)
		unlink(beside);
	if (!ok)
		error_set(err, code, "%s: %s", path, strerror(code));
	free(beside);
	return ok;
}

static bool
is_wanted(const struct conf_strings *asked, const char *format)
{
	for (size_t i = 0; i < asked->count; i++) {
		if (strcmp(asked->items[i], format) == 0)
			return true;
	}
	return asked->count == 0;
}

bool
report_write(const struct run *run, const char *dir, struct error *err)
{
	struct report report;
	char *previous;
	bool ok = true;

	if (!make_folder(dir, err))
		return false;
	previous = read_previous(run, dir);
	report_build(&report, run, previous);
	for (size_t i = 0; ok && i < COUNT_OF(formats); i++) {
		struct str text = {0};
		char *path;

		if (!is_wanted(&run->asked->report.formats, formats[i].format))
			continue;
		formats[i].view(&report, &text);
		path = xasprintf("%s/%s", dir, formats[i].file);
		ok = write_file(path, &text, err);
		free(path);
		str_fini(&text);
	}
	report_fini(&report);
	free(previous);
	return ok;
}

bool
report_write_file(const struct run *run, const char *path, struct error *err)
{
	size_t len = strlen(path), i = 0;
	struct report report;
	struct str text = {0};
	char *previous;
	bool ok;

	for (; i < COUNT_OF(formats); i++) {
		const char *end = strrchr(formats[i].file, '.');

		if (formats[i].read && len > strlen(end) &&
		    strcmp(path + len - strlen(end), end) == 0)
			break;
	}
	if (i == COUNT_OF(formats))
		return error_set(
		    err, 0,
		    "%s: expected a name that ends in .md, .html or .json",
		    path);
	previous = run->previous != NULL ? read_whole(run->previous) : NULL;
	report_build(&report, run, previous);
	formats[i].view(&report, &text);
	ok = write_file(path, &text, err);
	report_fini(&report);
	str_fini(&text);
	free(previous);
	return ok;
}
