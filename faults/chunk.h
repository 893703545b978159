/* SPDX-License-Identifier: Apache-2.0 */
/* Small steps that several byte-stream kinds take over their held input. */
#ifndef FAULTS_CHUNK_H
#define FAULTS_CHUNK_H

#include "base/attr.h"
#include "faults/fault.h"

/* How many of the first held bytes arrived together; 0 if none is held. */
static inline size_t
chunk_len(const struct bytes *in)
{
	size_t len = 0;

	for (const struct seg *seg = in->head;
	     seg != NULL && seg->time_us == in->head->time_us; seg = seg->next)
		len += seg->len;
	return len;
}

/* Passes on what belongs to the head of an HTTP message, for kinds that are
 * about its body. Returns how many bytes that were; 0 on byte streams. */
static inline size_t
chunk_pass_head(struct stage *s)
{
	size_t n = MIN(stage_head_left(s), stage_in(s)->len);

	if (n > 0)
		stage_pass(s, n, -1);
	return n;
}

#endif
