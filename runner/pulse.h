/* SPDX-License-Identifier: Apache-2.0 */
/* What the load has come to lately: whether the services are steady, and
 * whether a guard ends the run. Pure functions of samples and times. */
#ifndef RUNNER_PULSE_H
#define RUNNER_PULSE_H

#include <stdbool.h>

#include "experiment/run.h"
#include "experiment/stat.h"

#define PULSE_ALL SIZE_MAX

struct pulse_item {
	int64_t at_us; /* it ended, or was lost */
	int64_t latency_us;
	uint8_t outcome; /* enum sample_outcome */
};

struct pulse_load {
	struct pulse_item *items; /* owned; by at_us */
	size_t count, room;
};

struct pulse {
	struct pulse_load *loads; /* owned; as those of the experiment */
	size_t count;
};

/* What ended within some time. */
struct pulse_window {
	size_t n; /* requests that were sent */
	size_t failed, lost;
	struct range success;	/* their share, 95 %: stat_wilson() */
	int64_t p95_us, p99_us; /* from the intended start; 0: none */
};

/* Of so many loads; to be finished. */
void pulse_init(struct pulse *l, size_t loads);
void pulse_fini(struct pulse *l);
/* A sample that is finished at `now_us`; not before the one added last. */
void pulse_add(struct pulse *l, const struct sample *s, int64_t now_us);
/* Those of one load, or of PULSE_ALL, within [from_us, to_us). */
void pulse_take(const struct pulse *l, size_t load, const int64_t period_us[2],
		struct pulse_window *to);

/* A question about the steady state. */
struct pulse_steady {
	int64_t from_us, to_us;
	int64_t window_us; /* > 0: the latest part of it that is so long, or
			      longer, as the samples take */
	struct run *keep;  /* what was found is appended; NULL: it is not */
	bool after;	   /* as run_steady has it */
};
/* Does all that the experiment's `steady` asks hold? False: *why is owned. */
bool pulse_is_steady(const struct pulse *l, const struct conf_experiment *e,
		     const struct pulse_steady *ask, char **why);
/* Is an abort condition met at `now_us` in that scenario? Then *why is
 * owned. */
bool pulse_aborts(const struct pulse *l, const struct conf_experiment *e,
		  const char *scenario, int64_t now_us, char **why);

#endif
