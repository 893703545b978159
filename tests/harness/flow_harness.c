/* SPDX-License-Identifier: Apache-2.0 */
/* A host of flows in memory: its life, and the host's side of the engine. Its
 * faults are in flow_harness_faults.c, sending and expecting in
 * flow_harness_io.c. */
#include "tests/harness/flow_harness.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"

static struct harness_flow *
flow_of(const struct flow *f)
{
	return (struct harness_flow *)(void *)(uintptr_t)f;
}

/* --- the host's side ------------------------------------------------------ */

static void
on_opened(struct flow *flow)
{
	struct harness_flow *f = flow_of(flow);

	ck_assert_msg(!f->opened, "the flow was opened twice");
	f->opened = true;
	f->opened_us = harness_now(f->harness);
}

static void
take_piece(struct harness_flow *f, struct harness_side *side, struct link *l)
{
	bool whole = f->flow.type == FLOW_DATAGRAM;
	size_t n = whole ? l->out.head->len : l->out.len;
	char *data = xmalloc(MAX(n, 1));

	if (side->count == side->room) {
		side->room = side->room ? 2 * side->room : 64;
		side->pieces =
		    xrealloc(side->pieces, side->room * sizeof(*side->pieces));
	}
	side->pieces[side->count++] = (struct harness_piece){
	    .time_us = harness_now(f->harness), .len = n};
	bytes_peek(&l->out, 0, data, n);
	str_add_bytes(&side->bytes, data, n);
	free(data);
	if (whole)
		link_taken_datagram(l, true);
	else
		link_taken(l, n);
}

static void
on_output(struct flow *flow, struct link *l)
{
	struct harness_flow *f = flow_of(flow);
	struct harness_side *side = &f->got[l->dir];

	side->asked++;
	if (side->blocked)
		return;
	while (!bytes_empty(&l->out))
		take_piece(f, side, l);
	if (link_at_eof(l) && !side->eof) {
		side->eof = true;
		side->eof_us = harness_now(f->harness);
	}
}

static void
on_resume(struct flow *flow, struct link *l)
{
	flow_of(flow)->got[l->dir].resumed++;
}

static void
on_end(struct flow *flow, enum flow_end how)
{
	struct harness_flow *f = flow_of(flow);

	ck_assert_msg(!f->ended, "the flow was ended twice");
	f->ended = true;
	f->ended_us = harness_now(f->harness);
	f->how = how;
	if (how == END_FIN || how == END_RST_AFTER) {
		on_output(flow, &flow->links[LINK_UP]);
		on_output(flow, &flow->links[LINK_DOWN]);
	}
}

static void
on_deaf(struct flow *flow, struct link *l, bool on)
{
	flow_of(flow)->got[l->dir].deaf = on;
}

static bool
on_lose(struct flow *flow, struct link *l, double probability)
{
	struct harness_flow *f = flow_of(flow);

	if (f->harness->admin)
		f->got[l->dir].lose = probability;
	return f->harness->admin;
}

static uint32_t
on_lost(const struct flow *flow, const struct link *l)
{
	return flow_of(flow)->got[l->dir].lost;
}

static bool
on_vanish(struct flow *flow)
{
	struct harness_flow *f = flow_of(flow);

	f->vanished = f->harness->admin;
	return f->vanished;
}

static bool
on_answer(struct flow *flow, const struct stage_reply *reply)
{
	struct harness_flow *f = flow_of(flow);

	if (f->answered || flow->type != FLOW_EXCHANGE)
		return false;
	f->answered = true;
	f->answer_status = reply->status;
	for (size_t i = 0; reply->headers != NULL && reply->headers[i]; i++) {
		str_add(&f->answer_headers, reply->headers[i]);
		str_add_char(&f->answer_headers, '\n');
	}
	str_add_bytes(&f->answer_body, reply->body, reply->body_len);
	return true;
}

static bool
on_fact(const struct flow *flow, enum fact fact, struct view *to)
{
	const char *text = flow_of(flow)->facts[fact];

	*to = view_of(text);
	return text != NULL;
}

static bool
on_header(const struct flow *flow, const char *name, size_t n, struct view *to)
{
	const char *const *headers = flow_of(flow)->headers;

	for (; headers != NULL && *headers != NULL; headers++) {
		const char *colon = strchr(*headers, ':');
		struct view found = {*headers, (size_t)(colon - *headers)};

		if (!view_is_nocase(found, name) || n-- > 0)
			continue;
		*to = view_of(colon + 1 + strspn(colon + 1, " "));
		return true;
	}
	return false;
}

static bool
on_command(const struct flow *flow, size_t n, struct view *to)
{
	const char *const *commands = flow_of(flow)->commands;

	for (; commands != NULL && *commands != NULL; commands++) {
		if (n-- == 0) {
			*to = view_of(*commands);
			return true;
		}
	}
	return false;
}

static int
on_status(const struct flow *flow)
{
	return flow_of(flow)->status;
}

static bool
on_goaway(struct flow *flow, const struct stage_goaway *goaway)
{
	flow_of(flow)->goaways++;
	flow_of(flow)->goaway = *goaway;
	return true;
}

static bool
on_trailers(struct flow *flow, struct link *l, const char *lines)
{
	struct harness_flow *f = flow_of(flow);

	if (l->dir == LINK_UP || (f->trailers.len == 0 && lines == NULL))
		return false;
	str_clear(&f->trailers);
	str_add(&f->trailers, lines != NULL ? lines : "");
	return true;
}

static bool
on_websocket(const struct flow *flow, const struct link *l,
    struct ws_scan *scan)
{
	const struct harness_flow *f = flow_of(flow);

	if (f->websocket && scan != NULL)
		*scan = f->frames[l->dir];
	return f->websocket;
}

static const struct flow_ops http2_ops = {
    .opened = on_opened,
    .output = on_output,
    .resume = on_resume,
    .end = on_end,
    .deaf = on_deaf,
    .answer = on_answer,
    .goaway = on_goaway,
    .trailers = on_trailers,
    .fact = on_fact,
    .header = on_header,
    .command = on_command,
    .status = on_status,
    .is_http2 = true,
};

static const struct flow_ops ops = {
    .opened = on_opened,
    .output = on_output,
    .resume = on_resume,
    .end = on_end,
    .deaf = on_deaf,
    .lose = on_lose,
    .lost = on_lost,
    .vanish = on_vanish,
    .answer = on_answer,
    .websocket = on_websocket,
    .fact = on_fact,
    .header = on_header,
    .command = on_command,
    .status = on_status,
};

static void
on_event(void *arg, const struct event_record *event)
{
	struct harness *h = arg;

	if (h->events_count == h->events_room) {
		h->events_room = h->events_room ? 2 * h->events_room : 64;
		h->events =
		    xrealloc(h->events, h->events_room * sizeof(*h->events));
	}
	h->events[h->events_count++] = *event;
}

/* --- life ----------------------------------------------------------------- */

struct harness *
harness_new(uint64_t seed)
{
	struct harness *h = xcalloc(1, sizeof(*h));

	h->clock = clock_fake(HARNESS_START_US);
	h->engine.clock = &h->clock;
	h->engine.seed = seed;
	h->engine.emit = on_event;
	h->engine.emit_arg = h;
	h->engine.wish.all = EVENTS_ALL;
	h->shared.refs = 1;
	h->protocol = "tcp";
	harness_apply(h);
	return h;
}

struct harness_flow *
harness_prepare(struct harness *h, enum flow_type type)
{
	struct harness_flow *f = xcalloc(1, sizeof(*f)), **tail = &h->flows;

	f->harness = h;
	flow_init(&f->flow, h->is_http2 ? &http2_ops : &ops, &h->engine,
	    h->route, type, atomic_fetch_add(&h->shared.next_flow, 1));
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = f;
	return f;
}

void
harness_begin(struct harness_flow *f)
{
	flow_open(&f->flow);
}

struct harness_flow *
harness_open(struct harness *h)
{
	struct harness_flow *f = harness_prepare(h, FLOW_STREAM);

	harness_begin(f);
	return f;
}

struct harness_flow *
harness_open_datagrams(struct harness *h)
{
	struct harness_flow *f = harness_prepare(h, FLOW_DATAGRAM);

	harness_begin(f);
	return f;
}

void
harness_learn(struct harness_flow *f, const char *const *commands, bool more)
{
	f->commands = commands;
	f->flow.asking = more;
	if (f->opened)
		flow_learned(&f->flow);
}

void
harness_close(struct harness_flow *f)
{
	if (f->closed)
		return;
	f->closed = true;
	flow_fini(&f->flow, "test");
}

static void
flow_free(struct harness_flow *f)
{
	harness_close(f);
	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
		str_fini(&f->got[dir].bytes);
		free(f->got[dir].pieces);
	}
	str_fini(&f->answer_headers);
	str_fini(&f->trailers);
	str_fini(&f->answer_body);
	free(f);
}

void
harness_free(struct harness *h)
{
	if (h == NULL)
		return;
	while (h->flows != NULL) {
		struct harness_flow *f = h->flows;

		h->flows = f->next;
		flow_free(f);
	}
	harness_disarm(h);
	free(h->events);
	counters_fini(&h->shared.counters);
	deadline_heap_fini(&h->engine.deadlines);
	bytes_pool_fini(&h->engine.pool);
	zone_fini(&h->engine.traces);
	free(h);
}
