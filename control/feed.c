/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of events for those who listen. */
#include "control/feed.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "observe/sink.h"

struct feed {
	struct sink *sink;
	struct server *server; /* borrowed; NULL: not yet, or no more */
	struct event *ev;
	size_t listeners;
};

static void
on_events(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	feed_run(arg);
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
	f->ev = event_new(base, sink_fd(sink), EV_READ | EV_PERSIST, on_events,
	    f);
	event_add(f->ev, NULL);
	return f;
}

void
feed_attach(struct feed *f, struct server *server)
{
	f->server = server;
	if (server != NULL && f->listeners > 0)
		server_listen(server, f->sink);
}

void
feed_join(struct feed *f, event_sink_fn consume, void *arg)
{
	sink_add(f->sink, consume, arg);
	if (f->listeners++ == 0 && f->server != NULL)
		server_listen(f->server, f->sink);
}

void
feed_leave(struct feed *f, const void *arg)
{
	sink_remove(f->sink, arg);
	if (--f->listeners == 0 && f->server != NULL)
		server_listen(f->server, NULL);
}

void
feed_run(struct feed *f)
{
	sink_run(f->sink);
}

size_t
feed_listeners(const struct feed *f)
{
	return f->listeners;
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
	sink_free(f->sink);
	free(f);
}
