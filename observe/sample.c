/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of events for the log. */
#include "observe/sample.h"

bool
log_sample_take(struct log_sample *s, int64_t now_us)
{
	if (s->window_us == 0 ||
	    now_us - s->window_us >= LOG_SAMPLE_WINDOW_US) {
		s->window_us = now_us;
		s->lines = 0;
	}
	if (s->lines < LOG_SAMPLE_LINES) {
		s->lines++;
		return true;
	}
	counter_add(&s->unlogged, 1);
	return false;
}

uint64_t
log_sample_rest(struct log_sample *s)
{
	uint64_t now = counter_get(&s->unlogged), rest = now - s->told;

	s->told = now;
	return rest;
}
