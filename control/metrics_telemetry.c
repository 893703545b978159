/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of telemetry and of alerts. */
#include "control/metrics_telemetry.h"

#include <string.h>

#define EXPERIMENTS_MAX 100

void
metrics_add_lost(struct exposition *e, const struct telemetry_counts *counts)
{
	static const struct view labels[] = {
#define X(id, signal, reason)                                                  \
	[id] = VIEW("signal=\"" signal "\",reason=\"" reason "\""),
	    TELEMETRY_LOSSES(X)
#undef X
	};

	for (size_t i = 0; i < COUNT_OF(labels); i++)
		exposition_uint(e, (struct metric_labels){.own = labels[i]},
		    atomic_load(&counts->lost[i]), NULL);
}

void
metrics_add_sent(struct exposition *e, const struct telemetry_counts *counts)
{
	static const struct view labels[] = {
#define X(id, signal) [id] = VIEW("signal=\"" signal "\""),
	    TELEMETRY_SENT(X)
#undef X
	};

	for (size_t i = 0; i < COUNT_OF(labels); i++)
		exposition_uint(e, (struct metric_labels){.own = labels[i]},
		    atomic_load(&counts->sent[i]), NULL);
}

/* True if an earlier lease has the same name. */
static bool
is_repeated(const struct leases *leases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (leases->items[i]->name != NULL &&
		    strcmp(leases->items[i]->name, leases->items[n]->name) == 0)
			return true;
	}
	return false;
}

void
metrics_add_experiments(struct exposition *e, const struct leases *leases)
{
	size_t count =
	    leases != NULL ? MIN(leases->count, EXPERIMENTS_MAX) : 0;

	for (size_t i = 0; i < count; i++) {
		struct str own = {0};

		if (leases->items[i]->name == NULL || is_repeated(leases, i))
			continue;
		exposition_label(&own, "experiment",
		    view_of(leases->items[i]->name));
		exposition_uint(e,
		    (struct metric_labels){.own = {own.text, own.len}}, 1,
		    NULL);
		str_fini(&own);
	}
}

/* Labels of an alert, and a second one. */
static struct str
labels_of(const struct alert_figures *a, const char *key, const char *value)
{
	struct str labels = {0};

	exposition_label(&labels, "alertname", view_of(a->name));
	exposition_label(&labels, key, view_of(value));
	return labels;
}

void
metrics_add_alerts(struct exposition *e, const struct hooks *hooks)
{
	size_t count;
	const struct alert_figures *all = hooks_figures(hooks, &count);

	for (size_t i = 0; i < 2 * count; i++) {
		const struct alert_figures *a = &all[i / 2];
		bool firing = i % 2 == 0;
		struct str own = labels_of(a, "status",
		    firing ? "firing" : "resolved");

		exposition_uint(e,
		    (struct metric_labels){.own = {own.text, own.len}},
		    firing ? a->firing : a->resolved, NULL);
		str_fini(&own);
	}
}

void
metrics_add_detections(struct exposition *e, const struct hooks *hooks)
{
	size_t count;
	const struct alert_figures *all = hooks_figures(hooks, &count);

	for (size_t i = 0; i < count; i++) {
		struct str own;

		if (all[i].route == NULL)
			continue;
		own = labels_of(&all[i], "route", all[i].route);
		if (all[i].experiment != NULL)
			exposition_label(&own, "experiment",
			    view_of(all[i].experiment));
		exposition_double(e,
		    (struct metric_labels){.own = {own.text, own.len}},
		    all[i].detection_s);
		str_fini(&own);
	}
}
