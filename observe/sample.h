/* SPDX-License-Identifier: Apache-2.0 */
/* Which of many equal events get a log line: the first few of a window of
 * time. The others are counted, and the control thread tells their number,
 * once a second. */
#ifndef OBSERVE_SAMPLE_H
#define OBSERVE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "observe/counter.h"

#define LOG_SAMPLE_LINES     5
#define LOG_SAMPLE_WINDOW_US (10 * 1000000LL)

struct log_sample {
	int64_t window_us; /* when the window began */
	unsigned lines;	   /* written in it */
	struct counter unlogged;
	uint64_t told; /* of unlogged; the control thread's */
};

/* On the thread that counts: true if this one gets a line. */
bool log_sample_take(struct log_sample *s, int64_t now_us);
/* On the control thread: how many had none since the last call. */
uint64_t log_sample_rest(struct log_sample *s);

#endif
