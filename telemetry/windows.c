/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of windows, oldest first. */
#include "telemetry/windows.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

struct windows {
	struct windows_settings settings;
	struct fault_window items[WINDOWS_MAX];
	size_t count;
	uint64_t numbers; /* given so far */
};

static bool
is_over(const struct fault_window *w, int64_t now_us)
{
	return w->end_us != 0 ||
	    (w->planned_us != 0 && w->planned_us <= now_us);
}

static int64_t
end_of(const struct fault_window *w)
{
	return w->end_us != 0 ? w->end_us : w->planned_us;
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The open window of that fault; NULL: there is none. */
static struct fault_window *
find_open(struct windows *all, const struct event_record *e)
{
	for (size_t i = all->count; i > 0; i--) {
		struct fault_window *w = &all->items[i - 1];

		if (w->end_us == 0 && is_same(w->route, e->route) &&
		    is_same(w->fault, e->fault))
			return w;
	}
	return NULL;
}

static void
forget(struct windows *all, size_t index)
{
	memmove(&all->items[index], &all->items[index + 1],
	    (--all->count - index) * sizeof(all->items[0]));
}

/* Those that were over long ago go; if there are too many, the oldest that is
 * over, else the oldest. */
static void
make_room(struct windows *all, int64_t now_us)
{
	size_t over = 0;

	for (size_t i = all->count; i > 0; i--) {
		const struct fault_window *w = &all->items[i - 1];

		if (is_over(w, now_us) &&
		    now_us - end_of(w) > WINDOW_KEPT_US)
			forget(all, i - 1);
	}
	if (all->count < WINDOWS_MAX)
		return;
	while (over < all->count && !is_over(&all->items[over], now_us))
		over++;
	forget(all, over < all->count ? over : 0);
}

static void
open_window(struct windows *all, const struct event_record *e)
{
	struct window_facts facts = {0};
	struct fault_window *w = find_open(all, e);
	int64_t now_us = clock_now(all->settings.clock);

	all->settings.facts(all->settings.arg, e->route, e->fault, &facts);
	/* It was updated, or flaps. */
	if (w != NULL && !is_over(w, now_us))
		return;
	if (w != NULL)
		w->end_us = w->planned_us;
	make_room(all, now_us);
	w = &all->items[all->count++];
	*w = (struct fault_window){
	    .number = ++all->numbers,
	    .route = e->route,
	    .fault = e->fault,
	    .kind = e->kind,
	    .experiment = facts.experiment,
	    .from = facts.from,
	    .to = facts.to,
	    .services = facts.services,
	    .start_us = e->time_us,
	    .planned_us = facts.for_us > 0 ? e->time_us + facts.for_us : 0,
	};
	all->settings.changed(all->settings.arg, w);
}

static void
close_window(struct windows *all, const struct event_record *e)
{
	struct window_facts facts = {0};
	struct fault_window *w = find_open(all, e);
	bool early;

	if (w == NULL)
		return;
	all->settings.facts(all->settings.arg, e->route, e->fault, &facts);
	early = w->planned_us == 0 || e->time_us < w->planned_us;
	if (facts.enabled && facts.flaps && early)
		return;
	w->end_us = MAX(e->time_us, w->start_us + 1);
	all->settings.changed(all->settings.arg, w);
}

/* The partition that made that fault (of len bytes); NULL: none did. */
static const char *
partition_of(const char *fault, size_t *len)
{
	static const char partition[] = "partition:";
	const char *name = fault + sizeof(partition) - 1;

	if (strncmp(fault, partition, sizeof(partition) - 1) != 0)
		return NULL;
	*len = strcspn(name, "/");
	return name;
}

void
windows_consume(void *windows, const struct event_record *e)
{
	struct windows *all = windows;
	size_t len;

	/* A partition is told as one, not by the faults that it is made of. */
	if (e->fault != NULL && e->route != NULL &&
	    partition_of(e->fault, &len) != NULL)
		return;
	if (e->type == EVENT_FAULT_ARMED || e->type == EVENT_PARTITION_UP)
		open_window(all, e);
	else if (e->type == EVENT_FAULT_CLEARED ||
	    e->type == EVENT_PARTITION_DOWN)
		close_window(all, e);
}

void
windows_each(const struct windows *all,
    void (*each)(void *arg, const struct fault_window *w), void *arg)
{
	int64_t now_us = clock_now(all->settings.clock);

	for (size_t i = 0; i < all->count; i++) {
		if (!is_over(&all->items[i], now_us))
			each(arg, &all->items[i]);
	}
}

static bool
has_service(const struct fault_window *w, const char *service)
{
	size_t len = service != NULL ? strlen(service) : 0;
	const char *at = len > 0 ? w->services : NULL;

	while (at != NULL && (at = strstr(at, service)) != NULL) {
		if (at[-1] == '\n' && at[len] == '\n')
			return true;
		at += len;
	}
	return false;
}

static bool
is_about(const struct fault_window *w, const struct window_place *p)
{
	if (w->route == NULL)
		return has_service(w, p->service) || has_service(w, p->from) ||
		    has_service(w, p->to);
	return (p->route != NULL && strcmp(w->route, p->route) == 0) ||
	    (p->service != NULL &&
		(is_same(w->from, p->service) || is_same(w->to, p->service)));
}

const struct fault_window *
windows_match(const struct windows *all, const struct window_place *place,
    int64_t at_us)
{
	for (size_t i = all->count; i > 0; i--) {
		const struct fault_window *w = &all->items[i - 1];
		int64_t end_us = end_of(w);

		if (is_about(w, place) &&
		    at_us >= w->start_us - WINDOW_EARLY_US &&
		    (end_us == 0 || at_us <= end_us + WINDOW_LATE_US))
			return w;
	}
	return NULL;
}

const struct fault_window *
windows_of(const struct windows *all, const struct event_record *close)
{
	int64_t began_us = close->time_us - (int64_t)close->duration_us;
	const char *name = close->fault, *partition;
	size_t len = name != NULL ? strlen(name) : 0;

	if (name == NULL)
		return NULL;
	partition = partition_of(name, &len);
	name = partition != NULL ? partition : name;
	for (size_t i = all->count; i > 0; i--) {
		const struct fault_window *w = &all->items[i - 1];
		bool here = partition != NULL ? w->route == NULL
					      : is_same(w->route, close->route);

		if (here && strncmp(w->fault, name, len) == 0 &&
		    w->fault[len] == '\0' && w->start_us <= close->time_us &&
		    (w->end_us == 0 || w->end_us >= began_us))
			return w;
	}
	return NULL;
}

struct windows *
windows_new(const struct windows_settings *settings)
{
	struct windows *all = xcalloc(1, sizeof(*all));

	all->settings = *settings;
	return all;
}

void
windows_free(struct windows *all)
{
	free(all);
}
