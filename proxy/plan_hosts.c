/* SPDX-License-Identifier: Apache-2.0 */
/* Entries are sorted by hash, then by place: those of one host stand together
 * in order of the file, and those of any host in front of all. */
#include "proxy/plan_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/plan.h"

#define ANY 0

/* Letters count as small ones, as in conf_route.match_host. Never ANY. */
static uint32_t
hash_of(const char *host, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];

		hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) *
		    16777619u;
	}
	return hash != ANY ? hash : 1;
}

static uint32_t
hash_of_route(const struct armed_route *r)
{
	const struct conf_pattern *p = &r->conf->match_host;

	if (p->text == NULL || p->negated || p->is_regex ||
	    strpbrk(p->text, "*?") != NULL)
		return ANY;
	return hash_of(p->text, strlen(p->text));
}

static int
by_hash(const void *a, const void *b)
{
	const struct host_entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

void
plan_hosts_index(struct plan_listener *l, struct host_entry *to)
{
	for (size_t i = 0; i < l->routes_count; i++)
		to[i] = (struct host_entry){
		    hash_of_route(l->routes[i]), (uint32_t)i};
	qsort(to, l->routes_count, sizeof(*to), by_hash);
	l->hosts = to;
}

/* The first entry whose hash is not below. */
static const struct host_entry *
find(const struct plan_listener *l, uint64_t hash)
{
	size_t low = 0, high = l->routes_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->hosts[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return l->hosts + low;
}

void
plan_hosts_begin(struct host_walk *walk, const struct plan_listener *l,
    struct view host)
{
	uint64_t hash = hash_of(host.at, host.len);

	*walk = (struct host_walk){
	    .listener = l,
	    .own = find(l, hash),
	    .own_end = find(l, hash + 1),
	    .any = l->hosts,
	    .any_end = find(l, ANY + 1),
	};
}

const struct armed_route *
plan_hosts_next(struct host_walk *walk)
{
	bool has_own = walk->own < walk->own_end;
	bool has_any = walk->any < walk->any_end;

	if (has_own && (!has_any || walk->own->at < walk->any->at))
		return walk->listener->routes[walk->own++->at];
	return has_any ? walk->listener->routes[walk->any++->at] : NULL;
}
