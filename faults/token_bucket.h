/* SPDX-License-Identifier: Apache-2.0 */
/* Pacing by a virtual clock: it shows when the line will have carried all
 * that was put on it. A slice of bytes reserves its time on the clock and
 * leaves when that time is over; a late wake-up is made good afterwards, so
 * that the rate holds over seconds, but never by a burst. Pure arithmetic:
 * the caller brings the time. */
#ifndef FAULTS_TOKEN_BUCKET_H
#define FAULTS_TOKEN_BUCKET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct bucket_limit {
	double rate_Bps;     /* at least 1 */
	int64_t burst_bytes; /* may pass at once after a pause; 0: none */
	/* The line, if several flows and threads share one: a clock in
	 * nanoseconds that starts at 0. Borrowed; NULL: each has its own. */
	atomic_llong *shared;
};

/* The place of one flow. Zeroed memory is an idle one. */
struct bucket {
	int64_t line_ns; /* the line is busy until then (not if shared) */
	int64_t
	    peak_ns; /* the reserved slice leaves no earlier, however late */
	int64_t left_ns; /* when the slice before left */
	double carry_ns; /* costs below a nanosecond, not yet charged */
	size_t reserved; /* bytes of the slice that has its time; 0: none */
	int64_t due_ns;	 /* when that slice has been paid for */
};

/* Bytes that may leave in one piece: as much as passes in a millisecond, or
 * one segment of 1460 bytes if that passes in two; never 0. */
size_t bucket_slice(double rate_Bps);
/* Gives a slice of n bytes its time on the line. Nothing must be reserved yet;
 * n is at most bucket_slice(). */
void bucket_reserve(struct bucket *b, const struct bucket_limit *limit,
    size_t n, int64_t arrival_us, int64_t now_us);
/* The microsecond in which the reserved slice may leave. */
int64_t bucket_ready_us(const struct bucket *b);
/* The reserved slice leaves now: nothing is reserved any more. */
void bucket_take(struct bucket *b, int64_t now_us);
/* Forgets a reservation and all time owed: the line is free from now on. */
void bucket_restart(struct bucket *b, int64_t now_us);

#endif
