/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for objects of one size that come and go in bursts: blocks of their
 * own, so that a block goes back to the system once nothing is left in it,
 * whatever else was allocated meanwhile. For one thread. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stddef.h>
#include <sys/queue.h>

#include "base/attr.h"

#define ZONE_BLOCK    65536 /* bytes */
#define ZONE_SIZE_MAX 16384

struct zone_block;
LIST_HEAD(zone_blocks, zone_block);

/* Zeroed memory is an empty one. */
struct zone {
	size_t size;		 /* of an object, as it was asked for */
	struct zone_blocks open; /* blocks with room */
	size_t blocks;		 /* all there are */
};

/* Zeroed memory for an object of `size` bytes: the same in all calls, at most
 * ZONE_SIZE_MAX. Returns owned, never NULL; aligned as by malloc(). */
void *zone_take(struct zone *z, size_t size) WARN_UNUSED;
/* Takes an object back. The last one of a block frees that, unless no other
 * block has room: one stays for who comes next. NULL is accepted. */
void zone_give(struct zone *z, void *object);
/* Frees what is left; every object has been given back. */
void zone_fini(struct zone *z);

#endif
