/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of texts that tell equal from different, in a run and in the journal
 * of it: FNV-1a of 64 bits (Fowler, Noll, Vo). Not for tables that somebody
 * could fill with collisions, and no secret is safe in one. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define HASH_SEED  0xcbf29ce484222325u
#define HASH_PRIME 0x100000001b3u

/* Goes on with more bytes of one text; begins with HASH_SEED. */
static inline uint64_t
hash_bytes(uint64_t hash, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)data[i]) * HASH_PRIME;
	return hash;
}

/* Goes on with one more text and its end: "a","bc" is not "ab","c". */
static inline uint64_t
hash_add(uint64_t hash, struct view v)
{
	return (hash_bytes(hash, v.at, v.len) ^ 0xff) * HASH_PRIME;
}

/* Of one text; 0 for an empty one. */
static inline uint64_t
hash_of(struct view v)
{
	return v.len > 0 ? hash_add(HASH_SEED, v) : 0;
}

#endif
