/* SPDX-License-Identifier: Apache-2.0 */
/* One scrape of /metrics from the inside, for its own files: metrics.c (the
 * whole), metrics_rows.c (families that are sums of one member), metrics_own.c
 * (families with a function of their own). */
#ifndef CONTROL_METRICS_SCRAPE_H
#define CONTROL_METRICS_SCRAPE_H

#include "control/metrics.h"
#include "control/metrics_series.h"
#include "observe/exposition.h"
#include "observe/metrics.h"
#include "observe/process.h"

struct scrape {
	struct exposition e;
	const struct metrics *metrics;
	const struct plan *plan;
	int64_t now_us;
	struct series_list list;
	struct process_facts process;
};

/* The sum of the counter at `offset` of all blocks of a series. */
uint64_t scrape_sum(const struct scrape *s, const struct series *series,
    size_t offset);
/* Appends the samples of a family that stands in the table of rows. */
void scrape_add_rows(struct scrape *s, enum metric_id id);
/* The same of a family with a function of its own. False: it has none. */
bool scrape_add_own(struct scrape *s, enum metric_id id);

#endif
