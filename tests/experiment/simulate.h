/* SPDX-License-Identifier: Apache-2.0 */
/* Clients and services on a virtual clock: they fill a record as a journal of
 * a real run would. */
#ifndef TESTS_EXPERIMENT_SIMULATE_H
#define TESTS_EXPERIMENT_SIMULATE_H

#include "experiment/judge.h"
#include "experiment/record.h"
#include "experiment/scope.h"
#include "experiment/stat.h"
#include "experiment/verdict.h"

#define SIM_NOISE_US 6000 /* nf of every simulated run */

struct sim {
	struct record record;
	struct verdicts verdicts;
	struct stat_rng rng;
	uint64_t unique; /* the next request's hash */
	size_t line;
};

/* A run whose routes are "edge" and "api", the first of which leads to the
 * second. */
void sim_init(struct sim *s, uint64_t seed);
void sim_fini(struct sim *s);
struct route *sim_edge(struct sim *s);
struct route *sim_api(struct sim *s);
/* A fault on the route. */
void sim_fault(struct route *r, const char *kind, int64_t from_us,
    int64_t to_us);
/* A GET on the route; all but outcome and times may be changed after it. */
struct call *sim_call(struct sim *s, struct route *r, int64_t start_us,
    int64_t end_us, enum call_outcome outcome);
/* Ends the run at that time and judges it. */
void sim_judge(struct sim *s, int64_t end_us);
/* The same by one mechanism alone, about the first fault on "api". */
void sim_judge_by(struct sim *s, int64_t end_us,
    void (*judge)(const struct scope *, struct verdicts *));
/* How many cases to play: `full` of them if FAULTWIRE_FULL_VOLUME is set, as
 * it is for the release build, else `usual`. */
size_t sim_volume(size_t usual, size_t full);
/* The verdict of that mechanism on "api"; NULL: none. */
const struct verdict *sim_verdict(const struct sim *s, const char *mech);

/* Random: uniform; exponential with that mean; one-sided noise of timers with
 * p95 SIM_NOISE_US. */
double sim_between(struct sim *s, double lo, double hi);
double sim_exponential(struct sim *s, double mean);
double sim_noise(struct sim *s);

#endif
