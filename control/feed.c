/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of events for those who listen. */
#include "control/feed.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "observe/sink.h"

struct listener {
	const void *arg;
	struct event_wish wish;
};

struct feed {
	struct sink *sink;
	struct event_buffer *own; /* of the control thread */
	struct server *server; /* borrowed; NULL: not yet, or no more */
	struct event *ev;
	struct listener *listeners; /* owned */
	size_t listeners_count;
	struct event_wish wish; /* of all of them */
};

static void
on_events(evutil_socket_t fd, short what, void *arg)
{
	struct feed *f = arg;

	(void)fd;
	(void)what;
	sink_run_some(f->sink);
}

struct feed *
feed_new(struct event_base *base, struct error *err)
{
	struct sink *sink = sink_new(SINK_LIMIT_BYTES, err);
	struct feed *f;

	if (sink == NULL)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	f->sink = sink;
	f->own = event_buffer_new(sink);
	f->ev = event_new(base, sink_fd(sink), EV_READ | EV_PERSIST, on_events,
	    f);
	event_add(f->ev, NULL);
	return f;
}

static bool
is_wanted(const struct feed *f)
{
	return (f->wish.all | f->wish.kept) != 0;
}

static void
tell_server(struct feed *f)
{
	sink_want(f->sink, f->wish);
	if (f->server != NULL)
		server_listen(f->server, is_wanted(f) ? f->sink : NULL);
}

void
feed_attach(struct feed *f, struct server *server)
{
	if (f == NULL)
		return;
	f->server = server;
	if (is_wanted(f))
		tell_server(f);
}

/* The workers hear of it if what is wanted has changed. */
static void
gather(struct feed *f)
{
	struct event_wish wish = {0};

	for (size_t i = 0; i < f->listeners_count; i++) {
		wish.all |= f->listeners[i].wish.all;
		wish.kept |= f->listeners[i].wish.kept;
	}
	if (wish.all == f->wish.all && wish.kept == f->wish.kept)
		return;
	f->wish = wish;
	tell_server(f);
}

void
feed_join(struct feed *f, struct event_wish wish, event_sink_fn consume,
    void *arg)
{
	sink_add(f->sink, consume, arg);
	f->listeners = xrealloc(f->listeners,
	    (f->listeners_count + 1) * sizeof(*f->listeners));
	f->listeners[f->listeners_count++] = (struct listener){arg, wish};
	gather(f);
}

void
feed_leave(struct feed *f, const void *arg)
{
	size_t kept = 0;

	sink_remove(f->sink, arg);
	for (size_t i = 0; i < f->listeners_count; i++) {
		if (f->listeners[i].arg != arg)
			f->listeners[kept++] = f->listeners[i];
	}
	f->listeners_count = kept;
	gather(f);
}

void
feed_emit(struct feed *f, const struct event_record *event)
{
	if ((f->wish.all & EVENT_BIT(event->type)) == 0)
		return;
	event_buffer_add(f->own, event);
	event_buffer_flush(f->own);
}

void
feed_run(struct feed *f)
{
	if (f != NULL)
		sink_run(f->sink);
}

size_t
feed_listeners(const struct feed *f)
{
	return f->listeners_count;
}

uint64_t
feed_dropped(const struct feed *f)
{
	return sink_dropped(f->sink);
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	event_free(f->ev);
	event_buffer_free(f->own);
	sink_free(f->sink);
	free(f->listeners);
	free(f);
}
