/* SPDX-License-Identifier: Apache-2.0 */
/* Counter-based dice. */
#include "base/rng.h"

#include <string.h>

#include "base/hash.h"

uint64_t
rng_mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t
rng_hash(const char *name)
{
	return rng_mix(hash_bytes(HASH_SEED, name, strlen(name)));
}

uint64_t
rng_bits(const struct rng_key *key, uint64_t draw)
{
	uint64_t h = rng_mix(key->seed);

	h = rng_mix(h ^ key->route);
	h = rng_mix(h ^ key->fault);
	h = rng_mix(h ^ key->flow);
	return rng_mix(h ^ draw);
}

double
rng_unit(const struct rng_key *key, uint64_t draw)
{
	return (double)(rng_bits(key, draw) >> 11) * 0x1p-53;
}

bool
rng_chance(const struct rng_key *key, uint64_t draw, double probability)
{
	if (probability <= 0)
		return false;
	if (probability >= 1)
		return true;
	return rng_unit(key, draw) < probability;
}

uint64_t
rng_below(const struct rng_key *key, uint64_t draw, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)rng_bits(key, draw) * bound) >>
	    64);
}
