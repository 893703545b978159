/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of faults as region annotations in Grafana. A window is posted with
 * its planned end, and gets its real end when it is over: if we vanish, what
 * stays is sane. One without a planned end is given a little time, and again
 * while it lasts. Grafana may be slow, away or refuse: nobody waits for it.
 *
 *	control thread ─ open, close, say ─► regions (lock) ─► courier
 *	                                        POST, PATCH ◄────┘
 *
 * Behind a restart the annotations of the run that was are looked up by their
 * tag: what is still in force goes on, what is not ends. */
#ifndef TELEMETRY_ANNOTATIONS_H
#define TELEMETRY_ANNOTATIONS_H

#include "telemetry/counts.h"
#include "telemetry/receiver.h"

/* Windows that may wait to be told; a new one beyond that is lost, and
 * counted. */
#define ANNOTATIONS_MAX 1024

struct annotations;

struct annotations_settings {
	struct receiver_settings receiver;
	const char *run; /* what all annotations of this place are tagged by */
	const char *const *tags; /* further ones of all annotations */
	size_t tags_count;
};

struct annotation {
	uint64_t number;	  /* of its window, as fault_window has it */
	int64_t start_ms, end_ms; /* since 1970; end: planned, or 0 */
	const char *text;
	const char *tags[4]; /* NULL: none */
};

/* Copies the settings. Takes a reference of `counts`. Returns owned, or NULL
 * and err. */
struct annotations *annotations_new(const struct annotations_settings *s,
    struct telemetry_counts *counts, struct error *err);
/* A window opened; copied. */
void annotations_open(struct annotations *a, const struct annotation *what);
/* The window of that number is over; nothing if it is not known. */
void annotations_close(struct annotations *a, uint64_t number,
    int64_t end_ms);
/* Adds a line to the text of that window's annotation, over or not; nothing if
 * it is not known any more. */
void annotations_say(struct annotations *a, uint64_t number,
    const char *line);
/* Says what is to be said, and frees it; waits for that as courier_end()
 * does. NULL is accepted. */
void annotations_end(struct annotations *a, int64_t wait_us);

#endif
