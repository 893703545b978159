/* SPDX-License-Identifier: Apache-2.0 */
/* A stage that acts after the answer is whole waits for it. */
#include "faults/stage.h"

bool
stage_waits(struct stage *s)
{
	struct link *l = s->link;
	struct bytes whole;

	if (stage_at(s) != AT_AFTER || s->answered ||
	    !stage_is_exchange(s))
		return false;
	if (!s->eof) {
		if (l->full)
			stage_pass(s, s->in.len - (s->in.len + 1) / 2, -1);
		return true;
	}
	s->answered = true;
	bytes_init(&whole, s->in.pool);
	bytes_move(&whole, &s->in, s->in.len, s->eof_us);
	bytes_join(&s->in, &whole);
	return false;
}
