/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics: the live figures of every route of the plan in force, for
 * Prometheus. Nothing is asked of the workers; their counters are read. */
#ifndef CONTROL_METRICS_H
#define CONTROL_METRICS_H

#include <stdbool.h>

#include "control/feed.h"
#include "control/hooks.h"
#include "control/lease.h"
#include "control/observer.h"
#include "control/state.h"
#include "control/telemetry.h"
#include "control/web_server.h"
#include "observe/journal.h"

/* Everything is borrowed. */
struct metrics {
	const struct state *state;
	const struct feed *feed;
	const struct journal *journal; /* NULL: none */
	const struct observer *observer; /* NULL: none */
	const struct telemetry *telemetry; /* NULL: none */
	const struct hooks *hooks; /* NULL: none */
	const struct leases *leases; /* NULL: there are none */
	bool toxiproxy;	  /* Toxiproxy's own metrics, too */
	size_t last_size; /* of the last text: how much to reserve */
};

/* Answers a request for /metrics. False: it is for something else. */
bool metrics_handle(struct metrics *m, const struct web_request *request,
    struct web_reply *reply);

#endif
