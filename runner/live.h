/* SPDX-License-Identifier: Apache-2.0 */
/* What the load has come to lately: whether the services are steady, and
 * whether a guard ends the run. Pure functions of samples and times. */
#ifndef RUNNER_LIVE_H
#define RUNNER_LIVE_H

#include <stdbool.h>

#include "experiment/run.h"
#include "experiment/stat.h"

#define LIVE_ALL SIZE_MAX

struct live_item {
	int64_t at_us; /* it ended, or was lost */
	int64_t latency_us;
	uint8_t outcome; /* enum sample_outcome */
};

struct live_load {
	struct live_item *items; /* owned; by at_us */
	size_t count, room;
};

struct live {
	struct live_load *loads; /* owned; as those of the experiment */
	size_t count;
};

/* What ended within some time. */
struct live_window {
	size_t n; /* requests that were sent */
	size_t failed, lost;
	struct range success;	/* 95 % */
	int64_t p95_us, p99_us; /* from the intended start; 0: none */
};

void live_init(struct live *l, size_t loads);
void live_fini(struct live *l);
/* A sample that is finished at `now_us`; not before the one added last. */
void live_add(struct live *l, const struct sample *s, int64_t now_us);
/* Those of one load, or of LIVE_ALL, within [from_us, to_us). */
void live_take(const struct live *l, size_t load, const int64_t span_us[2],
	       struct live_window *to);

/* A question about the steady state. */
struct live_steady {
	int64_t from_us, to_us;
	int64_t window_us; /* > 0: the latest part of it that is so long, or
			      longer, as the samples take */
	struct run *keep;  /* what was found is appended; NULL: it is not */
	bool after;	   /* as run_steady has it */
};
/* Does all that the experiment's `steady` asks hold? False: *why is owned. */
bool live_is_steady(const struct live *l, const struct conf_experiment *e,
		    const struct live_steady *ask, char **why);
/* Is an abort condition met at `now_us` in that scenario? Then *why is
 * owned. */
bool live_aborts(const struct live *l, const struct conf_experiment *e,
		 const char *scenario, int64_t now_us, char **why);

#endif
