/* SPDX-License-Identifier: Apache-2.0 */
/* Moving the bytes of a session of a data protocol: read, cut into commands
 * and answers, fed to their links, and written in the order of the queue.
 *
 *   nothing acts:  source ─recv─► worker's scratch ─send─► sink
 *                                   rest of a short send ─► out
 *   with stages:   source ─recv─► scratch ─copy─► link ─► stages ─► out ─► sink
 */
#include <errno.h>

#include "proxy/data.h"

/* One session may read this much before others get their turn. */
#define READ_BUDGET (1024 * 1024)
/* With more commands under way the newest stands for all that follow. */
#define CROWD 4096

static enum link_dir
other(enum link_dir dir)
{
	return dir == LINK_UP ? LINK_DOWN : LINK_UP;
}

static struct end *
sink_of(struct data *s, enum link_dir dir)
{
	return &s->ends[other(dir)];
}

/* --- out of links --- */

/* Bytes that could not go as they were are kept. */
static void
keep_run(struct data *s, enum link_dir dir)
{
	struct data_run *run = &s->run[dir];

	if (run->len > 0)
		bytes_add(&s->out[dir], run->at, run->len, s->arrived_us);
	*run = (struct data_run){0};
}

static void
move_out(struct data *s, struct data_exchange *x, enum link_dir dir)
{
	struct link *l = data_link(x, dir);

	if (l->out.len == 0)
		return;
	keep_run(s, dir);
	s->queued[dir] += l->out.len;
	x->to[dir] = s->queued[dir];
	link_move(l, &s->out[dir]);
}

void
data_pull(struct data *s, enum link_dir dir)
{
	struct data_exchange *x;

	while ((x = s->next[dir]) != NULL) {
		if (x->begun)
			move_out(s, x, dir);
		/* Moving may have run stages, and us again. */
		if (s->next[dir] != x)
			continue;
		if (!x->begun || !data_exchange_left(x, dir))
			break;
		s->inside[dir] -= MIN(s->inside[dir],
		    data_link(x, dir)->fed);
		s->next[dir] = TAILQ_NEXT(x, entry);
		if (s->next[dir] != NULL)
			s->next[dir]->from[dir] = s->next[dir]->to[dir] =
			    s->queued[dir];
	}
}

/* --- to the sinks --- */

/* The end of stream went through: FIN or RST, whichever came in. */
static void
carry_end(struct data *s, enum link_dir dir)
{
	struct end *sink = sink_of(s, dir);
	enum link_dir back = other(dir);

	if (s->reset_in[dir]) {
		data_flush(s, true);
		return;
	}
	if (s->reason == CLOSE_NONE)
		s->reason = dir == LINK_UP ? CLOSE_CLIENT_FIN
					   : CLOSE_UPSTREAM_FIN;
	sink->abrupt = s->ends[dir].truncated;
	/* Both directions done: closing says so, too. */
	if (s->ended_in[back] && s->next[back] == NULL &&
	    s->out[back].len == 0)
		data_close(s, (enum close_reason)s->reason, false);
	else
		end_shutdown(sink);
}

/* Writes the run without a copy; false: the sink takes no more. */
static bool
write_run(struct data *s, enum link_dir dir)
{
	struct data_run *run = &s->run[dir];
	ssize_t n = 0;

	if (run->len == 0)
		return true;
	if (s->out[dir].len == 0 && !s->dead[other(dir)]) {
		n = end_write(sink_of(s, dir), run->at, run->len);
		if (n == END_FAILED) {
			*run = (struct data_run){0};
			data_end_failed(s, other(dir));
			return false;
		}
		n = MAX(n, 0);
		run->at += n;
		run->len -= (size_t)n;
		s->sent[dir] += (uint64_t)n;
	}
	keep_run(s, dir);
	return n == 0 || s->out[dir].len == 0;
}

void
data_write(struct data *s, enum link_dir dir)
{
	struct end *sink = sink_of(s, dir);
	struct bytes *out = &s->out[dir];

	if ((s->state != DATA_RELAY && s->state != DATA_FLUSH) ||
	    sink->fd < 0 || !write_run(s, dir))
		return;
	while (out->len > 0) {
		ssize_t n = (ssize_t)out->len;

		if (!s->dead[other(dir)])
			n = end_write_bytes(sink, out, SIZE_MAX);
		if (n == END_AGAIN)
			return;
		if (n == END_FAILED) {
			data_end_failed(s, other(dir));
			return;
		}
		if (!s->dead[other(dir)])
			s->sent[dir] += (uint64_t)n;
		bytes_drop(out, (size_t)n);
	}
	if (s->ended_in[dir] && s->next[dir] == NULL &&
	    s->state == DATA_RELAY && !sink->fin_sent)
		carry_end(s, dir);
}

/* --- from the client --- */

/* The newest command, whose request goes on or begins. */
static struct data_exchange *
asking(struct data *s)
{
	if (s->asking == NULL) {
		s->asking = data_exchange_new(s, false);
		s->asking->crowd = s->count >= CROWD;
	}
	return s->asking;
}

/* A request is whole. One that stands for many stays open while many are
 * under way. */
static void
request_over(struct data *s, struct data_exchange *x)
{
	struct data_command *c = &x->command;

	if (x->crowd && s->count > CROWD / 2 && !c->open) {
		c->request_done = false;
		return;
	}
	data_exchange_done(x, LINK_UP, false);
	if (c->answered >= c->asked)
		data_exchange_done(x, LINK_DOWN, false);
	else if (s->ended_in[LINK_DOWN])
		data_exchange_done(x, LINK_DOWN, true);
}

void
data_input(struct data *s, const char *data, size_t len)
{
	size_t at = 0, n;

	while (at < len && s->state == DATA_RELAY) {
		struct data_exchange *x = s->tunnel;

		if (x != NULL) {
			data_exchange_feed(x, LINK_UP, data + at, len - at);
			return;
		}
		x = asking(s);
		n = s->ops->request(s->walk, &x->command, data + at, len - at);
		data_exchange_feed(x, LINK_UP, data + at, n);
		at += n;
		if (x->command.opaque != NULL)
			data_exchange_tunnel(x);
		else if (x->command.request_done)
			request_over(s, x);
	}
}

/* --- from the server --- */

/* An answer is whole: is it the last one that the command is owed? */
static void
answer_over(struct data *s, struct data_exchange *x)
{
	const struct data_command *c = &x->command;

	if (x->crowd && s->asking == x && c->answered >= c->asked)
		x->command.request_done = true;
	if (!c->request_done || c->answered < c->asked)
		return;
	data_exchange_done(x, LINK_UP, false);
	data_exchange_done(x, LINK_DOWN, false);
}

/* Answers are not understood any more: the newest command takes all. */
static void
lose_count(struct data *s, const char *why)
{
	struct data_exchange *last = TAILQ_LAST(&s->queue, data_queue), *x;

	TAILQ_FOREACH (x, &s->queue, entry) {
		if (x == last)
			break;
		data_exchange_done(x, LINK_DOWN, true);
	}
	if (last->done[LINK_UP]) {
		data_exchange_done(last, LINK_DOWN, true);
		last = data_exchange_new(s, false);
	}
	last->command.opaque = why;
	data_exchange_tunnel(last);
}

static void
output(struct data *s, const char *data, size_t len)
{
	size_t at = 0, n;
	bool over;

	while (at < len && s->state == DATA_RELAY) {
		struct data_exchange *x = s->answering;

		if (x == NULL)
			x = data_exchange_new(s, true);
		if (x == s->tunnel) {
			data_exchange_feed(x, LINK_DOWN, data + at, len - at);
			return;
		}
		n = s->ops->answer(s->walk, &x->command, data + at, len - at,
		    &over);
		if (x->command.opaque != NULL)
			lose_count(s, x->command.opaque);
		if (!x->done[LINK_DOWN])
			data_exchange_feed(x, LINK_DOWN, data + at, n);
		else
			n = 0;
		at += n;
		if (over)
			answer_over(s, x);
	}
}

/* --- reading --- */

/* The source has no more. */
static void
source_ended(struct data *s, enum link_dir dir)
{
	struct data_exchange *x, *after;

	s->ended_in[dir] = true;
	for (x = TAILQ_FIRST(&s->queue); x != NULL; x = after) {
		after = TAILQ_NEXT(x, entry);
		if (!x->done[dir] && s->state != DATA_CLOSED)
			data_exchange_done(x, dir,
			    x != s->tunnel || s->reset_in[dir]);
	}
	data_write(s, dir);
}

void
data_end_failed(struct data *s, enum link_dir source)
{
	if (s->state == DATA_CLOSED || s->dead[source])
		return;
	s->dead[source] = true;
	s->reset_in[source] = true;
	if (s->reason == CLOSE_NONE && s->ends[source].error == EPROTO)
		s->reason = CLOSE_TLS;
	else if (s->reason == CLOSE_NONE)
		s->reason = source == LINK_UP ? CLOSE_CLIENT_RESET
					      : CLOSE_UPSTREAM_RESET;
	if (sink_of(s, source)->fin_sent) {
		/* Too late to send the RST behind the bytes. */
		data_close(s, (enum close_reason)s->reason, true);
		return;
	}
	source_ended(s, source);
	if (s->state == DATA_CLOSED)
		return;
	/* What was meant for it has nowhere to go. */
	data_write(s, other(source));
}

static bool
link_holds(const struct data_exchange *x, enum link_dir dir)
{
	const struct link *l = &x->flow.links[dir];

	return x->begun && (l->full || l->stage_holds > 0);
}

static bool
may_read(const struct data *s, enum link_dir dir)
{
	const struct data_exchange *next = s->next[dir];
	const struct data_exchange *into =
	    dir == LINK_UP ? s->asking : s->answering;
	uint64_t limit, behind;

	if (s->state != DATA_RELAY || s->ended_in[dir] || s->dead[dir] ||
	    s->conn.links[dir].stage_holds > 0 || s->out[dir].len > 0)
		return false;
	if (next == NULL || !next->begun)
		return true;
	if (link_holds(next, dir) || (into != NULL && link_holds(into, dir)))
		return false;
	/* What waits behind one that is held is bounded, too. */
	limit = next->flow.links[dir].limit;
	behind = s->inside[dir] - MIN(s->inside[dir],
	    next->flow.links[dir].fed);
	return behind < limit;
}

/* Does somebody want to know exactly when bytes arrived? */
static bool
wants_exact(const struct data *s)
{
	return s->conn.route == NULL || s->conn.route->faults_count > 0;
}

/* Returns what end_read said. */
static ssize_t
read_some(struct data *s, enum link_dir dir)
{
	struct worker *w = s->session.worker;
	const char *bytes = (const char *)w->scratch;
	ssize_t n = end_read_arrived(&s->ends[dir], w->scratch, SLAB_SIZE,
	    wants_exact(s), &s->arrived_us);

	if (n <= 0)
		return n;
	if (dir == LINK_UP)
		data_input(s, bytes, (size_t)n);
	else
		output(s, bytes, (size_t)n);
	/* What goes as it is goes before the scratch memory is used anew. */
	if (s->state == DATA_RELAY)
		data_write(s, dir);
	keep_run(s, dir);
	s->arrived_us = 0;
	return n;
}

void
data_read(struct data *s, enum link_dir dir)
{
	size_t budget = READ_BUDGET;

	while (budget > 0 && may_read(s, dir)) {
		ssize_t n = read_some(s, dir);

		if (n == END_CLOSED) {
			if (dir == LINK_UP && s->answering != NULL &&
			    s->answering->begun)
				flow_left(&s->answering->flow);
			source_ended(s, dir);
		} else if (n == END_FAILED) {
			data_end_failed(s, dir);
		}
		if (n < SLAB_SIZE)
			return;
		budget -= MIN(budget, (size_t)n);
	}
}

void
data_update(struct data *s)
{
	bool relay = s->state == DATA_RELAY || s->state == DATA_FLUSH;

	if (s->state == DATA_CLOSED)
		return;
	for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
		enum link_dir back = other((enum link_dir)dir);

		end_want(&s->ends[dir], may_read(s, (enum link_dir)dir),
		    relay && s->out[back].len > 0 && !s->dead[dir]);
	}
}
