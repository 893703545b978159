/* SPDX-License-Identifier: Apache-2.0 */
/* Who has figures. A kind of fault has its series on a route if it is enabled
 * there, so that it counts from 0, and if it ever counted, so that figures do
 * not vanish while the route lives. */
#include "control/metrics_series.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "config/envoy.h"
#include "control/tox.h"
#include "observe/exposition.h"

static struct series *
begin(struct series_list *l, enum series_set set,
    const struct armed_route *route)
{
	size_t count = l->sets[set].count++;
	struct series *s;

	if (count == l->sets[set].room) {
		l->sets[set].room = 64 + 2 * count;
		l->sets[set].items = xrealloc(l->sets[set].items,
		    l->sets[set].room * sizeof(struct series));
	}
	s = &l->sets[set].items[count];
	*s = (struct series){
	    .route = route,
	    .labels = l->text.len,
	    .first = l->blocks_count,
	};
	return s;
}

static void
add_block(struct series_list *l, struct series *s, const void *block)
{
	if (block == NULL)
		return;
	if (l->blocks_count == l->blocks_room) {
		l->blocks_room = 256 + 2 * l->blocks_count;
		l->blocks = xrealloc(l->blocks,
		    l->blocks_room * sizeof(*l->blocks));
	}
	l->blocks[l->blocks_count++] = block;
	s->count++;
}

/* One label more of the series that was begun last. */
static void
add_label(struct series_list *l, struct series *s, const char *name,
    const char *value)
{
	struct str label = {0};

	exposition_label(&label, name, view_of(value));
	if (l->text.len > s->labels)
		str_add_char(&l->text, ',');
	str_add_bytes(&l->text, label.text, label.len);
	str_fini(&label);
	s->labels_len = l->text.len - s->labels;
}

static const struct route_counts *
counts_of(const struct armed_route *route)
{
	return counters_first(&route->shared->counters);
}

static void
add_route(struct series_list *l, const struct armed_route *route)
{
	struct series *s = begin(l, SERIES_ROUTES, route);

	add_label(l, s, "route", route->name);
	for (const struct route_counts *c = counts_of(route); c != NULL;
	     c = c->next)
		add_block(l, s, c);
	if (route->conf->protocol != PROTOCOL_HTTP)
		return;
	s = begin(l, SERIES_REQUESTS, route);
	add_label(l, s, "route", route->name);
	for (const struct route_counts *c = counts_of(route); c != NULL;
	     c = c->next)
		add_block(l, s, counters_get_http(c));
}

static const struct fault_counts *
fault_counts_of(const struct route_counts *c, const char *name)
{
	const struct fault_counts *f = counters_first_fault(c);

	while (f != NULL && f->kind != name)
		f = f->next;
	return f;
}

static bool
is_known(const struct armed_route *route, const char *name)
{
	bool known = false;

	for (size_t i = 0; i < route->faults_count; i++)
		known |= route->faults[i].counted_as == name &&
		    route->faults[i].conf->enabled;
	for (const struct route_counts *c = counts_of(route);
	     c != NULL && !known; c = c->next)
		known = fault_counts_of(c, name) != NULL;
	return known;
}

static void
add_fault(struct series_list *l, const struct armed_route *route,
    const char *name, bool delays)
{
	struct series *s = begin(l, SERIES_FAULTS, route);

	s->kind = name;
	add_label(l, s, "route", route->name);
	add_label(l, s, "fault", name);
	for (const struct route_counts *c = counts_of(route); c != NULL;
	     c = c->next)
		add_block(l, s, fault_counts_of(c, name));
	if (delays) {
		struct series same = *s;

		*begin(l, SERIES_DELAYS, route) = same;
	}
}

static void
add_faults(struct series_list *l, const struct armed_route *route)
{
	bool counted = false;

	for (const struct route_counts *c = counts_of(route); c != NULL;
	     c = c->next)
		counted |= counters_first_fault(c) != NULL;
	if (!counted && route->faults_count == 0)
		return;
	for (size_t i = 0; i < fault_kinds.count; i++) {
		const struct conf_kind *kind = fault_kinds.items[i];

		if (is_known(route, kind->name))
			add_fault(l, route, kind->name,
			    kind->flags & KIND_DELAYS);
	}
	for (int i = 0; i < ENVOY_COUNT; i++) {
		const char *name = conf_envoy_name(i);

		if (is_known(route, name))
			add_fault(l, route, name, i == ENVOY_DELAY);
	}
}

static void
add_toxiproxy(struct series_list *l, const struct armed_route *route)
{
	struct series *s = begin(l, SERIES_TOXIPROXY, route);

	add_label(l, s, "proxy", route->name);
	add_label(l, s, "listener", route->conf->listen_text);
	add_label(l, s, "upstream", tox_upstream(route->conf));
	for (const struct route_counts *c = counts_of(route); c != NULL;
	     c = c->next)
		add_block(l, s, c);
}

void
series_list_init(struct series_list *l, const struct plan *plan,
    bool toxiproxy)
{
	*l = (struct series_list){0};
	for (size_t i = 0; i < plan->routes_count; i++) {
		add_route(l, &plan->routes[i]);
		add_faults(l, &plan->routes[i]);
		if (toxiproxy)
			add_toxiproxy(l, &plan->routes[i]);
	}
}

void
series_list_fini(struct series_list *l)
{
	for (int i = 0; i < SERIES_SETS; i++)
		free(l->sets[i].items);
	free(l->blocks);
	str_fini(&l->text);
}

struct view
series_labels(const struct series_list *l, const struct series *s)
{
	return (struct view){l->text.text + s->labels, s->labels_len};
}
