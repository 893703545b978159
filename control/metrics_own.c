/* SPDX-License-Identifier: Apache-2.0 */
/* Families of /metrics with a function of their own. */
#include <openssl/crypto.h>
#include <string.h>

#include "base/log.h"
#include "control/metrics_scrape.h"
#include "control/metrics_telemetry.h"
#include "control/revision.h"

/* That have faults of one kind on one route. */
#define EXPERIMENTS_AT_ONCE 16

static const struct metric_labels no_labels;

static void
add_connections(struct scrape *s)
{
	for (size_t i = 0; i < s->list.sets[SERIES_ROUTES].count; i++) {
		const struct series *series =
		    &s->list.sets[SERIES_ROUTES].items[i];
		int n = atomic_load(&series->route->shared->connections);
		struct metric_labels labels = {
		    .common = series_labels(&s->list, series)};

		exposition_uint(&s->e, labels, n > 0 ? (uint64_t)n : 0, NULL);
	}
}

/* A gauge of 0 or 1: what no experiment did is in the first sample, which is
 * always there; what one did, in a sample with its name. */
static void
add_states(struct scrape *s, struct view common, bool state,
    const char *const *experiments, size_t count)
{
	exposition_uint(&s->e, (struct metric_labels){.common = common}, state,
	    NULL);
	for (size_t i = 0; i < count; i++) {
		struct str own = {0};

		exposition_label(&own, "experiment", view_of(experiments[i]));
		exposition_uint(&s->e,
		    (struct metric_labels){common, {own.text, own.len}}, 1,
		    NULL);
		str_fini(&own);
	}
}

/* Adds a name that is not there yet. */
static void
add_name(const char **names, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(names[i], name) == 0)
			return;
	}
	if (*count < EXPERIMENTS_AT_ONCE)
		names[(*count)++] = name;
}

static void
add_active_kind(struct scrape *s, const struct series *series)
{
	const char *names[EXPERIMENTS_AT_ONCE], *name;
	int64_t next = DEADLINE_NEVER;
	size_t count = 0;
	bool state = false;

	for (size_t i = 0; i < series->route->faults_count; i++) {
		const struct armed_fault *f = &series->route->faults[i];

		if (f->counted_as != series->kind ||
		    !condition_in_force(f, s->now_us, &next))
			continue;
		name = leases_experiment(s->metrics->leases, &f->conf->leased);
		if (name != NULL)
			add_name(names, &count, name);
		else
			state = true;
	}
	add_states(s, series_labels(&s->list, series), state, names, count);
}

static void
add_active(struct scrape *s)
{
	for (size_t i = 0; i < s->list.sets[SERIES_FAULTS].count; i++)
		add_active_kind(s, &s->list.sets[SERIES_FAULTS].items[i]);
}

static void
add_code(struct scrape *s, const struct series *series, int faulted,
    unsigned code)
{
	size_t offset = offsetof(struct http_counts, requests) +
	    ((size_t)faulted * CODE_COUNT + code) * sizeof(struct counter);
	uint64_t sum = scrape_sum(s, series, offset);
	struct str own = {0};

	/* One is always there, so that rates have a beginning. */
	if (sum == 0 && code != 200 - CODE_FIRST)
		return;
	if (code < CODE_OTHER)
		str_printf(&own, "code=\"%u\"", code + CODE_FIRST);
	else
		str_add(&own, code == CODE_NONE ? "code=\"none\""
						: "code=\"other\"");
	str_add(&own, faulted ? ",faulted=\"true\"" : ",faulted=\"false\"");
	exposition_uint(&s->e,
	    (struct metric_labels){series_labels(&s->list, series),
		{own.text, own.len}},
	    sum, NULL);
	str_fini(&own);
}

static void
add_requests(struct scrape *s)
{
	for (size_t i = 0; i < s->list.sets[SERIES_REQUESTS].count; i++) {
		const struct series *series =
		    &s->list.sets[SERIES_REQUESTS].items[i];

		for (unsigned k = 0; k < 2 * CODE_COUNT; k++)
			add_code(s, series, k >= CODE_COUNT, k % CODE_COUNT);
	}
}

static void
add_partitions(struct scrape *s)
{
	const struct conf_model *model = s->plan->model;
	struct str label = {0};

	for (size_t i = 0; i < model->partitions_count; i++) {
		const struct conf_partition *p = &model->partitions[i];
		const char *name =
		    leases_experiment(s->metrics->leases, &p->leased);
		bool up =
		    server_partition_up(state_server(s->metrics->state), i);

		str_clear(&label);
		exposition_label(&label, "partition", view_of(p->name));
		add_states(s, (struct view){label.text, label.len},
		    up && name == NULL, &name, up && name != NULL);
	}
	str_fini(&label);
}

static void
add_experiments(struct scrape *s)
{
	metrics_add_experiments(&s->e, s->metrics->leases);
}

static void
add_alerts(struct scrape *s)
{
	if (s->metrics->hooks != NULL)
		metrics_add_alerts(&s->e, s->metrics->hooks);
}

static void
add_detections(struct scrape *s)
{
	if (s->metrics->hooks != NULL)
		metrics_add_detections(&s->e, s->metrics->hooks);
}

static void
add_reload_ok(struct scrape *s)
{
	exposition_uint(&s->e, no_labels,
	    state_last_reload(s->metrics->state)->ok, NULL);
}

static void
add_reload_time(struct scrape *s)
{
	exposition_double(&s->e, no_labels,
	    (double)state_last_reload(s->metrics->state)->good_wall_us / 1e6);
}

static void
add_lag(struct scrape *s)
{
	struct histogram_sum sum = {0};

	server_lag(state_server(s->metrics->state), &sum);
	exposition_histogram(&s->e, no_labels, &histogram_errors, &sum, NULL);
}

static void
add_dropped(struct scrape *s)
{
	const struct metrics *m = s->metrics;
	struct metric_labels labels = {0};

	labels.own = VIEW("signal=\"logs\",reason=\"blocked\"");
	exposition_uint(&s->e, labels, log_dropped(), NULL);
	labels.own = VIEW("signal=\"events\",reason=\"full\"");
	exposition_uint(&s->e, labels, feed_dropped(m->feed), NULL);
	labels.own = VIEW("signal=\"journal\",reason=\"blocked\"");
	exposition_uint(&s->e, labels,
	    m->journal != NULL ? journal_lost(m->journal) : 0, NULL);
	if (m->telemetry != NULL)
		metrics_add_lost(&s->e, telemetry_counts(m->telemetry));
}

static void
add_sent(struct scrape *s)
{
	if (s->metrics->telemetry != NULL)
		metrics_add_sent(&s->e,
		    telemetry_counts(s->metrics->telemetry));
}

static void
add_build(struct scrape *s)
{
	static const char tls[] = "OpenSSL ";
	struct metric_labels labels = {0};
	struct str own = {0}, name = {0};

	str_printf(&name, "%s%s", tls,
	    OpenSSL_version(OPENSSL_VERSION_STRING));
	exposition_label(&own, "version", view_of(FAULTWIRE_VERSION));
	exposition_label(&own, "revision", view_of(FAULTWIRE_REVISION));
	exposition_label(&own, "tls", (struct view){name.text, name.len});
	labels.own = (struct view){own.text, own.len};
	exposition_uint(&s->e, labels, 1, NULL);
	str_fini(&own);
	str_fini(&name);
}

static void
add_cpu(struct scrape *s)
{
	exposition_double(&s->e, no_labels, s->process.cpu_s);
}

static void
add_open_fds(struct scrape *s)
{
	exposition_uint(&s->e, no_labels, s->process.open_fds, NULL);
}

static void
add_max_fds(struct scrape *s)
{
	exposition_uint(&s->e, no_labels, s->process.max_fds, NULL);
}

static void
add_resident(struct scrape *s)
{
	exposition_uint(&s->e, no_labels, s->process.resident_bytes, NULL);
}

static void
add_virtual(struct scrape *s)
{
	exposition_uint(&s->e, no_labels, s->process.virtual_bytes, NULL);
}

static void
add_start(struct scrape *s)
{
	exposition_double(&s->e, no_labels, s->process.start_s);
}

/* NULL: it stands in the table of rows. */
static void (*const own_families[METRIC_COUNT])(struct scrape *s) = {
    [METRIC_CONNECTIONS_ACTIVE] = add_connections,
    [METRIC_REQUESTS] = add_requests,
    [METRIC_FAULT_ACTIVE] = add_active,
    [METRIC_PARTITION_ACTIVE] = add_partitions,
    [METRIC_EXPERIMENT_RUNNING] = add_experiments,
    [METRIC_ALERTS_RECEIVED] = add_alerts,
    [METRIC_ALERT_DETECTION] = add_detections,
    [METRIC_RELOAD_SUCCESSFUL] = add_reload_ok,
    [METRIC_RELOAD_TIME] = add_reload_time,
    [METRIC_LOOP_LAG] = add_lag,
    [METRIC_TELEMETRY_DROPPED] = add_dropped,
    [METRIC_TELEMETRY_SENT] = add_sent,
    [METRIC_BUILD] = add_build,
    [METRIC_PROCESS_CPU] = add_cpu,
    [METRIC_PROCESS_OPEN_FDS] = add_open_fds,
    [METRIC_PROCESS_MAX_FDS] = add_max_fds,
    [METRIC_PROCESS_RESIDENT] = add_resident,
    [METRIC_PROCESS_VIRTUAL] = add_virtual,
    [METRIC_PROCESS_START] = add_start,
};

bool
scrape_add_own(struct scrape *s, enum metric_id id)
{
	if (own_families[id] == NULL)
		return false;
	own_families[id](s);
	return true;
}
