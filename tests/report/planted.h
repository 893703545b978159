/* SPDX-License-Identifier: Apache-2.0 */
/* A run on a virtual clock whose facts are known: the five scenarios of a
 * first cycle of experiments, against services of which every mechanism can
 * be taken away.
 *
 *	users ──► edge ──► platform	breaker: 5 failures, 3 s; fallback
 *	            └────► api ──► redis	retries: 3, 20 ms, doubled
 *	                    └────► db	time-out 0.3 s; pool comes back
 *	others ─► reports			shares nothing
 */
#ifndef TESTS_REPORT_PLANTED_H
#define TESTS_REPORT_PLANTED_H

#include <stdint.h>

#include "experiment/run.h"

/* Mechanisms; a bit set takes it away. */
enum planted_without {
	WITHOUT_NOTHING = 0,
	WITHOUT_BREAKER = 1,
	WITHOUT_FALLBACK = 2,
	WITHOUT_RETRIES = 4,
	WITHOUT_BACKOFF = 8, /* pauses of 20 ms each, in step */
	WITHOUT_TIMEOUT = 16,
	WITHOUT_QUICK_POOL = 32, /* 22 s until connections are there again */
	WITHOUT_ISOLATION = 64,
	WITHOUT_HONEST_HEALTH = 128,
	WITHOUT_BULKHEAD = 256,
	WITHOUT_DURABILITY = 512, /* a write in a hundred is lost */
	WITHOUT_PROOF = 1024, /* the fault of the second scenario hits nothing
			       */
	WITHOUT_END = 2048,   /* a guard ends the last scenario */
};

/* Fills a zeroed run and judges it; to be freed by run_fini(). What it borrows
 * lives as long as the process. The same arguments give the same run. */
void planted_run(struct run *run, uint64_t seed, unsigned without);

#endif
