/* SPDX-License-Identifier: Apache-2.0 */
/* A timer that only looks at the clock. */
#include "proxy/lateness.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "proxy/worker.h"

#define EVERY_US 10000
#define SAMPLES	 100

struct lateness {
	struct worker *worker;
	struct deadline tick;
	int64_t late_us[SAMPLES];
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
tell(struct lateness *l, int64_t now_us)
{
	struct engine *engine = &l->worker->engine;

	qsort(l->late_us, l->count, sizeof(l->late_us[0]), compare);
	engine->emit(engine->emit_arg, &(struct event_record){
	    .type = EVENT_LATENESS,
	    .time_us = now_us,
	    .count = l->count,
	    .amount = (double)l->late_us[l->count * 95 / 100],
	    .unit = "us",
	});
	l->count = 0;
}

static void
on_tick(struct deadline *d, int64_t now_us)
{
	struct lateness *l = CONTAINER_OF(d, struct lateness, tick);

	l->late_us[l->count++] = MAX(now_us - d->at_us, 0);
	if (l->count == SAMPLES)
		tell(l, now_us);
	worker_arm(l->worker, d, MAX(d->at_us, now_us - EVERY_US) + EVERY_US);
}

struct lateness *
lateness_new(struct worker *w)
{
	struct lateness *l = xcalloc(1, sizeof(*l));

	l->worker = w;
	l->tick.on_due = on_tick;
	worker_arm(w, &l->tick, worker_now(w) + EVERY_US);
	return l;
}

void
lateness_free(struct lateness *l)
{
	if (l == NULL)
		return;
	deadline_disarm(&l->worker->engine.deadlines, &l->tick);
	free(l);
}
