/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts and windows of faults, brought together. */
#include "control/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/json.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/xalloc.h"
#include "telemetry/alerts.h"

#define PATH	  "/hooks/alertmanager"
#define PREFIX	  "/hooks/"
#define OTHERS	  "_other"
#define NAME_SIZE 128 /* characters of a name that has its own figures */
/* Alertmanager repeats itself: so many firings are remembered. */
#define SEEN_MAX  256

struct hooks {
	struct feed *feed;
	const struct telemetry *telemetry;
	struct alert_figures figures[HOOKS_NAMES_MAX + 1];
	size_t count;
	uint64_t seen[SEEN_MAX]; /* a ring of hashes */
	size_t seen_count;
};

/* Where an alert belongs. */
static struct alert_figures *
figures_of(struct hooks *h, const char *name)
{
	if (strlen(name) > NAME_SIZE)
		name = OTHERS;
	for (size_t i = 0; i < h->count; i++) {
		if (strcmp(h->figures[i].name, name) == 0)
			return &h->figures[i];
	}
	if (h->count >= HOOKS_NAMES_MAX && strcmp(name, OTHERS) != 0)
		return figures_of(h, OTHERS);
	h->figures[h->count].name = intern(name);
	return &h->figures[h->count++];
}

/* The same firing comes again with every message of its group. */
static bool
is_new(struct hooks *h, const struct alert *a)
{
	uint64_t hash = rng_hash(a->fingerprint != NULL ? a->fingerprint
							: a->name) ^
	    ((uint64_t)a->starts_us * 0x9e3779b97f4a7c15u);
	size_t known = MIN(h->seen_count, SEEN_MAX);

	for (size_t i = 0; i < known; i++) {
		if (h->seen[i] == hash)
			return false;
	}
	h->seen[h->seen_count++ % SEEN_MAX] = hash;
	return true;
}

static void
tell_match(struct hooks *h, const struct alert *a,
    const struct fault_window *w, struct alert_figures *figures)
{
	char *line = xasprintf("alert %s fired after %.1f s", a->name,
	    figures->detection_s);

	log_line(LOG_INFO, "alert_matched", "an alert told of a fault",
	    LOG_STR("alert", a->name), LOG_STR("route", w->route),
	    LOG_STR(w->route != NULL ? "fault" : "partition", w->fault),
	    LOG_STR("type", w->kind), LOG_STR("service", a->service),
	    LOG_STR("experiment", w->experiment),
	    LOG_DOUBLE("detection_s", figures->detection_s), LOG_END);
	feed_emit(h->feed, &(struct event_record){
	    .type = EVENT_ALERT_MATCHED,
	    .time_us = clock_now(&clock_real),
	    .route = w->route,
	    .fault = w->fault,
	    .kind = w->kind,
	    .what = figures->name,
	    .duration_us = figures->detection_s * 1e6});
	fault_windows_say(telemetry_windows(h->telemetry), w, line);
	free(line);
}

/* True if it told of a fault, for the first time. */
static bool
take(struct hooks *h, const struct alert *a)
{
	int64_t ago_us = clock_wall_us() - a->starts_us;
	int64_t at_us = clock_now(&clock_real) - ago_us;
	struct alert_figures *figures = figures_of(h, a->name);
	const struct fault_window *w;

	if (!a->firing) {
		figures->resolved++;
		return false;
	}
	figures->firing++;
	if (!is_new(h, a))
		return false;
	w = fault_windows_match(telemetry_windows(h->telemetry), a->route,
	    a->service, at_us);
	if (w == NULL) {
		log_line(LOG_INFO, "alert_unmatched",
		    "an alert fired that no fault explains",
		    LOG_STR("alert", a->name), LOG_STR("route", a->route),
		    LOG_STR("service", a->service), LOG_END);
		return false;
	}
	figures->experiment = w->experiment;
	figures->route = w->route != NULL ? w->route : w->fault;
	figures->detection_s = (double)MAX(at_us - w->start_us, 0) / 1e6;
	tell_match(h, a, w, figures);
	return true;
}

static void
answer(struct web_reply *reply, const struct alerts *alerts, size_t matched)
{
	struct jsonw w;

	reply->status = 200;
	jsonw_init(&w, &reply->body);
	jsonw_object(&w);
	jsonw_put_uint(&w, "received", alerts->count);
	jsonw_put_uint(&w, "matched", matched);
	jsonw_object_end(&w);
}

static void
refuse(struct web_reply *reply, int status, const char *why)
{
	struct jsonw w;

	reply->status = status;
	jsonw_init(&w, &reply->body);
	jsonw_object(&w);
	jsonw_put_string(&w, "error", why);
	jsonw_object_end(&w);
}

bool
hooks_handle(struct hooks *h, const struct web_request *request,
    struct web_reply *reply)
{
	const struct view prefix = VIEW(PREFIX);
	struct alerts alerts;
	struct error err;
	size_t matched = 0;

	if (request->path.len < prefix.len ||
	    memcmp(request->path.at, prefix.at, prefix.len) != 0)
		return false;
	reply->type = "application/json";
	if (!view_is(request->path, PATH)) {
		refuse(reply, 404, "there is no such hook; expected " PATH);
		return true;
	}
	if (!view_is(request->method, "POST")) {
		refuse(reply, 405, "expected POST");
		str_add(&reply->headers, "Allow: POST\r\n");
		return true;
	}
	if (alerts_read(request->body, &alerts, &err)) {
		for (size_t i = 0; i < alerts.count; i++)
			matched += take(h, &alerts.items[i]);
		answer(reply, &alerts, matched);
	} else {
		refuse(reply, 400, err.text);
	}
	alerts_fini(&alerts);
	return true;
}

const struct alert_figures *
hooks_figures(const struct hooks *h, size_t *count)
{
	*count = h->count;
	return h->figures;
}

struct hooks *
hooks_new(struct feed *feed, const struct telemetry *telemetry)
{
	struct hooks *h = xcalloc(1, sizeof(*h));

	h->feed = feed;
	h->telemetry = telemetry;
	return h;
}

void
hooks_free(struct hooks *h)
{
	free(h);
}
