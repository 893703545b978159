/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: every event as one line of JSON in a file, for verdicts and
 * replays. docs/journal.md describes the lines. The proxy never waits for the
 * file: what cannot be written is kept up to a limit, then dropped and
 * counted; what is in the file are always whole lines. */
#ifndef OBSERVE_JOURNAL_H
#define OBSERVE_JOURNAL_H

#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/error.h"
#include "observe/event.h"

struct journal;

/* Opens `path` anew (an existing file is emptied) and writes the head line;
 * times count from now on `clock`. A pipe needs a reader already; the program
 * must ignore SIGPIPE. Returns owned, or NULL and err. */
struct journal *journal_open(const char *path, uint64_t seed,
    const struct clock *clock, struct error *err);
/* The same on a descriptor, which is taken. `name` is for messages, copied. */
struct journal *journal_new(int fd, const char *name, uint64_t seed,
    const struct clock *clock);
/* Writes what is kept, closes and frees. A last line that went out in part is
 * taken back from a file. NULL is accepted. */
void journal_free(struct journal *journal);
/* An event_sink_fn; `journal` is a struct journal. */
void journal_consume(void *journal, const struct event_record *event);
/* Writes what is kept, as far as the file takes it. To be called every
 * 100 ms; while it fails it also is the next try. Fails into the log, once. */
void journal_flush(struct journal *journal);
/* Lines dropped so far. */
uint64_t journal_lost(const struct journal *journal);

#endif
