/* SPDX-License-Identifier: Apache-2.0 */
/* Setting up the log's way to Loki and taking it down. */
#include "control/log_push.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "config/tables.h"
#include "telemetry/log_queue.h"
#include "telemetry/token.h"

#define TIMEOUT_US INT64_C(10000000)

struct log_push {
	struct log_queue *queue; /* NULL: no lines are pushed */
	struct conf_loki conf;	 /* in force */
	char *token;		 /* likewise */
	struct telemetry_counts *counts;
};

/* NULL: err says why. */
static struct log_queue *
begin(const struct log_push *p, struct error *err)
{
	const struct conf_loki *c = &p->conf;
	char host[256] = "";
	char *headers = c->tenant != NULL
	    ? xasprintf("X-Scope-OrgID: %s\r\n", c->tenant)
	    : NULL;
	struct loki_labels labels;
	struct log_queue *q;

	gethostname(host, sizeof(host) - 1);
	loki_labels_init(&labels, c, host);
	q = log_queue_new(&(struct log_queue_settings){
	    .receiver = {.url = c->url,
		.token = p->token,
		.headers = headers,
		.ca_file = c->ca_file,
		.timeout_us = TIMEOUT_US,
		.signal = "logs",
		.retry_any_5xx = true},
	    .labels = &labels,
	    .metadata = c->metadata}, p->counts, err);
	free(headers);
	return q;
}

static void
take_settings(struct log_push *p, const struct conf_loki *c, char *token)
{
	token_free(p->token);
	p->token = token;
	conf_fields_fini(conf_loki_fields, &p->conf);
	p->conf = (struct conf_loki){0};
	conf_fields_copy(conf_loki_fields, &p->conf, c);
}

/* Between the two ways no line is lost. */
static void
change_queue(struct log_push *p, struct log_queue *to, int64_t wait_us)
{
	struct log_queue *before = p->queue;

	p->queue = to;
	log_tap(to != NULL ? log_queue_add : NULL, to);
	log_queue_end(before, wait_us);
}

void
log_push_apply(struct log_push *p, const struct conf_model *model)
{
	const struct conf_loki *c = &model->loki;
	const struct token_place place = {.file = c->token_file,
	    .key = "loki.token_file",
	    .variable = "FAULTWIRE_LOKI_TOKEN"};
	struct log_queue *queue = NULL;
	struct error err = {0};
	char *token = NULL;
	bool ok = c->url == NULL || token_get(&place, &token, &err);

	if (ok && (p->queue != NULL) == (c->url != NULL) &&
	    token_equal(token, p->token) &&
	    conf_fields_equal(conf_loki_fields, c, &p->conf)) {
		token_free(token);
		return;
	}
	take_settings(p, c, token);
	if (ok && c->url != NULL)
		queue = begin(p, &err);
	change_queue(p, queue, 0);
	if (queue != NULL)
		log_line(LOG_INFO, "pushing", "log lines go to Loki, too",
		    LOG_STR("url", c->url), LOG_STR("tenant", c->tenant),
		    LOG_END);
	else if (c->url != NULL)
		log_line(LOG_ERROR, "pushing_failed",
		    "no log lines go to Loki", LOG_STR("error", err.text),
		    LOG_END);
}

struct log_push *
log_push_new(const struct conf_model *model)
{
	struct log_push *p = xcalloc(1, sizeof(*p));

	p->counts = telemetry_counts_new();
	conf_fields_default(conf_loki_fields, &p->conf);
	log_push_apply(p, model);
	return p;
}

struct telemetry_counts *
log_push_counts(const struct log_push *p)
{
	return p->counts;
}

void
log_push_free(struct log_push *p, int64_t wait_us)
{
	if (p == NULL)
		return;
	change_queue(p, NULL, wait_us);
	conf_fields_fini(conf_loki_fields, &p->conf);
	token_free(p->token);
	telemetry_counts_unref(p->counts);
	free(p);
}
