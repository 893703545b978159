/* SPDX-License-Identifier: Apache-2.0 */
/* What was written beside what is stored: acknowledged writes that are lost,
 * writes in doubt that took place, ids that are stored twice. */
#ifndef RUNNER_READBACK_H
#define RUNNER_READBACK_H

#include "experiment/run.h"

/* What was sent and what a command printed. */
struct readback {
	const struct run *run;
	size_t load;	    /* its index */
	int64_t from_us;    /* the scenario began */
	int64_t until_us;   /* what ended later is left out */
	const char *stored; /* ids, one a line */
};

/* The set test. Requests whose template has no {uuid} wrote nothing. What was
 * acknowledged must stay, whenever that was: lost are writes of the whole run
 * so far. In doubt, and stored twice, are the scenario's own: those that had
 * not ended when it began. */
void readback_judge(const struct readback *r, struct run_verify *to);

#endif
