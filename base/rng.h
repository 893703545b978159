/* SPDX-License-Identifier: Apache-2.0 */
/* Dice without memory: every draw is a pure function of what it is about, so
 * a run replays whatever the threads do. The key is (seed, route, fault, flow
 * number, draw number); adding a fault never shifts another's dice.
 *
 * Mixing: a chain of SplitMix64 finalisers (Steele, Lea, Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014). Changing it
 * changes every replay: raise RNG_DICE_VERSION then. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define RNG_DICE_VERSION 1

/* What a stage draws for. Copied freely. */
struct rng_key {
	uint64_t seed;
	uint64_t route; /* rng_hash() of the route's name */
	uint64_t fault; /* rng_hash() of the fault's name */
	uint64_t flow;	/* number of the flow on its route */
};

/* A stable 64-bit hash of a name (FNV-1a, then one finaliser). */
uint64_t rng_hash(const char *name) PURE;
/* One finaliser: another number for every number, as good as random. */
uint64_t rng_mix(uint64_t z) PURE;
/* 64 random bits for draw number `draw` of `key`. */
uint64_t rng_bits(const struct rng_key *key, uint64_t draw) PURE;
/* Uniform in [0, 1), 53 bits. */
double rng_unit(const struct rng_key *key, uint64_t draw) PURE;
/* True with the given probability (<= 0 never, >= 1 always). */
bool rng_chance(const struct rng_key *key, uint64_t draw, double probability)
    PURE;
/* Uniform in [0, bound); bound 0 gives 0. */
uint64_t rng_below(const struct rng_key *key, uint64_t draw, uint64_t bound)
    PURE;

#endif
