/* SPDX-License-Identifier: Apache-2.0 */
/* POST /hooks/alertmanager (telemetry/alerts.h): what the users' own alerts
 * say while faults are in force. A firing alert is matched with a window by
 * its label `route` or `service` and its time; how long it took is told by a
 * log line, an event, a metric, and the window's annotation. */
#ifndef CONTROL_HOOKS_H
#define CONTROL_HOOKS_H

#include "control/feed.h"
#include "control/telemetry.h"
#include "control/web_server.h"

/* Alerts of so many names have figures of their own; all others share those of
 * "_other". */
#define HOOKS_NAMES_MAX 100

struct hooks;

/* What is known of the alerts of one name on one route. */
struct alert_figures {
	const char *name;  /* interned */
	const char *route; /* of the last one that was matched; NULL: none */
	const char *experiment; /* in which that was; NULL: in none */
	uint64_t firing, resolved; /* alerts that were told */
	double detection_s; /* from the window's start to the alert's, of the
			       last one that was matched */
};

/* Borrows both. Returns owned. */
struct hooks *hooks_new(struct feed *feed, const struct telemetry *telemetry);
/* NULL is accepted. */
void hooks_free(struct hooks *h);
/* Answers a request below /hooks. False: it is for something else. */
bool hooks_handle(struct hooks *h, const struct web_request *request,
    struct web_reply *reply);
/* All figures, *count of them; borrowed until the next request. */
const struct alert_figures *hooks_figures(const struct hooks *h,
    size_t *count);

#endif
