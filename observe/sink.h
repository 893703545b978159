/* SPDX-License-Identifier: Apache-2.0 */
/* How events get from the threads that produce them to those who want them:
 *
 *	worker ─► event_buffer ─┐ batches
 *	worker ─► event_buffer ─┼──► sink's mailbox ──► sink_run() ──► consumers
 *	control ► event_buffer ─┘                       control thread
 *
 * Producers never wait: beyond the memory limit the newest events are dropped
 * and counted, and consumers see an EVENT_GAP in their place. The events of
 * one producer keep their order; those of different ones come batch by batch
 * and may overlap in time. */
#ifndef OBSERVE_SINK_H
#define OBSERVE_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "observe/event.h"

#define SINK_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

struct sink;
struct event_buffer;

/* A sink that holds at most limit_bytes of events on their way. Returns
 * owned, or NULL (and err) without a descriptor. */
struct sink *sink_new(size_t limit_bytes, struct error *err);
/* Drops what still waits; every buffer must be gone. NULL is accepted. */
void sink_free(struct sink *sink);
/* A descriptor that is readable while events wait. Borrowed. */
int sink_fd(const struct sink *sink);
/* Hands every waiting event to every consumer, in order of their adding. */
void sink_run(struct sink *sink);
/* The same for the oldest few hundred; the descriptor stays readable for the
 * rest, so that a loop's other events do not wait for all of them. */
void sink_run_some(struct sink *sink);
/* On the thread that runs the sink, also from within a consumer: from now on
 * `consume` gets every event. Borrows `arg` until sink_remove(). */
void sink_add(struct sink *sink, event_sink_fn consume, void *arg);
/* Ends what sink_add() with the same `arg` began; nothing if there is none. */
void sink_remove(struct sink *sink, const void *arg);
/* Which events producers need to make; all, unless this was said. Producers
 * look when they begin (event_buffer_new()). */
void sink_want(struct sink *sink, struct event_wish wish);
struct event_wish sink_wanted(const struct sink *sink);
/* Events dropped so far, all producers. Any thread. */
uint64_t sink_dropped(const struct sink *sink);

/* The buffer of one producer thread. Borrows the sink. Returns owned. */
struct event_buffer *event_buffer_new(struct sink *sink);
/* Flushes and frees. NULL is accepted. */
void event_buffer_free(struct event_buffer *buffer);
/* Keeps a copy; a full buffer is flushed. Its thread only. */
void event_buffer_add(struct event_buffer *buffer,
    const struct event_record *event);
/* Hands over what was added. */
void event_buffer_flush(struct event_buffer *buffer);
/* The same if the oldest of it has waited for EVENT_WAIT_US by then: batches
 * wake the consumers less often. Call it at the end of every loop turn, and
 * see to it that one comes about as often. */
#define EVENT_WAIT_US 5000
void event_buffer_pass(struct event_buffer *buffer, int64_t now_us);

#endif
