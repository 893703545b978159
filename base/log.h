/* SPDX-License-Identifier: Apache-2.0 */
/* The log: one line an event on one descriptor, as JSON, logfmt or text. It
 * never blocks and never fails towards its caller: what cannot be written now
 * is dropped and counted. With base/intern.h the only mutable global of the
 * program. Thread-safe.
 *
 *	log_line(LOG_INFO, "config_reload", "configuration reloaded",
 *	    LOG_STR("file", path), LOG_INT("routes", n), LOG_END);
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Longest line with its line feed; Docker's drivers split longer ones. */
#define LOG_LINE_MAX (16 * 1024)

/* Both enums stand in the order of the configuration's. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
/* AUTO is TEXT on a terminal, else JSON. */
enum log_format { LOG_AUTO, LOG_JSON, LOG_LOGFMT, LOG_TEXT };

enum log_type {
	LOG_TYPE_END,
	LOG_TYPE_STR,
	LOG_TYPE_INT,
	LOG_TYPE_UINT,
	LOG_TYPE_DOUBLE,
	LOG_TYPE_BOOL,
};

struct log_field {
	const char *key; /* constant, [a-z_][a-z0-9_]*, with its unit */
	enum log_type type;
	union {
		const char *str; /* borrowed; NULL: the field is left out */
		int64_t i;
		uint64_t u;
		double d;
		bool b;
	};
};

#define LOG_STR(k, v)	 ((struct log_field){(k), LOG_TYPE_STR, {.str = (v)}})
#define LOG_INT(k, v)	 ((struct log_field){(k), LOG_TYPE_INT, {.i = (v)}})
#define LOG_UINT(k, v)	 ((struct log_field){(k), LOG_TYPE_UINT, {.u = (v)}})
#define LOG_DOUBLE(k, v)                                                       \
	((struct log_field){(k), LOG_TYPE_DOUBLE, {.d = (v)}})
#define LOG_BOOL(k, v)	 ((struct log_field){(k), LOG_TYPE_BOOL, {.b = (v)}})
#define LOG_END		 ((struct log_field){.type = LOG_TYPE_END})

/* Lines below `level` are not written; `fd` is borrowed. May be called again
 * at any time. Before the first call: info and above, JSON, descriptor 1. A
 * reader that went away is noticed before writing to it; the program should
 * ignore SIGPIPE all the same. */
void log_setup(enum log_level level, enum log_format format, int fd);
/* True if lines of that level are written; guards costly fields. */
bool log_enabled(enum log_level level);
/* Writes a line: `event` is a word of a closed set (NULL: none), `msg` constant
 * text; then fields up to LOG_END. Text values are cut at 4 KiB, and fields
 * that make the line too long left out; the line then says "truncated". */
#define log_line(level, event, msg, ...)                                       \
	log_fields((level), (event), (msg),                                    \
	    (const struct log_field[]){__VA_ARGS__})
/* The same from an array that LOG_END closes. */
void log_fields(enum log_level level, const char *event, const char *msg,
    const struct log_field *fields);
/* Lines lost so far because the descriptor took none. */
uint64_t log_dropped(void);
/* "debug", … */
const char *log_level_name(enum log_level level);

/* A line as a tap gets it; all of it is borrowed for the call. */
struct log_entry {
	int64_t wall_us;
	enum log_level level;
	const char *event;		/* NULL: none */
	const struct log_field *fields; /* up to LOG_END, uncut */
	struct view json; /* whatever the format; without its line feed */
};

typedef void (*log_tap_fn)(void *arg, const struct log_entry *entry);

/* From now on `fn` gets every line as well, whether the descriptor takes it or
 * not; NULL: nobody, as before the first call. It is called on the thread that
 * logs, perhaps on several at once, so it must be quick, and must not log. Once
 * this returns the tap before it gets no more. */
void log_tap(log_tap_fn fn, void *arg);

/* Appends a wall-clock time as RFC 3339, UTC, microseconds, "Z". */
void log_time(struct str *to, int64_t wall_us);

#endif
