/* SPDX-License-Identifier: Apache-2.0 */
/* A Grafana: the token that it is asked with, and the query by which a
 * dashboard shows windows of faults (annotations.h) as its own. */
#ifndef TELEMETRY_GRAFANA_H
#define TELEMETRY_GRAFANA_H

#include <jansson.h>

#include "telemetry/receiver.h"

struct conf_grafana;

/* The token of its file, or of FAULTWIRE_GRAFANA_TOKEN; *to is owned, NULL if
 * there is none. False: the file cannot be read, err says so. */
bool grafana_token(const struct conf_grafana *c, char **to,
    struct error *err) WARN_UNUSED;

/* The query, for annotations that have all of these tags beside "faultwire".
 * Returns a new reference. */
json_t *grafana_query(const char *const *tags, size_t count);

enum grafana_added {
	GRAFANA_ADDED,
	GRAFANA_THERE,	 /* the dashboard has a query for those tags */
	GRAFANA_UNSAVED, /* it does not take this one, as of those from files */
	GRAFANA_REFUSED, /* or not understood */
	GRAFANA_SILENT,	 /* nobody answered; of these three err says why */
};

/* Adds the query to the dashboard of that uid and saves it, if nobody saved it
 * meanwhile. Waits for Grafana. */
enum grafana_added grafana_add(struct receiver *r, const char *uid,
    const json_t *query, struct error *err);

#endif
