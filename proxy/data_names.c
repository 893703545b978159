/* SPDX-License-Identifier: Apache-2.0 */
/* A table with open addressing: a name stands in its slot, or in one of those
 * behind it without a free one between. */
#include "proxy/data_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define NAMES_MAX 4096

void
data_names_fini(struct data_names *n)
{
	free(n->slots);
	*n = (struct data_names){0};
}

/* Where it would stand if all were free. */
static size_t
home_of(const struct data_names *n, uint64_t name)
{
	return (size_t)(name ^ name >> 32) & (n->room - 1);
}

static struct data_name *
slot_of(const struct data_names *n, uint64_t name)
{
	size_t at = home_of(n, name);

	while (n->slots[at].name != 0 && n->slots[at].name != name)
		at = (at + 1) & (n->room - 1);
	return &n->slots[at];
}

static void
grow(struct data_names *n)
{
	struct data_names old = *n;

	if (n->count == NAMES_MAX) {
		memset(n->slots, 0, n->room * sizeof(*n->slots));
		n->count = 0;
		return;
	}
	if (2 * n->count < n->room)
		return;
	n->room = old.room > 0 ? 2 * old.room : 8;
	n->slots = xcalloc(n->room, sizeof(*n->slots));
	for (size_t i = 0; i < old.room; i++) {
		if (old.slots[i].name != 0)
			*slot_of(n, old.slots[i].name) = old.slots[i];
	}
	free(old.slots);
}

struct data_name *
data_names_find(const struct data_names *n, uint64_t name)
{
	struct data_name *slot = n->room > 0 ? slot_of(n, name) : NULL;

	return slot != NULL && slot->name != 0 ? slot : NULL;
}

struct data_name *
data_names_add(struct data_names *n, uint64_t name)
{
	struct data_name *slot = data_names_find(n, name);

	if (slot != NULL)
		return slot;
	grow(n);
	slot = slot_of(n, name);
	slot->name = name;
	n->count++;
	return slot;
}

void
data_names_drop(struct data_names *n, uint64_t name)
{
	struct data_name *slot = data_names_find(n, name);
	size_t mask = n->room - 1, hole, at;

	if (slot == NULL)
		return;
	hole = (size_t)(slot - n->slots);
	/* Those behind it that a hole would cut off from their place. */
	for (at = (hole + 1) & mask; n->slots[at].name != 0;
	     at = (at + 1) & mask) {
		size_t home = home_of(n, n->slots[at].name);

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			n->slots[hole] = n->slots[at];
			hole = at;
		}
	}
	n->slots[hole] = (struct data_name){0};
	n->count--;
}
