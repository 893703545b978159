/* SPDX-License-Identifier: Apache-2.0 */
/* One fault at work in one link, from the inside; for the engine's own files
 * (stage*.c, link.c, flow*.c). Fault kinds include fault.h alone. */
#ifndef FAULTS_STAGE_H
#define FAULTS_STAGE_H

#include <stdalign.h>

#include "faults/engine.h"
#include "faults/fault.h"

struct later;

/* Invariants: bytes held imply a wake-up, a hold or a kind that may stall;
 * eof_done implies eof and an empty input. */
struct stage {
	const struct fault_ops *ops;
	const struct armed_fault *fault; /* of the plan in force */
	struct link *link;
	struct stage *prev, *next;
	struct bytes in;
	struct deadline wake;
	struct later *later; /* datagrams that leave at a time; or NULL */
	int64_t eof_us;	 /* nominal arrival of the end of stream */
	uint64_t start;	 /* stream offset at which it came to be */
	uint64_t offset; /* bytes passed or dropped since */
	double lose;	 /* its share of link.lose */
	bool dirty;	 /* there is something new to look at */
	bool eof, eof_done;
	bool hold, deaf, hold_open, timed;
	bool answered; /* at = "after": the answer was whole */
	bool closing;
	bool acted; /* counted as injected */
	bool holds; /* counted as held */
	struct fault_counts *counts;
	int64_t acted_us; /* for the first time, if anybody listened */
	uint64_t delays, touched;
	double asked_us, achieved_us, error_max_us; /* sums and maximum */
	alignas(max_align_t) unsigned char state[];
};

/* Makes a stage behind `after` (NULL: in front) and attaches it. */
struct stage *stage_new(struct link *l, struct stage *after,
    const struct armed_fault *fault);
/* Detaches, hands what it held to its successor, frees. The caller pumps. */
void stage_free(struct stage *s);
/* The fault's configuration changed: update slot, and a fresh look. */
void stage_rebind(struct stage *s, const struct armed_fault *fault);
/* Runs the data and eof slots if there is something new. */
void stage_run(struct stage *s);

/* With at = "after" the answer of an exchange is to be whole, and then counts
 * as one that came at once: true while it is not. Of one that is larger than
 * the buffer the older half goes. */
bool stage_waits(struct stage *s);
/* True if nothing is held: neither input nor datagrams that leave later. */
bool stage_is_empty(const struct stage *s);
/* Where what it passes goes; whoever is there has news. */
struct bytes *stage_successor(struct stage *s);
/* Passes on the datagrams whose time has come. */
void stage_release(struct stage *s);
/* Datagrams that leave later go to the end of `to` now (NULL: are dropped),
 * in order of their time. */
void stage_flush_later(struct stage *s, struct bytes *to);

/* What lies in a link's out, and how far the host got. */
struct link_mark {
	const struct seg *tail;
	uint64_t taken;
	size_t len;
	bool eof;
};
struct link_mark link_mark(const struct link *l);
/* Runs all stages with news, in order; then tells the host of output that was
 * not there `before`. What was there waits for its sink: asking again would
 * be a system call for every blocked flow. */
void link_pump_since(struct link *l, const struct link_mark *before);
void link_pump(struct link *l);
/* Prepares and takes apart (links without stages). */
void link_init(struct link *l, struct flow *f, enum link_dir dir);
void link_fini(struct link *l);
/* What a datagram counts in `held`: more than its bytes if it is small. */
size_t link_weight(const struct seg *seg);
/* A datagram enters the link; it is not counted as received. */
void link_insert_datagram(struct link *l, const void *data, size_t len,
    int64_t time_us);
/* Bytes were dropped or taken: the source may be read again? */
void link_lowered(struct link *l);
/* The end of stream, or the end of a flow that a stage wished, passed the
 * last stage. */
void link_ended(struct link *l);

/* A stage let go of the opening. */
void flow_open_released(struct flow *f);

#endif
