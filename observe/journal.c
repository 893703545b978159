/* SPDX-License-Identifier: Apache-2.0 */
/* Lines gather in one string; writing takes from its front. */
#include "observe/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/xalloc.h"
#include "observe/event_json.h"

#define FLUSH_BYTES   (64 * 1024)   /* written at once when so many wait */
#define PENDING_BYTES (1024 * 1024) /* beyond, new lines are dropped */

struct journal {
	int fd;
	char *name; /* owned; for messages */
	const struct clock *clock;
	int64_t start_us;
	struct str pending; /* not written yet; whole lines but the first */
	size_t cut;	    /* bytes of the front line that were written */
	uint64_t gap;	    /* lines dropped, not told in the journal yet */
	uint64_t lost;	    /* lines dropped in all */
	bool failing;	    /* the last write failed; the log knows */
};

/* --- lines ---------------------------------------------------------------- */

static void
put_head(struct journal *j, uint64_t seed)
{
	int64_t wall_us = clock_wall_us();
	struct str start = {0};
	struct jsonw w;

	log_time(&start, wall_us);
	jsonw_init(&w, &j->pending);
	jsonw_object(&w);
	jsonw_put_string(&w, "type", "journal");
	jsonw_put_int(&w, "ts_us", 0);
	jsonw_put_int(&w, "format", 1);
	jsonw_put_string(&w, "version", FAULTWIRE_VERSION);
	jsonw_put_uint(&w, "seed", seed);
	jsonw_put_int(&w, "dice_version", RNG_DICE_VERSION);
	jsonw_put_string(&w, "start", start.text);
	jsonw_put_int(&w, "start_wall_us", wall_us);
	jsonw_object_end(&w);
	str_add_char(&j->pending, '\n');
	str_fini(&start);
}

static void
put_event(struct journal *j, const struct event_record *e)
{
	event_put_json(&j->pending, e, j->start_us);
	str_add_char(&j->pending, '\n');
}

/* Says how many lines are missing here. */
static void
put_gap(struct journal *j, int64_t time_us)
{
	if (j->gap == 0)
		return;
	put_event(j, &(struct event_record){.type = EVENT_GAP,
	    .time_us = time_us, .count = j->gap});
	j->gap = 0;
}

/* --- writing -------------------------------------------------------------- */

static void
lose(struct journal *j, uint64_t lines)
{
	j->gap += lines;
	j->lost += lines;
}

/* The reader of a pipe is gone, and the front of its line with it. */
static void
lose_pending(struct journal *j)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < j->pending.len; i++)
		lines += j->pending.text[i] == '\n';
	lose(j, lines);
	str_clear(&j->pending);
	j->cut = 0;
}

static void
failed(struct journal *j, int error)
{
	if (!j->failing)
		log_line(LOG_ERROR, "journal_failed",
		    "the journal cannot be written, lines may be lost",
		    LOG_STR("journal", j->name),
		    LOG_STR("error", strerror(error)), LOG_END);
	j->failing = true;
	if (error == EPIPE)
		lose_pending(j);
}

/* The first n bytes were written. */
static void
wrote(struct journal *j, size_t n)
{
	const char *end = memrchr(j->pending.text, '\n', n);

	if (end != NULL)
		j->cut = n - (size_t)(end + 1 - j->pending.text);
	else
		j->cut += n;
	j->pending.len -= n;
	memmove(j->pending.text, j->pending.text + n, j->pending.len + 1);
	if (!j->failing)
		return;
	j->failing = false;
	log_line(LOG_INFO, "journal_resumed", "the journal is written again",
	    LOG_STR("journal", j->name), LOG_UINT("lines_lost", j->gap),
	    LOG_END);
}

void
journal_flush(struct journal *j)
{
	size_t done = 0;
	int error = 0;

	while (done < j->pending.len && error == 0) {
		ssize_t n = write(j->fd, j->pending.text + done,
		    j->pending.len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			error = ENOSPC;
		else if (errno != EINTR)
			error = errno;
	}
	if (done > 0)
		wrote(j, done);
	if (error != 0 && error != EAGAIN) /* else the reader is slow */
		failed(j, error);
}

void
journal_consume(void *arg, const struct event_record *event)
{
	struct journal *j = arg;

	if (j->pending.len >= PENDING_BYTES) {
		lose(j, 1);
		return;
	}
	put_gap(j, event->time_us);
	put_event(j, event);
	if (j->pending.len >= FLUSH_BYTES && !j->failing)
		journal_flush(j);
}

uint64_t
journal_lost(const struct journal *j)
{
	return j->lost;
}

/* --- life ----------------------------------------------------------------- */

struct journal *
journal_new(int fd, const char *name, uint64_t seed, const struct clock *clock)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->fd = fd;
	j->name = xstrdup(name);
	j->clock = clock;
	j->start_us = clock_now(clock);
	put_head(j, seed);
	journal_flush(j);
	return j;
}

struct journal *
journal_open(const char *path, uint64_t seed, const struct clock *clock,
    struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND |
	    O_NONBLOCK | O_CLOEXEC, 0644);

	if (fd < 0) {
		error_set(err, errno, "journal %s: %s", path,
		    strerror(errno));
		return NULL;
	}
	return journal_new(fd, path, seed, clock);
}

void
journal_free(struct journal *j)
{
	struct stat st;

	if (j == NULL)
		return;
	put_gap(j, clock_now(j->clock));
	journal_flush(j);
	if (j->cut > 0 && fstat(j->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size >= (off_t)j->cut &&
	    ftruncate(j->fd, st.st_size - (off_t)j->cut) != 0)
		failed(j, errno);
	lose_pending(j);
	if (j->lost > 0)
		log_line(LOG_WARN, "journal_incomplete",
		    "the journal lacks lines", LOG_STR("journal", j->name),
		    LOG_UINT("lines_lost", j->lost), LOG_END);
	close(j->fd);
	free(j->name);
	str_fini(&j->pending);
	free(j);
}
