/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs over whole datagrams.
 *
 *   in ──stage_pass_datagram──────────────────────► successor
 *    ├───stage_delay, stage_copy ─► heap by time ──►
 *    └───stage_drop_datagram ─► nowhere
 */
#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "faults/later.h"
#include "faults/stage.h"

/* What a stage holds beside its input; made when it is first needed. */
struct later {
	struct later_heap heap;
	struct deadline due; /* armed while something waits */
	struct stage *stage;
};

static struct engine *
engine_of(const struct stage *s)
{
	return s->link->flow->engine;
}

bool
stage_is_empty(const struct stage *s)
{
	return bytes_empty(&s->in) &&
	       (s->later == NULL || s->later->heap.count == 0);
}

/* Puts the segment where the stage passes to; at_us as in stage_pass. */
static void
send_on(struct stage *s, struct seg *seg, int64_t at_us)
{
	if (at_us >= 0)
		seg->time_us = at_us;
	bytes_put(stage_successor(s), seg);
}

/* --- what leaves later --- */

void
stage_release(struct stage *s)
{
	int64_t now_us = stage_now(s), next;
	struct later *later = s->later;

	if (later == NULL)
		return;
	while (later_next(&later->heap) <= now_us) {
		struct later_item item = later_take(&later->heap);
		int64_t arrival_us = item.seg->time_us;

		stage_delayed(s, item.due_us - arrival_us, now_us - arrival_us);
		send_on(s, item.seg, item.due_us);
	}
	next = later_next(&later->heap);
	if (next == DEADLINE_NEVER)
		deadline_disarm(&engine_of(s)->deadlines, &later->due);
	else
		deadline_arm(&engine_of(s)->deadlines, &later->due, next);
}

static void
on_due(struct deadline *d, int64_t now_us)
{
	struct stage *s = CONTAINER_OF(d, struct later, due)->stage;

	(void)now_us;
	s->dirty = true;
	link_pump(s->link);
}

static void
leave_at(struct stage *s, struct seg *seg, int64_t due_us)
{
	if (s->later == NULL) {
		s->later = xcalloc(1, sizeof(*s->later));
		s->later->due.on_due = on_due;
		s->later->stage = s;
	}
	later_add(&s->later->heap, seg, due_us);
	stage_release(s);
}

void
stage_flush_later(struct stage *s, struct bytes *to)
{
	struct later *later = s->later;

	if (later == NULL)
		return;
	while (later->heap.count > 0) {
		struct seg *seg = later_take(&later->heap).seg;

		if (to != NULL) {
			bytes_put(to, seg);
			continue;
		}
		s->link->held -= link_weight(seg);
		seg_put(s->in.pool, seg);
	}
	deadline_disarm(&engine_of(s)->deadlines, &later->due);
	later_fini(&later->heap);
	free(later);
	s->later = NULL;
}

/* --- the verbs --- */

static struct seg *
cut(struct stage *s, size_t nth)
{
	struct seg *seg;

	assert(stage_is_datagram(s));
	seg = bytes_cut(&s->in, nth);
	s->offset += seg->len;
	return seg;
}

void
stage_pass_datagram(struct stage *s, size_t nth, int64_t at_us)
{
	send_on(s, cut(s, nth), at_us);
}

void
stage_drop_datagram(struct stage *s)
{
	struct seg *seg = cut(s, 0);

	s->link->held -= link_weight(seg);
	seg_put(s->in.pool, seg);
	link_lowered(s->link);
}

void
stage_delay(struct stage *s, int64_t due_us)
{
	leave_at(s, cut(s, 0), due_us);
}

void
stage_copy(struct stage *s, int64_t due_us)
{
	struct seg *copy = seg_copy(s->in.pool, s->in.head);

	assert(stage_is_datagram(s));
	s->link->held += link_weight(copy);
	if (due_us > stage_now(s))
		leave_at(s, copy, due_us);
	else
		send_on(s, copy, -1);
}

void
stage_send_back(struct stage *s, const void *data, size_t len)
{
	struct link *back = &s->link->flow->links[!s->link->dir];

	assert(stage_is_datagram(s));
	link_insert_datagram(back, data, len, stage_now(s));
}
