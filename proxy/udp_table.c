/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions by the path of their datagrams: chains in a table that doubles. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/udp.h"

#define ROOM_MIN 64

/* One step of SplitMix64's finaliser. */
static uint64_t
mix(uint64_t h, uint64_t value)
{
	h ^= value;
	h ^= h >> 30;
	h *= 0xbf58476d1ce4e5b9u;
	h ^= h >> 27;
	h *= 0x94d049bb133111ebu;
	return h ^ h >> 31;
}

static uint64_t
mix_address(uint64_t h, const union udp_address *a)
{
	uint64_t halves[2];

	if (a->sa.sa_family == AF_UNSPEC)
		return h;
	if (a->sa.sa_family == AF_INET)
		return mix(h, (uint64_t)a->in.sin_addr.s_addr << 16 |
				  a->in.sin_port);
	memcpy(halves, &a->in6.sin6_addr, sizeof(halves));
	h = mix(h, halves[0]);
	return mix(mix(h, halves[1]), a->in6.sin6_port);
}

static uint64_t
hash(const struct udp_table *t, const struct udp_path *path)
{
	return mix_address(mix_address(t->key, &path->client), &path->local);
}

static bool
same_address(const union udp_address *a, const union udp_address *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	if (a->sa.sa_family == AF_INET6)
		return a->in6.sin6_port == b->in6.sin6_port &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
		       memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
			      sizeof(a->in6.sin6_addr)) == 0;
	return true;
}

struct udp_session *
udp_table_find(const struct udp_table *t, const struct udp_path *path)
{
	struct udp_session *s;

	if (t->room == 0)
		return NULL;
	s = t->slots[hash(t, path) & (t->room - 1)];
	while (s != NULL && (!same_address(&s->path.client, &path->client) ||
			     !same_address(&s->path.local, &path->local)))
		s = s->next;
	return s;
}

static void
link_in(struct udp_table *t, struct udp_session *s)
{
	struct udp_session **slot =
	    &t->slots[hash(t, &s->path) & (t->room - 1)];

	s->next = *slot;
	*slot = s;
}

static void
grow(struct udp_table *t)
{
	struct udp_session **old = t->slots;
	size_t old_room = t->room;

	t->room = old_room > 0 ? 2 * old_room : ROOM_MIN;
	t->slots = xcalloc(t->room, sizeof(struct udp_session *));
	for (size_t i = 0; i < old_room; i++) {
		struct udp_session *s = old[i], *next;

		for (; s != NULL; s = next) {
			next = s->next;
			link_in(t, s);
		}
	}
	free(old);
}

void
udp_table_add(struct udp_table *t, struct udp_session *s)
{
	if (t->count >= t->room)
		grow(t);
	t->count++;
	link_in(t, s);
}

void
udp_table_remove(struct udp_table *t, struct udp_session *s)
{
	struct udp_session **at = &t->slots[hash(t, &s->path) & (t->room - 1)];

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->next = NULL;
	t->count--;
}

void
udp_table_fini(struct udp_table *t)
{
	free(t->slots);
	*t = (struct udp_table){0};
}
