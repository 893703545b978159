/* SPDX-License-Identifier: Apache-2.0 */
/* Families of /metrics that are sums of one member over the blocks of a series:
 * a table of rows says which. */
#include "control/metrics_scrape.h"

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

uint64_t
scrape_sum(const struct scrape *s, const struct series *series, size_t offset)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < series->count; i++)
		sum += counter_get(member(s, series, i, offset));
	return sum;
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
	uint64_t sum;

	if (row->scale != NULL) {
		add_histogram(s, row, series, labels);
		return;
	}
	sum = scrape_sum(s, series, row->offset);
	if (row->exemplars != 0)
		newest(s, series, row->exemplars, &exemplar);
	/* A gauge may be down below zero in one block for a moment. */
	if (s->e.family->type == METRIC_GAUGE && (int64_t)sum < 0)
		sum = 0;
	exposition_uint(&s->e, labels, sum, &exemplar);
}

void
scrape_add_rows(struct scrape *s, enum metric_id id)
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
