/* SPDX-License-Identifier: Apache-2.0 */
/* A hash set of names, at most half full. */
#include "config/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/xalloc.h"

/* The slot that holds the name, or the free one where it belongs. */
static struct name_slot *
find(const struct names *n, const char *name)
{
	size_t i = rng_hash(name) & (n->room - 1);

	while (n->slots[i].name != NULL && strcmp(n->slots[i].name, name) != 0)
		i = (i + 1) & (n->room - 1);
	return &n->slots[i];
}

static void
grow(struct names *n)
{
	struct names larger = {.room = n->room == 0 ? 16 : n->room * 2,
			       .count = n->count};
	size_t i;

	larger.slots = xcalloc(larger.room, sizeof(*larger.slots));
	for (i = 0; i < n->room; i++) {
		if (n->slots[i].name != NULL)
			*find(&larger, n->slots[i].name) = n->slots[i];
	}
	free(n->slots);
	*n = larger;
}

bool
names_add(struct names *n, const char *name, size_t index, size_t *first)
{
	struct name_slot *slot;

	if (n->count * 2 >= n->room)
		grow(n);
	slot = find(n, name);
	if (slot->name != NULL) {
		*first = slot->index;
		return false;
	}
	*slot = (struct name_slot){name, index};
	n->count++;
	return true;
}

bool
names_has(const struct names *n, const char *name)
{
	return n->room > 0 && find(n, name)->name != NULL;
}

size_t
names_index(const struct names *n, const char *name)
{
	return names_has(n, name) ? find(n, name)->index : SIZE_MAX;
}

void
names_fini(struct names *n)
{
	free(n->slots);
	*n = (struct names){0};
}
