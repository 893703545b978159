/* SPDX-License-Identifier: Apache-2.0 */
/* Who has figures: for every set of series, their labels and the blocks of
 * counters whose sum they show. Made anew for each scrape. */
#ifndef CONTROL_METRICS_SERIES_H
#define CONTROL_METRICS_SERIES_H

#include <stdbool.h>

#include "base/str.h"
#include "proxy/plan.h"

enum series_set {
	SERIES_ROUTES,	 /* blocks: struct route_counts */
	SERIES_REQUESTS, /* HTTP routes: struct http_counts */
	SERIES_FAULTS,	 /* kinds on routes: struct fault_counts */
	SERIES_DELAYS,	 /* the same of kinds whose delays are measured */
	SERIES_TOXIPROXY, /* as SERIES_ROUTES, with Toxiproxy's labels */
	SERIES_SETS,
};

struct series {
	const struct armed_route *route; /* borrowed from the plan */
	size_t labels, labels_len; /* in series_list.text */
	size_t first, count;	   /* in series_list.blocks */
	const char *kind;	   /* of faults: what they count as */
};

struct series_list {
	struct str text;     /* owned; all labels, one after the other */
	const void **blocks; /* owned; the counters are borrowed */
	size_t blocks_count, blocks_room;
	struct {
		struct series *items; /* owned */
		size_t count, room;
	} sets[SERIES_SETS];
};

/* All routes of the plan; Toxiproxy's if asked for. Borrows the plan. */
void series_list_init(struct series_list *l, const struct plan *plan,
    bool toxiproxy);
void series_list_fini(struct series_list *l);

/* The labels; borrowed from the list. */
struct view series_labels(const struct series_list *l, const struct series *s);

#endif
