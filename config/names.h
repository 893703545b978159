/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names with the index of whoever had each first: duplicates among
 * thousands of routes are found in linear time. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name_slot {
	const char *name; /* borrowed; NULL: free */
	size_t index;
};

/* Zeroed memory is an empty set. */
struct names {
	struct name_slot *slots; /* owned; open addressing */
	size_t room, count;
};

/* Adds a name (borrowed while the set lives). False if it is there already;
 * *first is then the index it came with. */
bool names_add(struct names *n, const char *name, size_t index, size_t *first);
bool names_has(const struct names *n, const char *name);
/* The index that a name came with; SIZE_MAX if it is not there. */
size_t names_index(const struct names *n, const char *name);
void names_fini(struct names *n);

#endif
