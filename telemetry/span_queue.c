/* SPDX-License-Identifier: Apache-2.0 */
/* From spans to requests of a collector.
 *
 *	control thread ─ encoded span ─► waiting (lock) ─► batch ─► POST
 *	                                   courier's thread ─┘
 */
#include "telemetry/span_queue.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "telemetry/courier.h"

/* What both threads share; its courier frees it. */
struct shared {
	pthread_mutex_t lock;
	struct str waiting[SPAN_QUEUE_MAX]; /* a ring */
	size_t first, count;
	int64_t first_us; /* since when the oldest waits */
	int64_t every_us; /* as the settings say */
	enum otlp_form form;
	struct telemetry_counts *counts; /* counted */
	/* The rest is the courier's. */
	struct receiver receiver;
	struct otlp_attrs resource;    /* texts owned */
	struct str batch[SPAN_BATCH_MAX]; /* on its way */
	size_t batch_count;
	int64_t batch_us;  /* when it was made */
	int64_t retry_us;  /* not before */
};

struct span_queue {
	struct courier *courier;
	struct shared *shared;
};

/* --- on the courier's thread --- */

static void
lose(struct shared *s, enum telemetry_loss loss, uint64_t n)
{
	atomic_fetch_add(&s->counts->lost[loss], n);
}

static void
drop_batch(struct shared *s)
{
	for (size_t i = 0; i < s->batch_count; i++)
		str_fini(&s->batch[i]);
	s->batch_count = 0;
}

/* Moves spans from the queue into an empty batch, if it is time to. Returns
 * when it will be. */
static int64_t
take_batch(struct shared *s, int64_t now_us, bool last)
{
	int64_t due_us = COURIER_NEVER;

	pthread_mutex_lock(&s->lock);
	if (s->count > 0)
		due_us = s->first_us + s->every_us;
	if (s->count >= SPAN_BATCH_MAX || due_us <= now_us ||
	    (last && s->count > 0)) {
		while (s->count > 0 && s->batch_count < SPAN_BATCH_MAX) {
			s->batch[s->batch_count++] = s->waiting[s->first];
			s->waiting[s->first] = (struct str){0};
			s->first = (s->first + 1) % SPAN_QUEUE_MAX;
			s->count--;
		}
		s->first_us = now_us;
		s->batch_us = now_us;
	}
	pthread_mutex_unlock(&s->lock);
	return due_us;
}

static void
taken(struct shared *s, const struct http_client_reply *reply)
{
	struct view body = {reply->body.text, reply->body.len};
	uint64_t rejected = (uint64_t)otlp_rejected(s->form, body);

	rejected = MIN(rejected, s->batch_count);
	lose(s, LOST_SPANS_REFUSED, rejected);
	atomic_fetch_add(&s->counts->sent[SENT_SPANS],
	    s->batch_count - rejected);
	drop_batch(s);
}

/* Sends the batch. False: it stays, and is to be sent again. */
static bool
send_batch(struct shared *s, int cancel_fd, bool last)
{
	const struct otlp_source source = {.resource = &s->resource,
	    .scope = "faultwire", .version = FAULTWIRE_VERSION};
	struct http_client_request request = {.method = "POST",
	    .path = s->receiver.base[0] != '\0' ? s->receiver.base : "/",
	    .type = s->form == OTLP_JSON ? "application/json"
					 : "application/x-protobuf"};
	struct http_client_reply reply;
	struct str body = {0};
	int64_t now_us;

	otlp_request(&body, s->form, &source, s->batch, s->batch_count);
	request.body = body.text;
	request.body_len = body.len;
	switch (receiver_send(&s->receiver, cancel_fd, &request, &reply)) {
	case RECEIPT_OK:
		taken(s, &reply);
		break;
	case RECEIPT_DROP:
		lose(s, LOST_SPANS_REFUSED, s->batch_count);
		drop_batch(s);
		break;
	case RECEIPT_RETRY:
		now_us = clock_now(&clock_real);
		s->retry_us = now_us +
		    receiver_backoff_us(&s->receiver, &reply);
		if (!last && now_us - s->batch_us < SPAN_BATCH_OLD_US)
			break;
		lose(s, LOST_SPANS_LATE, s->batch_count);
		drop_batch(s);
		break;
	}
	http_client_reply_fini(&reply);
	str_fini(&body);
	return s->batch_count == 0;
}

static int64_t
run(void *arg, int cancel_fd, bool last)
{
	struct shared *s = arg;

	for (;;) {
		int64_t now_us = clock_now(&clock_real);
		int64_t due_us = COURIER_NEVER;

		if (s->batch_count == 0)
			due_us = take_batch(s, now_us, last);
		if (s->batch_count == 0)
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

	lose(s, LOST_SPANS_LATE, s->batch_count + s->count);
	drop_batch(s);
	for (size_t i = 0; i < SPAN_QUEUE_MAX; i++)
		str_fini(&s->waiting[i]);
	for (size_t i = 0; i < s->resource.count; i++) {
		free((void *)(uintptr_t)s->resource.items[i].key);
		free((void *)(uintptr_t)s->resource.items[i].s);
	}
	receiver_fini(&s->receiver);
	telemetry_counts_unref(s->counts);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* --- on any --- */

void
span_queue_add(struct span_queue *q, const struct otlp_span *span)
{
	struct shared *s = q->shared;
	struct str text = {0};
	bool wake = false, full;

	otlp_span(&text, s->form, span);
	pthread_mutex_lock(&s->lock);
	full = s->count == SPAN_QUEUE_MAX;
	if (!full) {
		if (s->count == 0)
			s->first_us = clock_now(&clock_real);
		s->waiting[(s->first + s->count++) % SPAN_QUEUE_MAX] = text;
		wake = s->count == 1 || s->count == SPAN_BATCH_MAX;
	}
	pthread_mutex_unlock(&s->lock);
	if (wake)
		courier_wake(q->courier);
	if (!full)
		return;
	lose(s, LOST_SPANS_QUEUE, 1);
	str_fini(&text);
}

/* Texts of what describes us. */
static void
copy_resource(struct otlp_attrs *to, const struct otlp_attrs *from)
{
	*to = *from;
	for (size_t i = 0; i < to->count; i++) {
		to->items[i].key = xstrdup(from->items[i].key);
		to->items[i].s = xstrdup(from->items[i].s);
	}
}

struct span_queue *
span_queue_new(const struct span_queue_settings *settings,
    struct telemetry_counts *counts, struct error *err)
{
	struct span_queue *q = xcalloc(1, sizeof(*q));
	struct shared *s = xcalloc(1, sizeof(*s));
	struct courier_job job = {.run = run, .free = shared_free, .arg = s};

	pthread_mutex_init(&s->lock, NULL);
	s->form = settings->form;
	s->every_us = settings->every_us;
	s->counts = telemetry_counts_ref(counts);
	copy_resource(&s->resource, settings->resource);
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
span_queue_end(struct span_queue *q, int64_t wait_us)
{
	if (q == NULL)
		return;
	courier_end(q->courier, wait_us);
	free(q);
}
