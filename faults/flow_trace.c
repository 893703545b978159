/* SPDX-License-Identifier: Apache-2.0 */
/* Trace contexts of flows, by the rules of W3C Trace Context for a party that
 * takes part: the trace goes on, the parent becomes our span, flags that we
 * do not know are cleared, and what is not valid begins a new trace. */
#include "faults/flow_trace.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "faults/condition.h"
#include "faults/message.h"

/* The part of an id that is random in every trace (level 2 of W3C's). */
#define RANDOM_BYTES 7
#define HIDDEN	     "REDACTED"

struct flow_trace {
	struct trace_context in; /* as struct event_trace has it */
	unsigned char server_id[SPAN_ID_SIZE], client_id[SPAN_ID_SIZE];
	char *state; /* owned; what is passed on of tracestate, or NULL */
	int64_t call_us, done_us;
	const char *unreached;
	struct in6_addr peer;
	uint16_t peer_port;
	uint8_t version, call_version;
};

/* --- ids --- */

void
engine_trace(struct engine *e, const struct trace_policy *policy)
{
	uint64_t *bits = e->trace_bits;

	e->tracing = *policy;
	if (!policy->on || bits[0] != 0)
		return;
	if (getrandom(bits, sizeof(e->trace_bits), 0) !=
	    sizeof(e->trace_bits)) {
		bits[0] = rng_mix((uint64_t)clock_wall_us() + e->index);
		bits[1] = rng_mix(bits[0]);
	}
}

/* Ids tell traces of all the world apart, so no seed of a run decides them. */
static void
draw_id(struct engine *e, unsigned char *id, size_t size)
{
	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t half = e->trace_bits[at / sizeof(uint64_t) % 2];
		uint64_t bits = rng_mix(half ^ e->trace_draws++);

		memcpy(id + at, &bits, sizeof(bits));
	}
	id[size - 1] |= size == SPAN_ID_SIZE && !span_id_is_set(id);
}

/* The same for every party that asks: the trace's random part decides. */
static bool
is_chosen(const struct trace_context *c, double ratio)
{
	uint64_t bits = 0, all = UINT64_C(1) << (8 * RANDOM_BYTES);

	for (size_t i = TRACE_ID_SIZE - RANDOM_BYTES; i < TRACE_ID_SIZE; i++)
		bits = bits << 8 | c->trace_id[i];
	return (double)bits < ratio * (double)all;
}

static void
set_sampled(struct trace_context *c, bool sampled)
{
	c->flags = (uint8_t)((c->flags & ~TRACE_SAMPLED) |
	    (sampled ? TRACE_SAMPLED : 0));
}

/* --- what the request says --- */

static bool
header(const struct flow *f, const char *name, size_t n, struct view *value)
{
	return f->ops->header != NULL && f->ops->header(f, name, n, value);
}

/* All of its tracestate, or NULL: there is none, or it is not valid. */
static char *
read_state(const struct flow *f)
{
	struct str state = {0};
	struct view value;
	bool ok = true;

	for (size_t n = 0; ok && header(f, "tracestate", n, &value); n++)
		ok = trace_state_add(&state, value);
	if (ok && state.len > 0)
		return str_take(&state);
	str_fini(&state);
	return NULL;
}

void
flow_trace_begin(struct flow *f)
{
	struct engine *e = f->engine;
	struct flow_trace *t;

	if (!e->tracing.on || f->type == FLOW_WIRE)
		return;
	t = f->trace = zone_take(&e->traces, sizeof(*t));
	if (f->ops->trace != NULL && f->ops->trace(f, &t->in)) {
		t->state = read_state(f);
		if (!e->tracing.follow)
			set_sampled(&t->in,
			    is_chosen(&t->in, e->tracing.ratio));
	} else {
		t->in = (struct trace_context){.flags = TRACE_RANDOM};
		draw_id(e, t->in.trace_id, sizeof(t->in.trace_id));
		set_sampled(&t->in, is_chosen(&t->in, e->tracing.ratio));
	}
	draw_id(e, t->server_id, sizeof(t->server_id));
	draw_id(e, t->client_id, sizeof(t->client_id));
}

void
flow_trace_end(struct flow *f)
{
	if (f->trace == NULL)
		return;
	free(f->trace->state);
	zone_give(&f->engine->traces, f->trace);
	f->trace = NULL;
}

/* --- what goes on --- */

/* A fault acts on it, or is about to. */
static bool
is_faulted(const struct flow *f)
{
	const struct decision *d = f->decisions;

	while (d != NULL && !d->applies)
		d = d->next;
	return f->faulted || d != NULL;
}

bool
flow_trace_is_kept(const struct flow *f)
{
	return f->trace != NULL &&
	    ((f->trace->in.flags & TRACE_SAMPLED) ||
		(f->engine->tracing.faulted_always && is_faulted(f)));
}

/* HTTP/1.0 is 10; heads of HTTP/2 are text that was never on a wire. */
static uint8_t
version_of(const struct message *m)
{
	const char *end = m->head.len > 0
	    ? memchr(m->head.at, '\r', m->head.len)
	    : NULL;

	if (!m->on_wire)
		return 20;
	return end != NULL && end > m->head.at && end[-1] == '0' ? 10 : 11;
}

void
flow_trace_edit(struct flow *f, struct message *m)
{
	struct flow_trace *t = f->trace;
	struct trace_context next;
	char text[TRACE_PARENT_TEXT];

	if (t == NULL)
		return;
	t->version = version_of(m);
	if (!f->engine->tracing.propagate)
		return;
	next = t->in;
	memcpy(next.parent_id, t->client_id, sizeof(next.parent_id));
	/* What follows from a fault is to be seen as well. */
	set_sampled(&next, flow_trace_is_kept(f));
	trace_print(&next, text);
	if (!m->is_traced) {
		m->ops->add_header(m, "traceparent", text);
		return;
	}
	m->ops->set_header(m, "traceparent", text);
	if (t->state != NULL)
		m->ops->set_header(m, "tracestate", t->state);
	else
		m->ops->remove_header(m, "tracestate");
}

static void
note_peer(struct flow_trace *t, int fd)
{
	struct sockaddr_storage peer = {0};
	const struct sockaddr_in *v4 = (const void *)&peer;
	const struct sockaddr_in6 *v6 = (const void *)&peer;
	socklen_t len = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
		return;
	if (peer.ss_family == AF_INET6) {
		t->peer = v6->sin6_addr;
		t->peer_port = ntohs(v6->sin6_port);
	} else if (peer.ss_family == AF_INET) {
		t->peer = (struct in6_addr){.s6_addr = {[10] = 0xff, 0xff}};
		memcpy(&t->peer.s6_addr[12], &v4->sin_addr, 4);
		t->peer_port = ntohs(v4->sin_port);
	}
}

void
flow_trace_call(struct flow *f, int fd, uint8_t version)
{
	struct flow_trace *t = f->trace;

	if (t == NULL)
		return;
	if (t->call_us == 0)
		t->call_us = clock_now(f->engine->clock);
	t->done_us = 0;
	t->unreached = NULL;
	t->call_version = fd >= 0 ? version : 0;
	/* Faults that have yet to act are rare: they may ask, too. */
	if (fd >= 0 && flow_trace_is_kept(f))
		note_peer(t, fd);
}

void
flow_trace_unreached(struct flow *f, const char *why)
{
	if (f->trace != NULL)
		f->trace->unreached = why;
}

void
flow_trace_done(struct flow *f)
{
	if (f->trace != NULL && f->trace->call_us != 0)
		f->trace->done_us = clock_now(f->engine->clock);
}

/* --- what is told --- */

bool
flow_trace_context(const struct flow *f, struct trace_context *to)
{
	if (f->trace == NULL)
		return f->ops->trace != NULL && f->ops->trace(f, to);
	*to = f->trace->in;
	set_sampled(to, flow_trace_is_kept(f));
	return true;
}

const unsigned char *
flow_trace_span(const struct flow *f)
{
	return f->trace != NULL ? f->trace->server_id : NULL;
}

static void
put_text(char *to, size_t size, struct view text)
{
	snprintf(to, size, "%.*s", (int)MIN(text.len, size),
	    text.len > 0 ? text.at : "");
}

/* A query with its keys; its values are nobody's business. */
static void
put_query(struct str *to, struct view query)
{
	str_add_char(to, '?');
	while (query.len > 0) {
		const char *amp = memchr(query.at, '&', query.len);
		size_t len = amp != NULL ? (size_t)(amp - query.at)
					 : query.len;
		const char *equals = memchr(query.at, '=', len);
		size_t key = equals != NULL ? (size_t)(equals - query.at)
					    : len;

		str_add_bytes(to, query.at, key);
		if (equals != NULL)
			str_add(to, "=" HIDDEN);
		if (amp != NULL)
			str_add_char(to, '&');
		len += amp != NULL;
		query.at += len;
		query.len -= len;
	}
}

static void
put_target(const struct flow *f, struct event_trace *to)
{
	struct str target = {0};
	struct view value;

	if (f->ops->fact == NULL)
		return;
	if (f->ops->fact(f, FACT_HOST, &value))
		put_text(to->host, sizeof(to->host), value);
	if (f->ops->fact(f, FACT_PATH, &value))
		str_add_bytes(&target, value.at, value.len);
	if (f->ops->fact(f, FACT_QUERY, &value) && value.len > 0)
		put_query(&target, value);
	put_text(to->target, sizeof(to->target),
	    (struct view){target.text, target.len});
	str_fini(&target);
}

static void
put_upstream(const struct armed_route *route, struct event_trace *to)
{
	const struct conf_address *a = &route->conf->upstream;
	const char *name = a->is_unix ? a->path : a->host;

	if (name != NULL)
		snprintf(to->upstream, sizeof(to->upstream), "%s", name);
	to->upstream_port = a->port;
	to->secure = route->tls != NULL;
	to->upstream_secure = route->upstream_tls != NULL;
}

bool
flow_trace_tell(const struct flow *f, struct event_trace *to)
{
	const struct flow_trace *t = f->trace;

	/* The connection below exchanges is of interest if it was broken. */
	if (!flow_trace_is_kept(f) ||
	    (f->type == FLOW_CONNECTION && !f->faulted))
		return false;
	*to = (struct event_trace){
	    .in = t->in,
	    .peer = t->peer,
	    .peer_port = t->peer_port,
	    .client_port = f->client_port,
	    .version = t->version,
	    .call_version = t->call_version,
	    .call_us = t->call_us,
	    .done_us = t->done_us,
	    .unreached = t->unreached,
	};
	set_sampled(&to->in, true);
	memcpy(to->server_id, t->server_id, sizeof(to->server_id));
	memcpy(to->client_id, t->client_id, sizeof(to->client_id));
	if (t->state != NULL)
		put_text(to->state, sizeof(to->state), view_of(t->state));
	if (f->route != NULL)
		put_upstream(f->route, to);
	put_target(f, to);
	return true;
}
