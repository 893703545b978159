/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of texts that tell equal from different, in a run and in the journal
 * of it (FNV-1a; Fowler, Noll, Vo). Not for tables that somebody could fill
 * with collisions, and no secret is safe in one. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

#define HASH_SEED  0xcbf29ce484222325u
#define HASH_PRIME 0x100000001b3u

/* Goes on with one more text. */
static inline uint64_t
hash_add(uint64_t hash, struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		hash = (hash ^ (unsigned char)v.at[i]) * HASH_PRIME;
	/* A boundary: "a","bc" is not "ab","c". */
	return (hash ^ 0xff) * HASH_PRIME;
}

/* Of one text; 0 for an empty one. */
static inline uint64_t
hash_of(struct view v)
{
	return v.len > 0 ? hash_add(HASH_SEED, v) : 0;
}

#endif
