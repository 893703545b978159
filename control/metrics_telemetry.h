/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of telemetry and of alerts, for metrics.c: each appends the samples
 * of a family that was begun. */
#ifndef CONTROL_METRICS_TELEMETRY_H
#define CONTROL_METRICS_TELEMETRY_H

#include "control/hooks.h"
#include "control/lease.h"
#include "observe/exposition.h"

/* Of faultwire_telemetry_dropped. */
void metrics_add_lost(struct exposition *e,
    const struct telemetry_counts *counts);
/* Of faultwire_telemetry_sent. */
void metrics_add_sent(struct exposition *e,
    const struct telemetry_counts *counts);
/* Of faultwire_experiment_running: a sample for every name of a lease, up to a
 * number (NULL: there are none). */
void metrics_add_experiments(struct exposition *e,
    const struct leases *leases);
/* Of faultwire_alerts_received and faultwire_alert_detection_seconds. */
void metrics_add_alerts(struct exposition *e, const struct hooks *hooks);
void metrics_add_detections(struct exposition *e, const struct hooks *hooks);

#endif
