/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics.
 *
 *	plan in force ─► series (labels, blocks) ─► families ─► text
 *
 * Most families are sums of one member over the blocks of a series: a table of
 * rows says which. The others have a function of their own. */
#include "control/metrics.h"

#include <openssl/crypto.h>

#include "base/log.h"
#include "control/metrics_reactions.h"
#include "control/metrics_series.h"
#include "control/metrics_telemetry.h"
#include "control/revision.h"
#include "observe/metrics.h"
#include "observe/process.h"

/* One sample of every series of a set: the member at `offset` of its blocks. */
struct row {
	enum metric_id id;
	enum series_set set;
	struct view own;     /* labels beside those of the series */
	size_t offset;	     /* of a struct counter or histogram */
	const struct histogram_scale *scale; /* NULL: a counter */
	size_t exemplars;    /* offset of a slot, or one a bucket; 0: none */
};

#define IN_ROUTE(member) offsetof(struct route_counts, member)
#define IN_HTTP(member)	 offsetof(struct http_counts, member)
#define IN_FAULT(member) offsetof(struct fault_counts, member)

/* By id; a set's rows of one id stand together. */
static const struct row rows[] = {
    {METRIC_CONNECTIONS_ACCEPTED, SERIES_ROUTES, {0}, IN_ROUTE(accepted)},
#define X(id, word)                                                            \
	{METRIC_CONNECTIONS_CLOSED, SERIES_ROUTES, VIEW("by=\"" word "\""),    \
	    IN_ROUTE(closed[id])},
    CLOSED_BY_WORDS(X)
#undef X
#define X(id, word)                                                            \
	{METRIC_UPSTREAM_CONNECTS, SERIES_ROUTES,                              \
	    VIEW("result=\"" word "\""), IN_ROUTE(connects[id])},
    CONNECT_WORDS(X)
#undef X
    {METRIC_UPSTREAM_CONNECT_DURATION, SERIES_ROUTES, {0}, IN_ROUTE(connect),
	&histogram_durations},
#define BOTH(id, set, member)                                                  \
	{id, set, VIEW("direction=\"upstream\""), IN_ROUTE(member[LINK_UP])},  \
	{                                                                      \
		id, set, VIEW("direction=\"downstream\""),                     \
		    IN_ROUTE(member[LINK_DOWN])                                \
	}
    BOTH(METRIC_RECEIVED_BYTES, SERIES_ROUTES, received),
    BOTH(METRIC_SENT_BYTES, SERIES_ROUTES, sent),
    BOTH(METRIC_LOST_DATAGRAMS, SERIES_ROUTES, lost),
    {METRIC_REQUEST_DURATION, SERIES_REQUESTS, VIEW("faulted=\"false\""),
	IN_HTTP(duration[0]), &histogram_durations, IN_HTTP(traced[0])},
    {METRIC_REQUEST_DURATION, SERIES_REQUESTS, VIEW("faulted=\"true\""),
	IN_HTTP(duration[1]), &histogram_durations, IN_HTTP(traced[1])},
    {METRIC_UPSTREAM_DURATION, SERIES_REQUESTS, {0}, IN_HTTP(upstream),
	&histogram_durations},
    {METRIC_FAULTS_INJECTED, SERIES_FAULTS, {0}, IN_FAULT(injected), NULL,
	IN_FAULT(traced)},
#define X(id, word)                                                            \
	{METRIC_FAULTS_SKIPPED, SERIES_FAULTS, VIEW("reason=\"" word "\""),    \
	    IN_FAULT(skipped[id])},
    SKIP_WORDS(X)
#undef X
    {METRIC_FAULTS_IN_FLIGHT, SERIES_FAULTS, {0}, IN_FAULT(held)},
    {METRIC_INJECTED_DELAY, SERIES_DELAYS, {0}, IN_FAULT(delay),
	&histogram_durations},
    {METRIC_INJECTION_ERROR, SERIES_DELAYS, {0}, IN_FAULT(error),
	&histogram_errors},
    BOTH(METRIC_TOXIPROXY_RECEIVED, SERIES_TOXIPROXY, received),
    BOTH(METRIC_TOXIPROXY_SENT, SERIES_TOXIPROXY, sent),
};

struct scrape {
	struct exposition e;
	const struct metrics *metrics;
	const struct plan *plan;
	struct series_list list;
	struct process_facts process;
};

static const struct metric_labels no_labels;

/* --- sums over blocks ---------------------------------------------------- */

static const void *
member(const struct scrape *s, const struct series *series, size_t block,
    size_t offset)
{
	const char *at = s->list.blocks[series->first + block];

	return at + offset;
}

static void
newest(const struct scrape *s, const struct series *series, size_t offset,
    struct exemplar *to)
{
	for (size_t i = 0; i < series->count; i++)
		exemplar_read(member(s, series, i, offset), to);
}

static void
add_histogram(struct scrape *s, const struct row *row,
    const struct series *series, struct metric_labels labels)
{
	struct exemplar exemplars[HISTOGRAM_BOUNDS + 1] = {0};
	struct histogram_sum sum = {0};

	for (size_t i = 0; i < series->count; i++)
		histogram_read(member(s, series, i, row->offset), &sum);
	for (unsigned i = 0; row->exemplars != 0 && i <= HISTOGRAM_BOUNDS; i++)
		newest(s, series,
		    row->exemplars + i * sizeof(struct exemplar_slot),
		    &exemplars[i]);
	exposition_histogram(&s->e, labels, row->scale, &sum, exemplars);
}

static void
add_row(struct scrape *s, const struct row *row, const struct series *series)
{
	struct metric_labels labels = {
	    series_labels(&s->list, series), row->own};
	struct exemplar exemplar = {0};
	uint64_t sum = 0;

	if (row->scale != NULL) {
		add_histogram(s, row, series, labels);
		return;
	}
	for (size_t i = 0; i < series->count; i++)
		sum += counter_get(member(s, series, i, row->offset));
	if (row->exemplars != 0)
		newest(s, series, row->exemplars, &exemplar);
	/* A gauge may be down below zero in one block for a moment. */
	if (s->e.family->type == METRIC_GAUGE && (int64_t)sum < 0)
		sum = 0;
	exposition_uint(&s->e, labels, sum, &exemplar);
}

static void
add_rows(struct scrape *s, enum metric_id id)
{
	size_t from = 0, to;
	enum series_set set;

	while (rows[from].id != id)
		from++;
	for (to = from; to < COUNT_OF(rows) && rows[to].id == id; to++)
		;
	set = rows[from].set;
	for (size_t i = 0; i < s->list.sets[set].count; i++) {
		for (size_t k = from; k < to; k++)
			add_row(s, &rows[k], &s->list.sets[set].items[i]);
	}
}

/* --- families of their own ----------------------------------------------- */

static void
add_gauges(struct scrape *s, enum series_set set,
    uint64_t (*get)(const struct series *series))
{
	for (size_t i = 0; i < s->list.sets[set].count; i++) {
		const struct series *series = &s->list.sets[set].items[i];
		struct metric_labels labels = {
		    .common = series_labels(&s->list, series)};

		exposition_uint(&s->e, labels, get(series), NULL);
	}
}

static uint64_t
open_connections(const struct series *series)
{
	int n = atomic_load(&series->route->shared->connections);

	return n > 0 ? (uint64_t)n : 0;
}

static void
add_connections(struct scrape *s)
{
	add_gauges(s, SERIES_ROUTES, open_connections);
}

static uint64_t
is_active(const struct series *series)
{
	return series->active;
}

static void
add_active(struct scrape *s)
{
	add_gauges(s, SERIES_FAULTS, is_active);
}

static void
add_code(struct scrape *s, const struct series *series, int faulted,
    unsigned code)
{
	size_t offset = IN_HTTP(requests) +
	    ((size_t)faulted * CODE_COUNT + code) * sizeof(struct counter);
	struct str own = {0};
	uint64_t sum = 0;

	for (size_t i = 0; i < series->count; i++)
		sum += counter_get(member(s, series, i, offset));
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
		const char *name = model->partitions[i].name;

		str_clear(&label);
		exposition_label(&label, "partition", view_of(name));
		exposition_uint(&s->e,
		    (struct metric_labels){{label.text, label.len}, {0}},
		    server_partition_up(state_server(s->metrics->state), i),
		    NULL);
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

/* NULL: rows. */
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
    [METRIC_BUILD] = add_build,
    [METRIC_PROCESS_CPU] = add_cpu,
    [METRIC_PROCESS_OPEN_FDS] = add_open_fds,
    [METRIC_PROCESS_MAX_FDS] = add_max_fds,
    [METRIC_PROCESS_RESIDENT] = add_resident,
    [METRIC_PROCESS_VIRTUAL] = add_virtual,
    [METRIC_PROCESS_START] = add_start,
};

static void
add_reactions(struct scrape *s, enum metric_id id)
{
	for (size_t i = 0; i < s->plan->routes_count; i++) {
		const struct observed *o = observer_find(s->metrics->observer,
		    s->plan->routes[i].name);

		if (o != NULL)
			metrics_add_reaction(&s->e, id, o);
	}
}

/* --- the whole ----------------------------------------------------------- */

static bool
is_shown(const struct metrics *m, int id)
{
	if (metrics_is_reaction(id))
		return m->observer != NULL && observer_is_on(m->observer);
	return id < METRIC_TOXIPROXY_RECEIVED || m->toxiproxy;
}

static void
write_all(struct metrics *m, enum exposition_format format, struct str *out)
{
	struct scrape s = {
	    .metrics = m,
	    .plan = server_plan(state_server(m->state)),
	};

	str_reserve(out, m->last_size + m->last_size / 8);
	process_facts_read(&s.process);
	series_list_init(&s.list, s.plan, m->toxiproxy,
	    clock_now(&clock_real));
	exposition_begin(&s.e, format, out);
	for (int id = 0; id < METRIC_COUNT; id++) {
		if (!is_shown(m, id))
			continue;
		exposition_family(&s.e, &metric_families[id]);
		if (metrics_is_reaction(id))
			add_reactions(&s, (enum metric_id)id);
		else if (own_families[id] != NULL)
			own_families[id](&s);
		else
			add_rows(&s, (enum metric_id)id);
	}
	exposition_end(&s.e);
	series_list_fini(&s.list);
	m->last_size = out->len;
}

/* Repeated headers are one list. */
static enum exposition_format
wanted_format(const struct web_request *request)
{
	enum exposition_format format;
	struct str accept = {0};

	for (size_t i = 0; i < request->headers_count; i++) {
		const struct web_header *h = &request->headers[i];

		if (!view_is_nocase(h->name, "accept"))
			continue;
		if (accept.len > 0)
			str_add_char(&accept, ',');
		str_add_bytes(&accept, h->value.at, h->value.len);
	}
	format = exposition_accept((struct view){accept.text, accept.len});
	str_fini(&accept);
	return format;
}

bool
metrics_handle(struct metrics *m, const struct web_request *request,
    struct web_reply *reply)
{
	enum exposition_format format;

	if (!view_is(request->path, "/metrics"))
		return false;
	if (!view_is(request->method, "GET") &&
	    !view_is(request->method, "HEAD")) {
		reply->status = 405;
		str_add(&reply->headers, "Allow: GET, HEAD\r\n");
		return true;
	}
	format = wanted_format(request);
	reply->status = 200;
	reply->type = exposition_content_type(format);
	str_add(&reply->headers, "Vary: Accept\r\n");
	write_all(m, format, &reply->body);
	return true;
}
