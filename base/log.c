/* SPDX-License-Identifier: Apache-2.0 */
/* A line is rendered by its caller and written under one lock. A write that
 * took only part of a line leaves a rest, which goes first next time, so that
 * readers see whole lines only. Everything but a regular file is asked by
 * poll(2) before each piece, because changing the descriptor to non-blocking
 * would change it for the terminal or container that lent it.
 *
 *	log_fields() ─ rendered ─► sink: the descriptor
 *	                   └─ JSON ─► tap: whoever else wants it
 */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/json.h"

#define VALUE_MAX     4096
#define TRUNCATED_MAX 32 /* room for `,"truncated":true}` and LF */

static struct {
	pthread_mutex_t lock; /* guards what is not atomic */
	int fd;
	bool regular; /* a file: never blocks for long */
	char rest[LOG_LINE_MAX];
	size_t rest_len;
	uint64_t gap; /* lines lost since the last one written */
	atomic_int level, format;
	atomic_uint_fast64_t dropped;
} sink = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.fd = STDOUT_FILENO,
	.level = LOG_INFO,
	.format = LOG_JSON,
};

static struct {
	pthread_rwlock_t lock; /* shared by those who log */
	log_tap_fn fn;	       /* NULL: none */
	void *arg;
} tap = {.lock = PTHREAD_RWLOCK_INITIALIZER};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void
log_setup(enum log_level level, enum log_format format, int fd)
{
	struct stat st;

	if (format == LOG_AUTO)
		format = isatty(fd) ? LOG_TEXT : LOG_JSON;
	pthread_mutex_lock(&sink.lock);
	if (fd != sink.fd)
		sink.rest_len = 0;
	sink.fd = fd;
	sink.regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	pthread_mutex_unlock(&sink.lock);
	atomic_store(&sink.level, level);
	atomic_store(&sink.format, format);
}

bool
log_enabled(enum log_level level)
{
	return (int)level >=
	    atomic_load_explicit(&sink.level, memory_order_relaxed);
}

uint64_t
log_dropped(void)
{
	return atomic_load(&sink.dropped);
}

const char *
log_level_name(enum log_level level)
{
	return level_names[level];
}

void
log_tap(log_tap_fn fn, void *arg)
{
	pthread_rwlock_wrlock(&tap.lock);
	tap.fn = fn;
	tap.arg = arg;
	pthread_rwlock_unlock(&tap.lock);
}

/* --- writing -------------------------------------------------------------- */

static bool
sink_ready(void)
{
	struct pollfd p = {sink.fd, POLLOUT, 0};

	return sink.regular || (poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
}

/* Writes what the descriptor takes now; returns how much that was. A pipe
 * that polls writable takes PIPE_BUF bytes without blocking. */
static size_t
sink_write(const char *at, size_t len)
{
	size_t done = 0;

	while (done < len && sink_ready()) {
		size_t piece = len - done;
		ssize_t n;

		if (!sink.regular)
			piece = MIN(piece, PIPE_BUF);
		n = write(sink.fd, at + done, piece);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	return done;
}

/* Writes or drops one line. Returns how many were lost before it, if it is
 * the first one written after a gap. */
static uint64_t
sink_line(const char *at, size_t len)
{
	uint64_t gap = 0;
	size_t done;

	pthread_mutex_lock(&sink.lock);
	done = sink_write(sink.rest, sink.rest_len);
	sink.rest_len -= done;
	memmove(sink.rest, sink.rest + done, sink.rest_len);
	done = sink.rest_len == 0 ? sink_write(at, len) : 0;
	if (done == 0) {
		sink.gap++;
		atomic_fetch_add(&sink.dropped, 1);
	} else {
		if (done < len) {
			sink.rest_len = len - done;
			memcpy(sink.rest, at + done, sink.rest_len);
		}
		gap = sink.gap;
		sink.gap = 0;
	}
	pthread_mutex_unlock(&sink.lock);
	return gap;
}

/* --- rendering ------------------------------------------------------------ */

struct line {
	struct str text;
	struct jsonw json; /* LOG_JSON only */
	bool truncated;
};

void
log_time(struct str *to, int64_t wall_us)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	str_printf(to, "%s.%06dZ", text, (int)(wall_us % 1000000));
}

/* The value's first VALUE_MAX bytes, cut between characters. */
static struct view
bounded(struct line *line, const char *text)
{
	struct view v = view_of(text);

	if (v.len <= VALUE_MAX)
		return v;
	line->truncated = true;
	v.len = VALUE_MAX;
	while (v.len > 0 && ((unsigned char)text[v.len] & 0xc0) == 0x80)
		v.len--;
	return v;
}

/* logfmt and text: quotes only what would be misread. */
static void
add_word(struct str *to, struct view v)
{
	bool plain = v.len > 0;

	for (size_t i = 0; i < v.len && plain; i++) {
		plain = v.at[i] > ' ' && v.at[i] < 0x7f &&
		    strchr("\"=\\", v.at[i]) == NULL;
	}
	if (plain)
		str_add_bytes(to, v.at, v.len);
	else
		jsonw_quote(to, v);
}

static void
add_plain(struct line *line, const struct log_field *f)
{
	struct str *to = &line->text;

	str_printf(to, " %s=", f->key);
	switch (f->type) {
	case LOG_TYPE_STR:
		add_word(to, bounded(line, f->str));
		break;
	case LOG_TYPE_INT:
		str_printf(to, "%lld", (long long)f->i);
		break;
	case LOG_TYPE_UINT:
		str_printf(to, "%llu", (unsigned long long)f->u);
		break;
	case LOG_TYPE_DOUBLE:
		if (isfinite(f->d))
			jsonw_number(to, f->d);
		else
			str_add(to, "null");
		break;
	case LOG_TYPE_BOOL:
		str_add(to, f->b ? "true" : "false");
		break;
	case LOG_TYPE_END:
		break;
	}
}

static void
add_json(struct line *line, const struct log_field *f)
{
	struct jsonw *w = &line->json;

	jsonw_key(w, f->key);
	switch (f->type) {
	case LOG_TYPE_STR:
		jsonw_view(w, bounded(line, f->str));
		break;
	case LOG_TYPE_INT:
		jsonw_int(w, f->i);
		break;
	case LOG_TYPE_UINT:
		jsonw_uint(w, f->u);
		break;
	case LOG_TYPE_DOUBLE:
		jsonw_double(w, f->d);
		break;
	case LOG_TYPE_BOOL:
		jsonw_bool(w, f->b);
		break;
	case LOG_TYPE_END:
		break;
	}
}

static void
add_field(struct line *line, enum log_format format, const struct log_field *f)
{
	if (format == LOG_JSON)
		add_json(line, f);
	else
		add_plain(line, f);
}

/* Adds the field, unless it has no value or the line no room. */
static void
try_field(struct line *line, enum log_format format, const struct log_field *f)
{
	size_t before = line->text.len;

	if (f->type == LOG_TYPE_STR && f->str == NULL)
		return;
	add_field(line, format, f);
	if (line->text.len > LOG_LINE_MAX - TRUNCATED_MAX) {
		line->text.len = before;
		line->text.text[before] = '\0';
		line->truncated = true;
	}
}

/* The fixed keys. They are constant and short, so the line has room. */
static void
begin(struct line *line, enum log_format format, const struct log_entry *entry,
    const char *msg)
{
	const char *level = level_names[entry->level], *event = entry->event;
	struct str *to = &line->text, time = {0};

	log_time(&time, entry->wall_us);
	switch (format) {
	case LOG_AUTO:
	case LOG_JSON:
		jsonw_init(&line->json, to);
		jsonw_object(&line->json);
		jsonw_put_string(&line->json, "ts", time.text);
		jsonw_put_string(&line->json, "level", level);
		jsonw_put_string(&line->json, "msg", msg);
		if (event != NULL)
			jsonw_put_string(&line->json, "event", event);
		break;
	case LOG_LOGFMT:
		str_printf(to, "ts=%s level=%s msg=", time.text, level);
		add_word(to, view_of(msg));
		if (event != NULL)
			str_printf(to, " event=%s", event);
		break;
	case LOG_TEXT:
		str_printf(to, "%s %-5s %s%s%s", time.text, level,
		    event != NULL ? event : "", event != NULL ? ": " : "",
		    msg);
		break;
	}
	str_fini(&time);
}

/* A whole line but for its line feed. */
static void
render(struct line *line, enum log_format format, const struct log_entry *entry,
    const char *msg)
{
	const struct log_field *f = entry->fields;

	begin(line, format, entry, msg);
	for (; f->type != LOG_TYPE_END; f++)
		try_field(line, format, f);
	if (line->truncated)
		add_field(line, format, &LOG_BOOL("truncated", true));
	if (format == LOG_JSON)
		str_add_char(&line->text, '}');
}

/* `rendered` is what the descriptor gets. */
static void
tell_tap(struct log_entry entry, const char *msg, enum log_format format,
    const struct line *rendered)
{
	struct line json = {0};

	pthread_rwlock_rdlock(&tap.lock);
	if (tap.fn != NULL) {
		if (format != LOG_JSON) {
			render(&json, LOG_JSON, &entry, msg);
			rendered = &json;
		}
		entry.json = (struct view){rendered->text.text,
		    rendered->text.len};
		tap.fn(tap.arg, &entry);
	}
	pthread_rwlock_unlock(&tap.lock);
	str_fini(&json.text);
}

void
log_fields(enum log_level level, const char *event, const char *msg,
    const struct log_field *fields)
{
	enum log_format format = (enum log_format)atomic_load(&sink.format);
	struct log_entry entry = {.wall_us = clock_wall_us(),
	    .level = level,
	    .event = event,
	    .fields = fields};
	struct line line = {0};
	uint64_t gap;

	if (!log_enabled(level))
		return;
	render(&line, format, &entry, msg);
	tell_tap(entry, msg, format, &line);
	str_add_char(&line.text, '\n');
	assert(line.text.len <= LOG_LINE_MAX);
	gap = sink_line(line.text.text, line.text.len);
	str_fini(&line.text);
	if (gap > 0)
		log_line(LOG_WARN, "log_gap", "log lines were lost",
		    LOG_UINT("lines", gap), LOG_END);
}
