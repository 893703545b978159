/* SPDX-License-Identifier: Apache-2.0 */
/* From a partition to faults, in two steps: who cannot hear whom (a matrix of
 * services), then what that means for each route.
 *
 *   cut[a][b]: packets from a to b are lost
 *
 *   route a ─► b:   upstream link is cut if cut[a][b],
 *                   downstream link if cut[b][a]
 *
 * Shapes follow Jepsen's nemesis grudges (jepsen.nemesis): halves with the
 * smaller half first, isolate one, a ring in which every member still sees a
 * majority, a bridge with one member that sees both halves. */
#include "proxy/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/xalloc.h"
#include "config/names.h"
#include "faults/fault.h"
#include "proxy/partition_match.h"

/* What one partition does, service by service. */
struct grudge {
	const struct conf_model *model;
	const struct conf_partition *partition;
	const struct hosts *hosts;
	struct names names; /* of the services, see gather_names() */
	size_t count;	    /* services */
	int *group;	/* per service; -1: takes no part */
	bool *cut;	/* count × count */
};

static size_t
service_index(const struct grudge *g, const char *name)
{
	return names_index(&g->names, name);
}

static void
add_name(struct grudge *g, const char *name)
{
	size_t first;

	if (name != NULL && names_add(&g->names, name, g->count, &first))
		g->count++;
}

/* The services of the file, in its order; without any, those that routes say
 * they come from and lead to. */
static void
gather_names(struct grudge *g)
{
	const struct conf_model *m = g->model;

	for (size_t i = 0; i < m->services_count; i++)
		add_name(g, m->services[i].name);
	for (size_t i = 0; i < m->routes_count && m->services_count == 0; i++) {
		add_name(g, m->routes[i].from);
		add_name(g, m->routes[i].to);
	}
}

static bool *
cell(struct grudge *g, size_t a, size_t b)
{
	return &g->cut[a * g->count + b];
}

/* Services in no group form one more. */
static void
group_by_lists(struct grudge *g)
{
	const struct conf_partition *p = g->partition;

	for (size_t i = 0; i < g->count; i++)
		g->group[i] = (int)p->groups_count;
	for (size_t n = 0; n < p->groups_count; n++) {
		for (size_t k = 0; k < p->groups[n].count; k++) {
			size_t at = service_index(g,
			    p->groups[n].items[k]);

			if (at != SIZE_MAX)
				g->group[at] = (int)n;
		}
	}
}

/* The members of a shape, in order; all services if none are named. */
static size_t
shape_members(const struct grudge *g, size_t *members)
{
	const struct conf_partition *p = g->partition;
	size_t count = 0;

	for (size_t i = 0; i < g->count && p->members.count == 0; i++)
		members[count++] = i;
	for (size_t i = 0; i < p->members.count; i++) {
		size_t at = service_index(g, p->members.items[i]);

		if (at != SIZE_MAX)
			members[count++] = at;
	}
	return count;
}

static void
cut_between_groups(struct grudge *g)
{
	for (size_t a = 0; a < g->count; a++) {
		for (size_t b = 0; b < g->count; b++) {
			if (g->group[a] >= 0 && g->group[b] >= 0 &&
			    g->group[a] != g->group[b])
				*cell(g, a, b) = true;
		}
	}
}

/* Who stands alone: the one named, else drawn by the seed. */
static size_t
loner(const struct grudge *g, const size_t *members, size_t n, uint64_t seed)
{
	struct rng_key key = {
	    .seed = seed, .fault = rng_hash(g->partition->name)};

	for (size_t i = 0; i < n && g->partition->isolate != NULL; i++) {
		if (members[i] == service_index(g, g->partition->isolate))
			return i;
	}
	return rng_below(&key, 0, n);
}

/* Every member sees itself and its neighbours up to a majority. */
static void
cut_ring(struct grudge *g, const size_t *members, size_t n)
{
	size_t reach = n / 2 / 2 + (n / 2) % 2; /* to each side */

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			size_t ahead = (k + n - i) % n;

			if (MIN(ahead, n - ahead) > reach)
				*cell(g, members[i], members[k]) = true;
		}
	}
}

static void
cut_shape(struct grudge *g, uint64_t seed)
{
	size_t *members = xcalloc(g->count, sizeof(*members));
	size_t n = shape_members(g, members), half = n / 2, alone;

	for (size_t i = 0; i < g->count; i++)
		g->group[i] = -1;
	switch ((enum conf_partition_shape)g->partition->shape) {
	case SHAPE_GROUPS:
		break;
	case SHAPE_HALVES:
	case SHAPE_BRIDGE:
		for (size_t i = 0; i < n; i++)
			g->group[members[i]] = i < half ? 0 : 1;
		/* The bridge is the first of the larger half. */
		if (g->partition->shape == SHAPE_BRIDGE && half < n)
			g->group[members[half]] = -1;
		cut_between_groups(g);
		break;
	case SHAPE_ISOLATE:
		alone = n > 0 ? loner(g, members, n, seed) : 0;
		for (size_t i = 0; i < n; i++)
			g->group[members[i]] = i == alone ? 0 : 1;
		cut_between_groups(g);
		break;
	case SHAPE_RING:
		cut_ring(g, members, n);
		break;
	}
	free(members);
}

/* Splits "a->b"; false if it names nobody. */
static bool
arrow(const struct grudge *g, const char *text, size_t *from, size_t *to)
{
	const char *at = text != NULL ? strstr(text, "->") : NULL;
	char *left;

	if (at == NULL)
		return false;
	left = xmemdup0(text, (size_t)(at - text));
	*from = service_index(g, left);
	*to = service_index(g, at + 2);
	free(left);
	return *from != SIZE_MAX && *to != SIZE_MAX;
}

static bool
same_side(const struct grudge *g, size_t service, size_t named)
{
	return service == named ||
	    (g->group[named] >= 0 && g->group[service] == g->group[named]);
}

/* One way: only packets from a's side to b's are lost. */
static void
apply_direction(struct grudge *g)
{
	size_t from, to;

	if (!arrow(g, g->partition->direction, &from, &to))
		return;
	for (size_t a = 0; a < g->count; a++) {
		for (size_t b = 0; b < g->count; b++) {
			if (!same_side(g, a, from) || !same_side(g, b, to))
				*cell(g, a, b) = false;
		}
	}
}

static void
grudge_init(struct grudge *g, uint64_t seed)
{
	gather_names(g);
	g->group = xcalloc(g->count, sizeof(*g->group));
	g->cut = xcalloc(g->count * g->count, sizeof(*g->cut));
	if (g->partition->shape == SHAPE_GROUPS) {
		group_by_lists(g);
		cut_between_groups(g);
	} else {
		cut_shape(g, seed);
	}
	apply_direction(g);
}

static void
grudge_fini(struct grudge *g)
{
	names_fini(&g->names);
	free(g->group);
	free(g->cut);
}

/* --- faults --- */

struct list {
	struct partition_fault *items;
	size_t count;
};

/* Whose flows of one route are meant. */
struct subject {
	size_t route;
	bool up, down;		  /* links that are cut */
	struct conf_when *when;	  /* NULL: everybody; taken by copy */
};

static void
set_param(struct conf_fault *f, const char *name, const char *value)
{
	const struct conf_field *field = conf_field_find(f->kind->fields, name);
	struct error err;

	if (field == NULL || !conf_field_parse(field, f->params, value, &err))
		abort(); /* our own table disagrees with us */
}

/* Unique on its route, and the same over reloads. What a partition makes of
 * one route stands together, and last. */
static char *
fault_name(const struct list *list, const char *partition, size_t route)
{
	const struct partition_fault *last = list->items + list->count;
	size_t nth = 1;

	while (nth <= list->count && last[-(ptrdiff_t)nth].route == route &&
	    conf_partition_made(last[-(ptrdiff_t)nth].fault.name, partition))
		nth++;
	return nth == 1 ? xasprintf("partition:%s", partition)
			: xasprintf("partition:%s/%zu", partition, nth);
}

static struct conf_fault *
add_fault(struct list *list, const struct conf_partition *p,
    const struct subject *subject, const char *kind)
{
	char *name = fault_name(list, p->name, subject->route);
	struct conf_fault *f;

	list->items = xrealloc(list->items,
	    (list->count + 1) * sizeof(*list->items));
	list->items[list->count].route = subject->route;
	f = &list->items[list->count].fault;
	*f = (struct conf_fault){
	    .name = name,
	    .kind = &fault_find(kind)->kind,
	    .stream = subject->up && subject->down ? STREAM_BOTH
		: subject->up			   ? STREAM_UPSTREAM
						   : STREAM_DOWNSTREAM,
	    .enabled = true,
	    .arming = p->arming,
	    .leased = p->leased,
	    .where = p->where,
	};
	f->conditions.probability = 1;
	f->conditions.for_us = p->for_us;
	f->conditions.on_us = p->on_us;
	f->conditions.off_us = p->off_us;
	if (subject->when != NULL) {
		f->conditions.has_when = true;
		partition_when_copy(&f->conditions.when, subject->when);
	}
	f->params = xcalloc(1, f->kind->params_size);
	conf_fields_default(f->kind->fields, f->params);
	list->count++;
	return f;
}

static void
add_freeze(struct list *list, const struct conf_partition *p,
    const struct subject *subject, enum conf_flows flows)
{
	struct conf_fault *f = add_fault(list, p, subject, "blackhole");

	f->conditions.flows = flows;
	set_param(f, "acknowledge",
	    p->mode == PARTITION_JAM ? "true" : "false");
}

static void
add_reset(struct list *list, const struct conf_partition *p,
    const struct subject *subject)
{
	add_fault(list, p, subject, "down")->conditions.flows = FLOWS_EXISTING;
}

/* What the partition means for these flows: one fault for new ones, one for
 * those that are there, or one for all. */
static void
add_faults(struct list *list, const struct conf_partition *p,
    const struct subject *subject)
{
	int existing = p->existing;

	if (existing == EXISTING_AUTO)
		existing = p->mode == PARTITION_REJECT ? EXISTING_RESET
						       : EXISTING_FREEZE;
	if (existing == EXISTING_RESET)
		add_reset(list, p, subject);
	if (p->mode == PARTITION_REJECT) {
		add_fault(list, p, subject, "refuse");
		if (existing == EXISTING_FREEZE)
			add_freeze(list, p, subject, FLOWS_EXISTING);
	} else {
		add_freeze(list, p, subject,
		    existing == EXISTING_FREEZE ? FLOWS_ALL : FLOWS_NEW);
	}
}

/* A partition by who dials concerns only that side's connections. */
static void
links_cut(struct grudge *g, size_t from, size_t to, struct subject *subject)
{
	size_t dialler, dialled;

	if (g->partition->dial != NULL) {
		bool mine = arrow(g, g->partition->dial, &dialler, &dialled) &&
		    same_side(g, from, dialler) && same_side(g, to, dialled);

		subject->up = subject->down = mine;
		return;
	}
	subject->up = *cell(g, from, to);
	subject->down = *cell(g, to, from);
}

/* A route whose clients are told apart by their addresses: a fault for each
 * way in which links are cut. */
static void
by_client(struct grudge *g, struct list *list, size_t route, size_t to)
{
	for (int links = 1; links <= 3; links++) {
		struct conf_when when = {.has_clients = true};
		struct subject subject = {.route = route, .when = &when};

		/* Only services of the file have addresses. */
		for (size_t s = 0; s < g->model->services_count; s++) {
			links_cut(g, s, to, &subject);
			if ((subject.up | subject.down << 1) == links)
				partition_when_add(&when,
				    &g->model->services[s], g->hosts);
		}
		subject.up = links & 1;
		subject.down = links >> 1;
		if (when.clients_count > 0)
			add_faults(list, g->partition, &subject);
		free(when.clients);
	}
}

static void
add_partition(struct list *list, struct grudge *g)
{
	const struct conf_model *m = g->model;

	for (size_t i = 0; i < m->routes_count; i++) {
		struct subject subject = {.route = i};
		size_t to = m->routes[i].to != NULL
		    ? service_index(g, m->routes[i].to)
		    : partition_route_to(m, &m->routes[i].upstream);
		size_t from;

		if (to == SIZE_MAX)
			continue;
		if (m->routes[i].from == NULL) {
			by_client(g, list, i, to);
			continue;
		}
		from = service_index(g, m->routes[i].from);
		if (from == SIZE_MAX)
			continue;
		links_cut(g, from, to, &subject);
		if (subject.up || subject.down)
			add_faults(list, g->partition, &subject);
	}
}

struct partition_fault *
partition_faults(const struct conf_model *model, const struct hosts *hosts,
    uint64_t seed, size_t *count)
{
	struct list list = {0};

	for (size_t i = 0; i < model->partitions_count; i++) {
		struct grudge g = {.model = model,
		    .partition = &model->partitions[i], .hosts = hosts};

		if (!model->partitions[i].enabled)
			continue;
		grudge_init(&g, seed);
		add_partition(&list, &g);
		grudge_fini(&g);
	}
	*count = list.count;
	return list.items;
}

void
partition_fault_fini(struct conf_fault *fault)
{
	conf_fields_fini(fault->kind->fields, fault->params);
	free(fault->params);
	free(fault->name);
	free(fault->conditions.when.clients);
}
