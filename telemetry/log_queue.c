/* SPDX-License-Identifier: Apache-2.0 */
/* From lines to requests for Loki.
 *
 *	any thread ─ line ─► waiting (lock) ─► batch ─► POST
 *	                       courier's thread ─┘
 */
#include "telemetry/log_queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "telemetry/courier.h"

/* How far behind the line before it a line's time may lie and be mended. */
#define OVERTAKEN_NS INT64_C(1000000)

struct lines {
	struct loki_line *first, **end; /* end: where the next one goes */
	size_t count, bytes;
};

/* What all threads share; its courier frees it. */
struct shared {
	pthread_mutex_t lock;
	struct lines waiting;
	int64_t first_us; /* since when the oldest waits */
	int64_t last_ns;  /* time of the newest line */
	uint64_t gap;	  /* lines lost that nobody was told of */
	struct telemetry_counts *counts; /* counted */
	/* The rest is the courier's. */
	struct receiver receiver;
	struct loki_labels labels;
	bool metadata;
	struct lines batch; /* on its way */
	int64_t batch_us;   /* when it was made */
	int64_t retry_us;   /* not before */
	bool taken;	    /* the batch before; what was lost may be told */
};

struct log_queue {
	struct courier *courier;
	struct shared *shared;
};

/* On a courier's thread, while it sends. */
static _Thread_local bool is_sending;

/* --- lines --- */

static void
lines_init(struct lines *l)
{
	*l = (struct lines){.end = &l->first};
}

static void
lines_put(struct lines *to, struct loki_line *line)
{
	*to->end = line;
	to->end = &line->next;
	to->count++;
	to->bytes += line->size;
}

/* The first one, of which there must be one. */
static struct loki_line *
lines_take(struct lines *from)
{
	struct loki_line *line = from->first;

	from->first = line->next;
	if (from->first == NULL)
		from->end = &from->first;
	from->count--;
	from->bytes -= line->size;
	line->next = NULL;
	return line;
}

static void
lines_fini(struct lines *l)
{
	while (l->first != NULL)
		free(lines_take(l));
}

/* --- losses --- */

/* With the lock held. */
static void
lose(struct shared *s, enum telemetry_loss loss, uint64_t n)
{
	atomic_fetch_add(&s->counts->lost[loss], n);
	s->gap += n;
}

static void
lose_batch(struct shared *s, enum telemetry_loss loss)
{
	pthread_mutex_lock(&s->lock);
	lose(s, loss, s->batch.count);
	pthread_mutex_unlock(&s->lock);
	lines_fini(&s->batch);
}

/* This line is one for the queue. It comes behind a success only, or when the
 * queue is none any more: a receiver that refuses it does not make another. The
 * next batch has left the queue by then, so that there is room for it. */
static void
tell_gap(struct shared *s)
{
	uint64_t gap;

	pthread_mutex_lock(&s->lock);
	gap = s->gap;
	s->gap = 0;
	pthread_mutex_unlock(&s->lock);
	if (gap > 0)
		log_line(LOG_WARN, "log_gap", "log lines were lost",
		    LOG_UINT("lines", gap),
		    LOG_STR("receiver", s->receiver.target.address.text),
		    LOG_END);
}

/* --- on the courier's thread --- */

/* Moves lines from the queue into an empty batch, if it is time to. Returns
 * when it will be. */
static int64_t
take_batch(struct shared *s, int64_t now_us, bool last)
{
	int64_t due_us = COURIER_NEVER;

	pthread_mutex_lock(&s->lock);
	if (s->waiting.count > 0)
		due_us = s->first_us + LOG_BATCH_EVERY_US;
	if (s->waiting.bytes >= LOG_BATCH_BYTES || due_us <= now_us ||
	    (last && s->waiting.count > 0)) {
		while (s->waiting.count > 0 &&
		    s->batch.bytes < LOG_BATCH_BYTES)
			lines_put(&s->batch, lines_take(&s->waiting));
		s->first_us = now_us;
		s->batch_us = now_us;
	}
	pthread_mutex_unlock(&s->lock);
	return due_us;
}

static enum receipt
post(struct shared *s, int cancel_fd, struct http_client_reply *reply)
{
	char *path = xasprintf("%s" LOKI_PUSH_PATH, s->receiver.base);
	struct http_client_request request = {"POST", path, NULL};
	struct str body = {0};
	enum receipt receipt;

	loki_body(&body, &s->labels, s->batch.first, s->metadata);
	request.body = body.text;
	request.body_len = body.len;
	is_sending = true;
	receipt = receiver_send(&s->receiver, cancel_fd, &request, reply);
	is_sending = false;
	str_fini(&body);
	free(path);
	return receipt;
}

/* Sends the batch. False: it stays, and is to be sent again. */
static bool
send_batch(struct shared *s, int cancel_fd, bool last)
{
	struct http_client_reply reply;
	int64_t now_us;

	switch (post(s, cancel_fd, &reply)) {
	case RECEIPT_OK:
		atomic_fetch_add(&s->counts->sent[SENT_LINES], s->batch.count);
		lines_fini(&s->batch);
		s->taken = true;
		break;
	case RECEIPT_DROP:
		lose_batch(s, LOST_LINES_REFUSED);
		break;
	case RECEIPT_RETRY:
		now_us = clock_now(&clock_real);
		s->retry_us = now_us +
		    receiver_backoff_us(&s->receiver, &reply);
		if (last || now_us - s->batch_us >= LOG_BATCH_OLD_US)
			lose_batch(s, LOST_LINES_LATE);
		break;
	}
	http_client_reply_fini(&reply);
	return s->batch.count == 0;
}

static int64_t
run(void *arg, int cancel_fd, bool last)
{
	struct shared *s = arg;

	for (;;) {
		int64_t now_us = clock_now(&clock_real);
		int64_t due_us = COURIER_NEVER;

		if (s->batch.count == 0)
			due_us = take_batch(s, now_us, last);
		if (s->taken) {
			s->taken = false;
			tell_gap(s);
			continue;
		}
		if (s->batch.count == 0 && last)
			tell_gap(s);
		if (s->batch.count == 0)
			return due_us;
		if (!last && now_us < s->retry_us)
			return s->retry_us;
		if (!send_batch(s, cancel_fd, last))
			return s->retry_us;
	}
}

static void
shared_free(void *arg)
{
	struct shared *s = arg;

	lines_fini(&s->batch);
	lines_fini(&s->waiting);
	loki_labels_fini(&s->labels);
	receiver_fini(&s->receiver);
	telemetry_counts_unref(s->counts);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* --- on any --- */

/* With the lock held: no two lines have the same time, as Loki would take equal
 * ones for one; and of lines that threads made at once none is behind the one
 * before it. A clock that was set back is believed. */
static void
set_time(struct shared *s, struct loki_line *line)
{
	if (line->time_ns <= s->last_ns &&
	    s->last_ns - line->time_ns < OVERTAKEN_NS)
		line->time_ns = s->last_ns + 1;
	s->last_ns = line->time_ns;
}

/* With the lock held: puts the line in, or frees it. True: the courier is to
 * hear of it. */
static bool
take_line(struct shared *s, struct loki_line *line)
{
	size_t before = s->waiting.bytes;

	if (before + line->size > LOG_QUEUE_BYTES) {
		lose(s, LOST_LINES_QUEUE, 1);
		free(line);
		return false;
	}
	if (before == 0)
		s->first_us = clock_now(&clock_real);
	set_time(s, line);
	lines_put(&s->waiting, line);
	return before == 0 ||
	    (before < LOG_BATCH_BYTES && s->waiting.bytes >= LOG_BATCH_BYTES);
}

void
log_queue_add(void *queue, const struct log_entry *entry)
{
	struct log_queue *q = queue;
	struct loki_line *line;
	bool wake;

	if (is_sending)
		return;
	line = loki_line_new(entry);
	pthread_mutex_lock(&q->shared->lock);
	wake = take_line(q->shared, line);
	pthread_mutex_unlock(&q->shared->lock);
	if (wake)
		courier_wake(q->courier);
}

struct log_queue *
log_queue_new(const struct log_queue_settings *settings,
    struct telemetry_counts *counts, struct error *err)
{
	struct log_queue *q = xcalloc(1, sizeof(*q));
	struct shared *s = xcalloc(1, sizeof(*s));
	struct courier_job job = {.run = run, .free = shared_free, .arg = s};

	pthread_mutex_init(&s->lock, NULL);
	lines_init(&s->waiting);
	lines_init(&s->batch);
	s->counts = telemetry_counts_ref(counts);
	s->labels = *settings->labels;
	s->metadata = settings->metadata;
	q->shared = s;
	if (receiver_init(&s->receiver, &settings->receiver, err))
		q->courier = courier_new(&job, err);
	if (q->courier != NULL)
		return q;
	shared_free(s);
	free(q);
	return NULL;
}

void
log_queue_end(struct log_queue *q, int64_t wait_us)
{
	if (q == NULL)
		return;
	courier_end(q->courier, wait_us);
	free(q);
}
