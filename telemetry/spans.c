/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes by the semantic conventions of OpenTelemetry for HTTP, and our
 * own below "faultwire." for what nobody else has. */
#include "telemetry/spans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "telemetry/pending.h"
#include "telemetry/retries.h"

#define NAME_TEXT 320
#define URL_TEXT  (EVENT_UPSTREAM_TEXT + EVENT_TARGET_TEXT + 32)

struct spans {
	struct spans_settings settings;
	struct pendings *pendings;
	struct retries *retries;
};

/* The span that is being made, with the texts that it borrows. */
struct making {
	const struct event_record *event;
	const struct event_trace *trace;
	const struct pending *known; /* NULL: nothing */
	struct otlp_span span;
	struct retry retry;
	char name[NAME_TEXT], error[64], path[EVENT_TARGET_TEXT];
	char url[URL_TEXT], client[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN];
};

static bool
is_http(const struct event_record *e)
{
	return strcmp(e->flow_type, "exchange") == 0;
}

static bool
is_datagram(const struct event_record *e)
{
	return strcmp(e->flow_type, "datagram") == 0;
}

static void
put(struct making *m, struct otlp_attr attr)
{
	otlp_add(&m->span.attrs, attr);
}

static const char *
some(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* --- how it ended --- */

/* The fault that made the outcome what it is; NULL: none did. */
static const char *
decisive_fault(const struct making *m)
{
	const struct event_record *e = m->event;
	bool acted = m->known != NULL && m->known->count > 0;
	bool ended = strcmp(e->what, "fault") == 0 ||
	    (is_http(e) && e->when.response_us == 0);

	return ended || (e->own_reply && acted) ? e->kind : NULL;
}

/* Why it failed for whoever asked us, by error.type. */
static const char *
reason_of(struct making *m)
{
	const struct event_record *e = m->event;
	const char *fault = decisive_fault(m);

	if (fault != NULL)
		snprintf(m->error, sizeof(m->error), "faultwire.%s", fault);
	else if (m->trace->unreached != NULL)
		snprintf(m->error, sizeof(m->error), "connect_%s",
		    m->trace->unreached);
	else if (is_http(e) && e->status > 0)
		snprintf(m->error, sizeof(m->error), "%d", e->status);
	else
		snprintf(m->error, sizeof(m->error), "%s", e->what);
	return m->error;
}

static void
put_outcome(struct making *m, int status, const char *error)
{
	if (status > 0)
		put(m, OTLP_NUM("http.response.status_code", status));
	put(m, OTLP_STR("error.type", error));
	m->span.status = error != NULL ? OTLP_ERROR : OTLP_UNSET;
}

/* What the client got of us. */
static void
put_answer(struct making *m)
{
	const struct event_record *e = m->event;
	int status = e->when.response_us != 0 ? e->status : 0;
	bool failed = status == 0 || status >= 500 ||
	    strcmp(e->what, "fault") == 0;

	put_outcome(m, status, failed ? reason_of(m) : NULL);
}

/* What the upstream gave us: its status is not known behind a reply of our
 * own, which says that it failed unless a fault gave it. */
static void
put_call(struct making *m)
{
	const struct event_record *e = m->event;
	bool own = e->own_reply, fault = decisive_fault(m) != NULL;
	bool failed = own ? !fault
	    : e->status == 0 ? !fault || m->trace->done_us == 0
			     : e->status >= 400;

	put_outcome(m, own ? 0 : e->status, failed ? reason_of(m) : NULL);
}

static void
put_end(struct making *m)
{
	static const char *const failures[] = {"fault", "upstream_reset",
	    "client_reset", "upstream_unreachable"};
	bool failed = false;

	for (size_t i = 0; i < COUNT_OF(failures); i++)
		failed |= strcmp(m->event->what, failures[i]) == 0;
	put_outcome(m, 0, failed ? reason_of(m) : NULL);
}

/* --- faults --- */

/* Amounts by their unit. */
static struct otlp_attr
amount_attr(const struct pending_effect *effect)
{
	if (effect->unit == NULL || effect->amount == 0)
		return OTLP_STR("", NULL);
	if (strcmp(effect->unit, "us") == 0)
		return OTLP_REAL("faultwire.fault.delay",
		    effect->amount / 1e6);
	if (strcmp(effect->unit, "bytes") == 0)
		return OTLP_NUM("faultwire.fault.bytes",
		    (int64_t)effect->amount);
	return OTLP_STR("", NULL);
}

static void
put_event(struct making *m, const struct spans *s,
    const struct pending_effect *effect)
{
	struct otlp_event *to = &m->span.events[m->span.events_count++];

	to->time_us = s->settings.wall_us(effect->time_us);
	to->name = "faultwire.fault.injected";
	otlp_add(&to->attrs, OTLP_STR("faultwire.fault.type", effect->kind));
	otlp_add(&to->attrs, OTLP_STR("faultwire.fault.id", effect->fault));
	otlp_add(&to->attrs, OTLP_STR("faultwire.fault.effect", effect->what));
	otlp_add(&to->attrs, amount_attr(effect));
}

static void
put_experiment(struct making *m, const struct spans *s)
{
	const struct spans_settings *ask = &s->settings;
	const char *name = ask->experiment != NULL
	    ? ask->experiment(ask->of, m->event)
	    : NULL;

	if (name == NULL)
		return;
	put(m, OTLP_STR("faultwire.experiment", name));
	put(m, OTLP_STR("faultwire.run.id", ask->run));
}

static void
put_faults(struct making *m, const struct spans *s)
{
	const struct event_record *e = m->event;
	const struct pending *known = m->known;
	const struct pending_effect *first = NULL;

	for (size_t i = 0; known != NULL && i < known->count; i++) {
		const struct pending_effect *effect = &known->effects[i];

		if (i < OTLP_EVENTS_MAX)
			put_event(m, s, effect);
		if (first == NULL && e->fault != NULL &&
		    effect->fault == e->fault)
			first = effect;
	}
	if (known != NULL)
		m->span.events_dropped = known->dropped;
	put(m, OTLP_STR("faultwire.route", e->route));
	put(m, OTLP_FLAG("faultwire.faulted", e->fault != NULL));
	put(m, OTLP_STR("faultwire.fault.type", e->kind));
	put(m, OTLP_STR("faultwire.fault.id", e->fault));
	if (first != NULL)
		put(m, amount_attr(first));
	put_experiment(m, s);
	put(m, OTLP_NUM("faultwire.flow", (int64_t)e->flow));
	put(m, OTLP_NUM("faultwire.session", (int64_t)e->session));
}

/* --- spans --- */

static void
begin(struct making *m, enum otlp_kind kind)
{
	const struct event_trace *t = m->trace;

	memset(&m->span, 0, sizeof(m->span));
	memcpy(m->span.trace_id, t->in.trace_id, sizeof(t->in.trace_id));
	m->span.flags = t->in.flags;
	m->span.state = some(t->state);
	m->span.kind = kind;
	m->span.name = m->name;
}

/* Methods that nobody knows have one name for all. */
static const char *
method_of(const struct event_record *e)
{
	return strcmp(e->who.method, "OTHER") == 0 ? "_OTHER" : e->who.method;
}

static const char *
method_name(const struct event_record *e)
{
	return strcmp(e->who.method, "OTHER") == 0 ? "HTTP" : e->who.method;
}

static const char *
version_text(uint8_t version)
{
	return version == 20 ? "2" : version == 10 ? "1.0"
	    : version == 11  ? "1.1"
			     : NULL;
}

static void
put_port(struct making *m, const char *key, uint16_t port)
{
	if (port != 0)
		put(m, OTLP_NUM(key, port));
}

static void
put_target(struct making *m)
{
	const char *query = strchr(m->trace->target, '?');
	size_t len = query != NULL ? (size_t)(query - m->trace->target)
				   : strlen(m->trace->target);

	memcpy(m->path, m->trace->target, len);
	m->path[len] = '\0';
	put(m, OTLP_STR("url.path", m->path));
	put(m, OTLP_STR("url.query", query != NULL ? query + 1 : NULL));
}

static void
make_server(struct making *m, const struct spans *s)
{
	const struct event_record *e = m->event;
	const struct event_trace *t = m->trace;

	begin(m, OTLP_SERVER);
	memcpy(m->span.span_id, t->server_id, SPAN_ID_SIZE);
	memcpy(m->span.parent_id, t->in.parent_id, SPAN_ID_SIZE);
	m->span.remote = span_id_is_set(t->in.parent_id);
	m->span.end_us = s->settings.wall_us(e->time_us);
	m->span.start_us = m->span.end_us - (int64_t)e->duration_us;
	snprintf(m->name, sizeof(m->name), "%s %s", method_name(e), e->route);
	put(m, OTLP_STR("http.request.method", method_of(e)));
	put_target(m);
	put(m, OTLP_STR("url.scheme", t->secure ? "https" : "http"));
	put(m, OTLP_STR("http.route", e->route));
	put(m, OTLP_STR("server.address", some(t->host)));
	put(m, OTLP_STR("network.peer.address",
		   event_address(&e->who.client, m->client)));
	put_port(m, "network.peer.port", t->client_port);
	put(m, OTLP_STR("network.protocol.version", version_text(t->version)));
	put_answer(m);
	put_faults(m, s);
	s->settings.add(s->settings.arg, &m->span);
}

static void
put_server(struct making *m)
{
	const struct event_trace *t = m->trace;

	put(m, OTLP_STR("server.address", some(t->upstream)));
	put_port(m, "server.port", t->upstream_port);
	put(m, OTLP_STR("network.peer.address",
		   event_address(&t->peer, m->peer)));
	put_port(m, "network.peer.port", t->peer_port);
}

static void
put_url(struct making *m)
{
	const struct event_trace *t = m->trace;
	bool v6 = strchr(t->upstream, ':') != NULL;
	char port[8] = "";

	if (t->upstream_port != 0)
		snprintf(port, sizeof(port), ":%u", t->upstream_port);
	snprintf(m->url, sizeof(m->url), "%s://%s%s%s%s%s",
	    t->upstream_secure ? "https" : "http", v6 ? "[" : "",
	    t->upstream[0] == '/' ? "localhost" : t->upstream, v6 ? "]" : "",
	    port, t->target);
	put(m, OTLP_STR("url.full", m->url));
}

static void
put_retry(struct making *m)
{
	if (m->retry.count > 0)
		put(m, OTLP_NUM("http.request.resend_count", m->retry.count));
	memcpy(m->span.link_id, m->retry.span_id, SPAN_ID_SIZE);
}

static void
make_client(struct making *m, const struct spans *s)
{
	const struct event_record *e = m->event;
	const struct event_trace *t = m->trace;
	int64_t done_us = t->done_us != 0 ? t->done_us : e->time_us;

	if (t->call_us == 0)
		return;
	begin(m, OTLP_CLIENT);
	memcpy(m->span.span_id, t->client_id, SPAN_ID_SIZE);
	memcpy(m->span.parent_id, t->server_id, SPAN_ID_SIZE);
	/* Two looks at the wall clock would differ by what came between. */
	m->span.end_us = s->settings.wall_us(done_us);
	m->span.start_us = m->span.end_us - (done_us - t->call_us);
	snprintf(m->name, sizeof(m->name), "%s", method_name(e));
	put(m, OTLP_STR("http.request.method", method_of(e)));
	put_server(m);
	put_url(m);
	put(m, OTLP_STR("network.protocol.version",
		   version_text(t->call_version)));
	put_call(m);
	put(m, OTLP_STR("faultwire.route", e->route));
	put_retry(m);
	s->settings.add(s->settings.arg, &m->span);
}

/* A connection, or a client's datagrams. */
static void
make_stream(struct making *m, const struct spans *s)
{
	const struct event_record *e = m->event;
	const struct event_trace *t = m->trace;
	const char *transport = is_datagram(e) ? "udp" : "tcp";

	begin(m, OTLP_CLIENT);
	memcpy(m->span.span_id, t->server_id, SPAN_ID_SIZE);
	m->span.end_us = s->settings.wall_us(e->time_us);
	m->span.start_us = m->span.end_us - (int64_t)e->duration_us;
	snprintf(m->name, sizeof(m->name), "%s %s", transport, e->route);
	put(m, OTLP_STR("network.transport", transport));
	put(m, OTLP_STR("client.address",
		   event_address(&e->who.client, m->client)));
	put_port(m, "client.port", t->client_port);
	put_server(m);
	put(m, OTLP_NUM("faultwire.bytes.upstream", (int64_t)e->bytes_up));
	put(m, OTLP_NUM("faultwire.bytes.downstream",
		   (int64_t)e->bytes_down));
	put(m, OTLP_STR("faultwire.close.reason", e->what));
	put_end(m);
	put_faults(m, s);
	s->settings.add(s->settings.arg, &m->span);
}

/* --- events --- */

static void
on_close(struct spans *s, const struct event_record *e)
{
	struct pending *known = pendings_take(s->pendings, e);
	struct making m;

	if (e->trace != NULL) {
		m.event = e;
		m.trace = e->trace;
		m.known = known;
		if (is_http(e) && e->who.method != NULL) {
			retries_look(s->retries, e, &m.retry);
			make_server(&m, s);
			make_client(&m, s);
		} else {
			make_stream(&m, s);
		}
	}
	free(known);
}

void
spans_consume(void *spans, const struct event_record *event)
{
	struct spans *s = spans;

	if (event->type == EVENT_FLOW_CLOSE)
		on_close(s, event);
	else
		pendings_note(s->pendings, event);
}

struct spans *
spans_new(const struct spans_settings *settings)
{
	struct spans *s = xcalloc(1, sizeof(*s));

	s->settings = *settings;
	s->pendings = pendings_new();
	s->retries = retries_new();
	return s;
}

void
spans_free(struct spans *s)
{
	if (s == NULL)
		return;
	pendings_free(s->pendings);
	retries_free(s->retries);
	free(s);
}
