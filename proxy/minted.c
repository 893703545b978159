/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of leaves, in order of their last use. A leaf lives longer than
 * it may be shown: it is minted again in good time. */
#include "proxy/minted.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/xalloc.h"

#define LEAVES_MAX 4096
#define BUCKETS	   1024
/* Leaves with flaws tell of hours around now. */
#define FRESH_US (INT64_C(1800) * 1000000)

struct leaf {
	struct leaf *next; /* in its bucket */
	TAILQ_ENTRY(leaf) entry;
	struct ca_leaf leaf;
	char *key; /* owned: ca, flaw, name */
	uint64_t hash;
	int64_t made_us;
};

struct minted {
	struct leaf *buckets[BUCKETS];
	TAILQ_HEAD(leaves, leaf) leaves; /* the latest first */
	size_t count;
};

struct minted *
minted_new(void)
{
	struct minted *m = xcalloc(1, sizeof(*m));

	TAILQ_INIT(&m->leaves);
	return m;
}

static void
drop(struct minted *m, struct leaf *l)
{
	struct leaf **link = &m->buckets[l->hash % BUCKETS];

	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	TAILQ_REMOVE(&m->leaves, l, entry);
	m->count--;
	ca_leaf_fini(&l->leaf);
	free(l->key);
	free(l);
}

void
minted_free(struct minted *m)
{
	if (m == NULL)
		return;
	while (!TAILQ_EMPTY(&m->leaves))
		drop(m, TAILQ_FIRST(&m->leaves));
	free(m);
}

static struct leaf *
find(struct minted *m, const char *key, uint64_t hash)
{
	struct leaf *l = m->buckets[hash % BUCKETS];

	while (l != NULL && (l->hash != hash || strcmp(l->key, key) != 0))
		l = l->next;
	return l;
}

/* Takes key. */
static struct leaf *
add(struct minted *m, char *key, uint64_t hash, const struct ca_leaf *leaf)
{
	struct leaf *l = xcalloc(1, sizeof(*l));

	if (m->count >= LEAVES_MAX)
		drop(m, TAILQ_LAST(&m->leaves, leaves));
	*l = (struct leaf){
	    .next = m->buckets[hash % BUCKETS],
	    .leaf = *leaf,
	    .key = key,
	    .hash = hash,
	    .made_us = clock_now(&clock_real),
	};
	m->buckets[hash % BUCKETS] = l;
	TAILQ_INSERT_HEAD(&m->leaves, l, entry);
	m->count++;
	return l;
}

const struct ca_leaf *
minted_get(struct minted *m, const struct ca *ca, const char *name,
    enum tls_flaw flaw)
{
	char *key = xasprintf("%llu %d %s", (unsigned long long)ca_id(ca),
	    (int)flaw, name);
	uint64_t hash = rng_hash(key);
	struct leaf *l = find(m, key, hash);
	struct ca_leaf leaf;

	if (l != NULL && clock_now(&clock_real) - l->made_us > FRESH_US) {
		drop(m, l);
		l = NULL;
	}
	if (l != NULL) {
		free(key);
		TAILQ_REMOVE(&m->leaves, l, entry);
		TAILQ_INSERT_HEAD(&m->leaves, l, entry);
		return &l->leaf;
	}
	if (!ca_mint(ca, name, flaw, &leaf)) {
		free(key);
		return NULL;
	}
	return &add(m, key, hash, &leaf)->leaf;
}
