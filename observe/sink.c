/* SPDX-License-Identifier: Apache-2.0 */
/* A producer gathers events in place and hands them over as one allocation of
 * just their size, so that the limit counts what is really held. */
#include "observe/sink.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mailbox.h"
#include "base/xalloc.h"

#define BUFFER_EVENTS 64
#define TURN_BATCHES  8

struct consumer {
	event_sink_fn consume; /* NULL: removed while running */
	void *arg;
};

struct sink {
	struct mailbox mailbox;
	size_t limit_bytes;
	atomic_size_t held_bytes;
	atomic_uint_fast64_t dropped;
	atomic_uint buffers; /* in use; asserts only */
	struct consumer *consumers; /* owned */
	size_t consumers_count;
	struct event_wish wanted;
	bool running;
};

/* Events on their way, behind a gap if some were lost before them. */
struct batch {
	struct mail mail;
	size_t count;
	uint64_t lost;	  /* events */
	int64_t lost_us; /* when the first of them happened */
	struct event_record events[];
};

struct event_buffer {
	struct sink *sink;
	size_t count;
	uint64_t lost;
	int64_t lost_us;
	struct event_record events[BUFFER_EVENTS];
};

static size_t
batch_size(size_t events)
{
	return sizeof(struct batch) + events * sizeof(struct event_record);
}

/* A record that waits owns what it points to. */
static void
keep(struct event_record *event)
{
	struct event_trace *copy;

	if (event->trace == NULL)
		return;
	copy = xmalloc(sizeof(*copy));
	*copy = *event->trace;
	event->trace = copy;
}

static void
forget(const struct event_record *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)events[i].trace);
}

static size_t
kept_size(const struct event_record *events, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += events[i].trace != NULL ? sizeof(*events[i].trace) : 0;
	return sum;
}

static void
consume_all(struct sink *sink, const struct event_record *event)
{
	/* A consumer may add another one, which hears of the next event. */
	size_t count = sink->consumers_count;

	for (size_t i = 0; i < count; i++) {
		const struct consumer *c = &sink->consumers[i];

		if (c->consume != NULL)
			c->consume(c->arg, event);
	}
}

static void
on_batch(struct mail *mail, void *arg)
{
	struct batch *batch = CONTAINER_OF(mail, struct batch, mail);
	struct sink *sink = arg;
	size_t size = batch_size(batch->count) +
	    kept_size(batch->events, batch->count);

	if (batch->lost > 0)
		consume_all(sink, &(struct event_record){.type = EVENT_GAP,
		    .time_us = batch->lost_us, .count = batch->lost});
	for (size_t i = 0; i < batch->count; i++)
		consume_all(sink, &batch->events[i]);
	forget(batch->events, batch->count);
	free(batch);
	atomic_fetch_sub_explicit(&sink->held_bytes, size,
	    memory_order_relaxed);
}

/* Closes the holes that removals left. */
static void
consumers_tidy(struct sink *sink)
{
	size_t kept = 0;

	for (size_t i = 0; i < sink->consumers_count; i++) {
		if (sink->consumers[i].consume != NULL)
			sink->consumers[kept++] = sink->consumers[i];
	}
	sink->consumers_count = kept;
}

struct sink *
sink_new(size_t limit_bytes, struct error *err)
{
	struct sink *sink = xcalloc(1, sizeof(*sink));

	sink->limit_bytes = limit_bytes;
	sink->wanted.all = EVENTS_ALL;
	if (!mailbox_init(&sink->mailbox, err)) {
		free(sink);
		return NULL;
	}
	return sink;
}

void
sink_free(struct sink *sink)
{
	if (sink == NULL)
		return;
	assert(atomic_load(&sink->buffers) == 0);
	sink->consumers_count = 0;
	mailbox_run(&sink->mailbox, sink);
	mailbox_fini(&sink->mailbox);
	free(sink->consumers);
	free(sink);
}

int
sink_fd(const struct sink *sink)
{
	return mailbox_fd(&sink->mailbox);
}

static void
run(struct sink *sink, size_t batches)
{
	sink->running = true;
	mailbox_run_some(&sink->mailbox, sink, batches);
	sink->running = false;
	consumers_tidy(sink);
}

void
sink_run(struct sink *sink)
{
	run(sink, SIZE_MAX);
}

void
sink_run_some(struct sink *sink)
{
	run(sink, TURN_BATCHES);
}

void
sink_add(struct sink *sink, event_sink_fn consume, void *arg)
{
	sink->consumers = xgrow(sink->consumers, &sink->consumers_count,
	    sizeof(*sink->consumers));
	sink->consumers[sink->consumers_count - 1] =
	    (struct consumer){consume, arg};
}

void
sink_remove(struct sink *sink, const void *arg)
{
	for (size_t i = 0; i < sink->consumers_count; i++) {
		if (sink->consumers[i].arg == arg)
			sink->consumers[i].consume = NULL;
	}
	if (!sink->running)
		consumers_tidy(sink);
}

void
sink_want(struct sink *sink, struct event_wish wish)
{
	sink->wanted = wish;
}

struct event_wish
sink_wanted(const struct sink *sink)
{
	return sink->wanted;
}

uint64_t
sink_dropped(const struct sink *sink)
{
	return atomic_load(&sink->dropped);
}

/* --- the producer's side -------------------------------------------------- */

struct event_buffer *
event_buffer_new(struct sink *sink)
{
	struct event_buffer *buffer = xcalloc(1, sizeof(*buffer));

	buffer->sink = sink;
	atomic_fetch_add(&sink->buffers, 1);
	return buffer;
}

void
event_buffer_free(struct event_buffer *buffer)
{
	if (buffer == NULL)
		return;
	event_buffer_flush(buffer);
	atomic_fetch_sub(&buffer->sink->buffers, 1);
	free(buffer);
}

void
event_buffer_add(struct event_buffer *buffer, const struct event_record *event)
{
	buffer->events[buffer->count] = *event;
	keep(&buffer->events[buffer->count++]);
	if (buffer->count == BUFFER_EVENTS)
		event_buffer_flush(buffer);
}

/* Takes `size` bytes of the limit, or nothing. */
static bool
reserve(struct sink *sink, size_t size)
{
	size_t before = atomic_fetch_add_explicit(&sink->held_bytes, size,
	    memory_order_relaxed);

	if (before + size <= sink->limit_bytes)
		return true;
	atomic_fetch_sub_explicit(&sink->held_bytes, size,
	    memory_order_relaxed);
	return false;
}

static void
drop(struct event_buffer *buffer)
{
	if (buffer->lost == 0 && buffer->count > 0)
		buffer->lost_us = buffer->events[0].time_us;
	buffer->lost += buffer->count;
	forget(buffer->events, buffer->count);
	atomic_fetch_add_explicit(&buffer->sink->dropped, buffer->count,
	    memory_order_relaxed);
	buffer->count = 0;
}

void
event_buffer_flush(struct event_buffer *buffer)
{
	size_t size = batch_size(buffer->count) +
	    kept_size(buffer->events, buffer->count);
	struct batch *batch;

	if (buffer->count == 0 && buffer->lost == 0)
		return;
	if (!reserve(buffer->sink, size)) {
		drop(buffer);
		return;
	}
	batch = xmalloc(size);
	batch->mail.deliver = on_batch;
	batch->count = buffer->count;
	batch->lost = buffer->lost;
	batch->lost_us = buffer->lost_us;
	memcpy(batch->events, buffer->events,
	    buffer->count * sizeof(buffer->events[0]));
	buffer->count = 0;
	buffer->lost = 0;
	mailbox_post(&buffer->sink->mailbox, &batch->mail);
}

void
event_buffer_pass(struct event_buffer *buffer, int64_t now_us)
{
	if (buffer->count == 0 ||
	    now_us - buffer->events[0].time_us >= EVENT_WAIT_US)
		event_buffer_flush(buffer);
}
