/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/events: what happens, as server-sent events. A client that reads too
 * slowly misses events and is told how many, nobody waits for it. */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/near.h"
#include "base/xalloc.h"
#include "control/v1_call.h"
#include "observe/event_json.h"

#define BACKLOG_MAX (256 * 1024) /* bytes that a client may be behind */
#define HEARTBEAT_S 15
#define RETRY_MS    "2000"

/* One client. */
struct stream {
	TAILQ_ENTRY(stream) entry;
	struct v1_streams *all;
	struct web_conn *conn; /* borrowed */
	char *route, *fault;   /* owned; NULL: any */
	uint64_t session;      /* 0: any */
	uint64_t types;	       /* a bit for each that is wanted */
	uint64_t number;       /* of the next event */
	uint64_t lost;	       /* not told yet */
	struct str text;       /* of one event */
};
TAILQ_HEAD(stream_list, stream);

struct v1_streams {
	struct v1 *v1;
	struct stream_list list;
	struct event *heartbeat;
};

/* --- writing --- */

static void
begin(struct stream *s, const char *type)
{
	str_clear(&s->text);
	str_printf(&s->text,
		   "id: %llu\nevent: %s\ndata: ", (unsigned long long)s->number,
		   type);
}

/* False: the client has no room. */
static bool
put(struct stream *s)
{
	str_add(&s->text, "\n\n");
	if (web_stream_backlog(s->conn) + s->text.len > BACKLOG_MAX ||
	    !web_stream_write(s->conn, s->text.text, s->text.len))
		return false;
	s->number++;
	return true;
}

static bool
put_gap(struct stream *s)
{
	if (s->lost == 0)
		return true;
	begin(s, event_type_name(EVENT_GAP));
	str_printf(&s->text, "{\"lost\":%llu}", (unsigned long long)s->lost);
	if (!put(s))
		return false;
	s->lost = 0;
	return true;
}

static bool
is_wanted(const struct stream *s, const struct event_record *e)
{
	return (s->types >> e->type & 1) != 0 &&
	       (s->session == 0 || s->session == e->session) &&
	       (s->route == NULL ||
		(e->route != NULL && strcmp(e->route, s->route) == 0)) &&
	       (s->fault == NULL ||
		(e->fault != NULL && strcmp(e->fault, s->fault) == 0));
}

static void
consume(void *arg, const struct event_record *e)
{
	struct stream *s = arg;

	if (e->type == EVENT_GAP) {
		s->lost += e->count;
		put_gap(s);
		return;
	}
	if (!is_wanted(s, e))
		return;
	if (!put_gap(s)) {
		s->lost++;
		return;
	}
	begin(s, event_type_name(e->type));
	event_put_json(&s->text, e, s->all->v1->start_us);
	if (!put(s))
		s->lost++;
}

static void
on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
	struct v1_streams *all = arg;
	struct stream *s;

	(void)fd;
	(void)what;
	TAILQ_FOREACH (s, &all->list, entry) {
		/* What was lost last is told even if nothing follows. */
		if (put_gap(s))
			web_stream_write(s->conn, ":\n\n", 3);
	}
}

/* --- a client --- */

static void
stream_free(struct stream *s)
{
	free(s->route);
	free(s->fault);
	str_fini(&s->text);
	free(s);
}

static void
on_closed(void *arg)
{
	struct stream *s = arg;

	TAILQ_REMOVE(&s->all->list, s, entry);
	feed_leave(s->all->v1->parts.feed, s);
	stream_free(s);
}

/* "decision,effect": every word is a type. */
static bool
read_types(struct v1_call *call, uint64_t *to)
{
	const char *p = v1_query(call, "type");

	*to = UINT64_MAX;
	if (p == NULL)
		return true;
	for (*to = 0; *p != '\0'; p += *p == ',') {
		struct view word = {p, strcspn(p, ",")};
		char text[40];
		struct near near;
		int type = 0;

		while (type < EVENT_TYPE_COUNT &&
		       !view_is(word, event_type_name((enum event_type)type)))
			type++;
		if (type < EVENT_TYPE_COUNT) {
			*to |= UINT64_C(1) << type;
			p += word.len;
			continue;
		}
		snprintf(text, sizeof(text), "%.*s", (int)MIN(word.len, 39),
			 word.at);
		near_start(&near, text);
		for (type = 0; type < EVENT_TYPE_COUNT; type++)
			near_offer(&near,
				   event_type_name((enum event_type)type));
		return v1_fail(call, 400, "type",
			       "type: there is no event \"%s\"; %s%s%s", text,
			       near.best != NULL
				   ? "did you mean \""
				   : "expected those of the journal",
			       near.best != NULL ? near.best : "",
			       near.best != NULL ? "\"?" : "");
	}
	return true;
}

static struct stream *
stream_new(struct v1_call *call, uint64_t types, uint64_t session)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->all = call->v1->streams;
	s->conn = call->request->conn;
	s->route = xstrdup(v1_query(call, "route"));
	s->fault = xstrdup(v1_query(call, "fault"));
	s->session = session;
	s->types = types;
	s->number = 1;
	return s;
}

static struct event_wish
wish_of(const struct stream *s)
{
	return (struct event_wish){
	    .all = (uint32_t)s->types | EVENT_BIT(EVENT_GAP)};
}

bool
v1_events(struct v1_call *call)
{
	uint64_t types, session = 0;
	struct stream *s;
	struct view last;

	if (!read_types(call, &types) ||
	    !v1_query_number(call, "session", UINT64_MAX, &session))
		return false;
	call->reply->type = call->endpoint->type;
	if (view_is(call->request->method, "HEAD"))
		return true;
	s = stream_new(call, types, session);
	call->reply->stream = true;
	str_add(&call->out, "retry: " RETRY_MS "\n\n");
	/* Events are not kept: what was missed meanwhile is not known. */
	if (web_header(call->request, "last-event-id", &last) && last.len > 0)
		str_add(&call->out, "event: gap\ndata: {\"lost\":null}\n\n");
	TAILQ_INSERT_TAIL(&s->all->list, s, entry);
	web_stream(s->conn, on_closed, s);
	feed_join(call->v1->parts.feed, wish_of(s), consume, s);
	return true;
}

/* --- all of them --- */

struct v1_streams *
v1_streams_new(struct v1 *v1)
{
	struct timeval every = {.tv_sec = HEARTBEAT_S};
	struct v1_streams *all = xcalloc(1, sizeof(*all));

	all->v1 = v1;
	TAILQ_INIT(&all->list);
	all->heartbeat =
	    event_new(v1->parts.base, -1, EV_PERSIST, on_heartbeat, all);
	event_add(all->heartbeat, &every);
	return all;
}

void
v1_streams_free(struct v1_streams *all)
{
	event_free(all->heartbeat);
	free(all);
}
