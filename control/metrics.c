/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics.
 *
 *	plan in force ─► series (labels, blocks) ─► families ─► text
 */
#include "control/metrics.h"

#include "control/metrics_reactions.h"
#include "control/metrics_scrape.h"

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

static bool
is_shown(const struct metrics *m, int id)
{
	if (metrics_is_reaction(id))
		return m->observer != NULL && observer_is_on(m->observer);
	return id < METRIC_TOXIPROXY_RECEIVED ||
	    (m->toxiproxy && id < METRIC_EXPERIMENT_RUNS);
}

static void
write_all(struct metrics *m, enum exposition_format format, struct str *out)
{
	struct scrape s = {
	    .metrics = m,
	    .plan = server_plan(state_server(m->state)),
	    .now_us = clock_now(&clock_real),
	};

	str_reserve(out, m->last_size + m->last_size / 8);
	process_facts_read(&s.process);
	series_list_init(&s.list, s.plan, m->toxiproxy);
	exposition_begin(&s.e, format, out);
	for (int id = 0; id < METRIC_COUNT; id++) {
		if (!is_shown(m, id))
			continue;
		exposition_family(&s.e, &metric_families[id]);
		if (metrics_is_reaction(id))
			add_reactions(&s, (enum metric_id)id);
		else if (!scrape_add_own(&s, (enum metric_id)id))
			scrape_add_rows(&s, (enum metric_id)id);
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
