/* SPDX-License-Identifier: Apache-2.0 */
/* What Grafana should show, beside what it was told: the courier makes the
 * difference smaller, one call at a time. */
#include "telemetry/annotations.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "telemetry/annotation_json.h"
#include "telemetry/courier.h"

#define API_PATH "/api/annotations"
/* A window without a planned end ends so far ahead, for the time being. */
#define AHEAD_MS 600000
/* One that is over is kept, for what may be said about it yet. */
#define KEPT_MS 900000
/* One that nobody took for so long is given up. */
#define OLD_MS	3600000
/* Behind a start windows open in numbers; then it is looked what was. */
#define SETTLE_US 500000

/* A window, and its annotation. */
struct region {
	uint64_t number;
	int64_t id; /* Grafana's; 0: it has none yet */
	int64_t start_ms, planned_ms, end_ms; /* 0: not known, not over */
	int64_t told_ms; /* the end that Grafana knows */
	char *text, *tags[COUNT_OF(((struct annotation *)0)->tags)];
	bool said;    /* the text is not what Grafana knows */
	bool refused; /* it does not want it */
};

/* What both threads share; its courier frees it. */
struct shared {
	pthread_mutex_t lock;
	struct region regions[ANNOTATIONS_MAX];
	size_t count;
	struct telemetry_counts *counts; /* counted */
	/* The rest is the courier's. */
	struct receiver receiver;
	char *run, **tags;
	size_t tags_count;
	int64_t look_us;  /* not before: what was there before us? */
	int64_t retry_us; /* not before */
	bool looked;
};

struct annotations {
	struct courier *courier;
	struct shared *shared;
};

static int64_t
now_ms(void)
{
	return clock_wall_us() / 1000;
}

static void
region_fini(struct region *r)
{
	free(r->text);
	for (size_t i = 0; i < COUNT_OF(r->tags); i++)
		free(r->tags[i]);
}

static void
lose(struct shared *s, enum telemetry_loss loss, uint64_t n)
{
	atomic_fetch_add(&s->counts->lost[loss], n);
}

/* --- what is to be done --- */

/* When it ends, as far as Grafana should know. */
static int64_t
wanted_end(const struct region *r, int64_t at_ms)
{
	if (r->end_ms != 0)
		return r->end_ms;
	if (r->planned_ms != 0)
		return r->planned_ms;
	return r->told_ms - at_ms > AHEAD_MS / 2 ? r->told_ms
						 : at_ms + AHEAD_MS;
}

static bool
needs_call(const struct region *r, int64_t at_ms)
{
	return !r->refused &&
	    (r->id == 0 || r->said || r->told_ms != wanted_end(r, at_ms));
}

static bool
is_through(const struct region *r, int64_t at_ms)
{
	int64_t end_ms = r->end_ms != 0 ? r->end_ms : r->planned_ms;

	if (end_ms == 0 || end_ms > at_ms)
		return false;
	return r->refused || at_ms - end_ms > (r->id != 0 ? KEPT_MS : OLD_MS);
}

/* With the lock held: forgets what is through. */
static void
tidy(struct shared *s, int64_t at_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct region *r = &s->regions[i];

		if (!is_through(r, at_ms)) {
			s->regions[kept++] = *r;
			continue;
		}
		if (r->id == 0 && !r->refused)
			lose(s, LOST_ANNOTATIONS_LATE, 1);
		region_fini(r);
	}
	s->count = kept;
}

static struct region *
find(struct shared *s, uint64_t number)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->regions[i].number == number)
			return &s->regions[i];
	}
	return NULL;
}

/* --- calls --- */

/* A call that was made up under the lock, and is carried out without it. */
struct call {
	uint64_t number;
	int64_t id; /* 0: it is to be posted */
	int64_t end_ms;
	struct str body;
};

/* With the lock held: the first thing to do. False: nothing. */
static bool
next_call(struct shared *s, struct call *call)
{
	int64_t at_ms = now_ms();

	tidy(s, at_ms);
	for (size_t i = 0; i < s->count; i++) {
		struct region *r = &s->regions[i];
		struct annotation_body body = {
		    .start_ms = r->start_ms,
		    .end_ms = wanted_end(r, at_ms),
		    .text = r->id == 0 || r->said ? r->text : NULL,
		    .run = s->run,
		    .tags = (const char *const *)r->tags,
		    .tags_count = COUNT_OF(r->tags),
		    .more = (const char *const *)s->tags,
		    .more_count = s->tags_count,
		};

		if (!needs_call(r, at_ms))
			continue;
		*call = (struct call){
		    .number = r->number, .id = r->id, .end_ms = body.end_ms};
		annotation_write(&call->body, &body, r->id == 0);
		r->said = false;
		return true;
	}
	return false;
}

/* `request` has a path below that of annotations. */
static enum receipt
call_grafana(struct shared *s, int cancel_fd,
    struct http_client_request request, struct http_client_reply *to)
{
	char *whole = xasprintf("%s" API_PATH "%s", s->receiver.base,
	    request.path);
	enum receipt receipt;

	request.path = whole;
	receipt = receiver_send(&s->receiver, cancel_fd, &request, to);
	if (receipt == RECEIPT_RETRY)
		s->retry_us = clock_now(&clock_real) +
		    receiver_backoff_us(&s->receiver, to);
	free(whole);
	return receipt;
}

/* With the lock held: what came of it. */
static void
note(struct shared *s, const struct call *call, enum receipt receipt,
    const struct http_client_reply *reply)
{
	struct region *r = find(s, call->number);

	if (r == NULL)
		return;
	if (receipt == RECEIPT_OK && call->id == 0) {
		r->id = annotation_read_id(
		    (struct view){reply->body.text, reply->body.len});
		atomic_fetch_add(&s->counts->sent[SENT_ANNOTATIONS],
		    r->id != 0);
	}
	if (receipt == RECEIPT_OK)
		r->told_ms = call->end_ms;
	else if (receipt == RECEIPT_RETRY)
		r->said = call->id != 0;
	/* A reply without an id is no Grafana's. */
	if (receipt != RECEIPT_DROP && (receipt != RECEIPT_OK || r->id != 0))
		return;
	r->refused = true;
	lose(s, LOST_ANNOTATIONS_REFUSED, 1);
}

/* False: it is to be tried again later. */
static bool
carry_out(struct shared *s, int cancel_fd, struct call *call)
{
	struct http_client_reply reply;
	char path[32] = "";
	struct http_client_request request = {
	    .method = call->id == 0 ? "POST" : "PATCH",
	    .path = path,
	    .body = call->body.text,
	    .body_len = call->body.len,
	};
	enum receipt receipt;

	if (call->id != 0)
		snprintf(path, sizeof(path), "/%lld", (long long)call->id);
	receipt = call_grafana(s, cancel_fd, request, &reply);
	pthread_mutex_lock(&s->lock);
	note(s, call, receipt, &reply);
	pthread_mutex_unlock(&s->lock);
	http_client_reply_fini(&reply);
	str_fini(&call->body);
	return receipt != RECEIPT_RETRY;
}

/* --- what was there before us --- */

static bool
has_tags(const struct annotation_found *found, const struct region *r)
{
	for (size_t i = 0; i < COUNT_OF(r->tags); i++) {
		if (r->tags[i] != NULL &&
		    !annotation_has_tag(found, r->tags[i]))
			return false;
	}
	return true;
}

/* One that lasts: it is the window's, or nobody's, and then ends now. */
static void
adopt(void *arg, const struct annotation_found *found)
{
	struct shared *s = arg;
	struct region *r = NULL;
	int64_t at_ms = now_ms();

	if (found->end_ms <= at_ms)
		return;
	for (size_t i = 0; i < s->count && r == NULL; i++) {
		if (s->regions[i].id == 0 && has_tags(found, &s->regions[i]))
			r = &s->regions[i];
	}
	if (r != NULL) {
		r->start_ms = found->start_ms;
	} else if (s->count < ANNOTATIONS_MAX) {
		r = &s->regions[s->count++];
		*r = (struct region){.number = UINT64_MAX - s->count,
		    .start_ms = found->start_ms, .end_ms = at_ms};
	} else {
		return;
	}
	r->id = found->id;
	r->told_ms = found->end_ms;
}

/* False: Grafana did not say. */
static bool
look(struct shared *s, int cancel_fd)
{
	struct str query = {0};
	struct http_client_reply reply;
	enum receipt receipt;

	str_add(&query, "?limit=1000&type=annotation&tags=faultwire&tags=run:");
	http_client_escape(&query, s->run);
	receipt = call_grafana(s, cancel_fd,
	    (struct http_client_request){.method = "GET", .path = query.text},
	    &reply);
	if (receipt == RECEIPT_OK) {
		pthread_mutex_lock(&s->lock);
		annotation_each((struct view){reply.body.text,
				    reply.body.len}, adopt, s);
		pthread_mutex_unlock(&s->lock);
	}
	s->looked = receipt != RECEIPT_RETRY;
	http_client_reply_fini(&reply);
	str_fini(&query);
	return s->looked;
}

/* --- the courier's thread --- */

/* With the lock held: when something is to be done if nothing happens. */
static int64_t
next_time(const struct shared *s, int64_t now_us)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct region *r = &s->regions[i];

		if (!r->refused && r->end_ms == 0 && r->planned_ms == 0)
			return now_us + AHEAD_MS / 4 * INT64_C(1000);
	}
	return COURIER_NEVER;
}

static int64_t
run(void *arg, int cancel_fd, bool last)
{
	struct shared *s = arg;

	for (;;) {
		int64_t now_us = clock_now(&clock_real), next_us;
		struct call call;
		bool any;

		if (!last && now_us < MAX(s->retry_us, s->look_us))
			return MAX(s->retry_us, s->look_us);
		if (!s->looked && !look(s, cancel_fd))
			return s->retry_us;
		pthread_mutex_lock(&s->lock);
		any = next_call(s, &call);
		next_us = next_time(s, now_us);
		pthread_mutex_unlock(&s->lock);
		if (!any)
			return next_us;
		if (!carry_out(s, cancel_fd, &call))
			return s->retry_us;
	}
}

static void
shared_free(void *arg)
{
	struct shared *s = arg;
	int64_t at_ms = now_ms();

	for (size_t i = 0; i < s->count; i++) {
		if (needs_call(&s->regions[i], at_ms))
			lose(s, LOST_ANNOTATIONS_LATE, 1);
		region_fini(&s->regions[i]);
	}
	for (size_t i = 0; i < s->tags_count; i++)
		free(s->tags[i]);
	free(s->tags);
	free(s->run);
	receiver_fini(&s->receiver);
	telemetry_counts_unref(s->counts);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* --- any thread --- */

void
annotations_open(struct annotations *a, const struct annotation *what)
{
	struct shared *s = a->shared;
	struct region *r;

	pthread_mutex_lock(&s->lock);
	if (s->count == ANNOTATIONS_MAX)
		tidy(s, now_ms());
	if (s->count == ANNOTATIONS_MAX) {
		lose(s, LOST_ANNOTATIONS_QUEUE, 1);
	} else {
		r = &s->regions[s->count++];
		*r = (struct region){
		    .number = what->number,
		    .start_ms = what->start_ms,
		    .planned_ms = what->end_ms,
		    .text = xstrdup(what->text),
		};
		for (size_t i = 0; i < COUNT_OF(r->tags); i++)
			r->tags[i] = xstrdup(what->tags[i]);
	}
	pthread_mutex_unlock(&s->lock);
	courier_wake(a->courier);
}

void
annotations_close(struct annotations *a, uint64_t number, int64_t end_ms)
{
	struct region *r;

	pthread_mutex_lock(&a->shared->lock);
	r = find(a->shared, number);
	if (r != NULL)
		r->end_ms = end_ms;
	pthread_mutex_unlock(&a->shared->lock);
	courier_wake(a->courier);
}

void
annotations_say(struct annotations *a, uint64_t number, const char *line)
{
	struct region *r;
	char *text;

	pthread_mutex_lock(&a->shared->lock);
	r = find(a->shared, number);
	if (r != NULL) {
		text = xasprintf("%s\n%s", r->text, line);
		free(r->text);
		r->text = text;
		r->said = true;
	}
	pthread_mutex_unlock(&a->shared->lock);
	courier_wake(a->courier);
}

static void
copy_tags(struct shared *to, const struct annotations_settings *from)
{
	to->tags = xcalloc(from->tags_count + 1, sizeof(*to->tags));
	for (size_t i = 0; i < from->tags_count; i++)
		to->tags[to->tags_count++] = xstrdup(from->tags[i]);
}

struct annotations *
annotations_new(const struct annotations_settings *settings,
    struct telemetry_counts *counts, struct error *err)
{
	struct annotations *a = xcalloc(1, sizeof(*a));
	struct shared *s = xcalloc(1, sizeof(*s));
	struct courier_job job = {.run = run, .free = shared_free, .arg = s};

	pthread_mutex_init(&s->lock, NULL);
	s->counts = telemetry_counts_ref(counts);
	s->run = xstrdup(settings->run);
	copy_tags(s, settings);
	s->look_us = clock_now(&clock_real) + SETTLE_US;
	a->shared = s;
	if (receiver_init(&s->receiver, &settings->receiver, err))
		a->courier = courier_new(&job, err);
	if (a->courier != NULL) {
		courier_wake(a->courier);
		return a;
	}
	shared_free(s);
	free(a);
	return NULL;
}

void
annotations_end(struct annotations *a, int64_t wait_us)
{
	if (a == NULL)
		return;
	courier_end(a->courier, wait_us);
	free(a);
}
