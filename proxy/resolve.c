/* SPDX-License-Identifier: Apache-2.0 */
/* The cache, the queue of names to look up, and the threads that do. One lock
 * guards all of it and is never held during a lookup. A query is on its name's
 * list of waiters until the answer is posted; from then on only the thread
 * that asked touches it. */
#include "proxy/resolve.h"

#include <assert.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/rng.h"
#include "base/xalloc.h"

#define BUCKETS	    64
#define NAMES_MAX   1024
#define THREADS_MAX 8
#define STACK_SIZE  (512 * 1024) /* musl's default is too small for DNS */

struct resolve {
	struct mail mail;
	TAILQ_ENTRY(resolve) entry;
	struct resolver *resolver;
	struct name *name;
	struct mailbox *mailbox;
	resolve_done_fn done; /* NULL: cancelled after it was posted */
	void *arg;
	uint16_t port;
	bool posted;
	int error;
	struct resolve_list list;
};

struct name {
	char *text; /* owned */
	LIST_ENTRY(name) entry;
	TAILQ_ENTRY(name) queued;
	TAILQ_HEAD(, resolve) waiters;
	bool asked;	/* queued or being looked up */
	bool known;	/* error, list and known_us hold an answer */
	bool forgotten; /* the list must not be used any more */
	int error;
	int64_t known_us; /* when the answer came */
	int64_t retry_us; /* a stale answer is not refreshed before */
	struct resolve_list list;
};

struct lookup_thread {
	struct resolver *resolver;
	pthread_t id;
	bool busy; /* outside the lock, in a lookup */
};

struct resolver {
	struct resolver_options options;
	pthread_mutex_t lock;
	pthread_cond_t work;
	LIST_HEAD(, name) names[BUCKETS];
	TAILQ_HEAD(, name) queue;
	size_t names_count, queue_len;
	struct lookup_thread threads[THREADS_MAX];
	unsigned threads_count, idle;
	unsigned refs; /* the owner and each thread */
	bool stop;
};

/* --- names (all with the lock held) --------------------------------------- */

static struct name *
name_find(struct resolver *r, const char *text)
{
	struct name *n;

	LIST_FOREACH(n, &r->names[rng_hash(text) % BUCKETS], entry) {
		if (strcmp(n->text, text) == 0)
			return n;
	}
	return NULL;
}

static void
name_free(struct resolver *r, struct name *n)
{
	LIST_REMOVE(n, entry);
	r->names_count--;
	free(n->text);
	free(n);
}

/* Frees all names nobody is asking for now; `all`: every one. */
static void
names_clear(struct resolver *r, bool all)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct name *n = LIST_FIRST(&r->names[i]);

		while (n != NULL) {
			struct name *next = LIST_NEXT(n, entry);

			assert(!all || TAILQ_EMPTY(&n->waiters));
			if (all || !n->asked)
				name_free(r, n);
			n = next;
		}
	}
}

static struct name *
name_get(struct resolver *r, const char *text)
{
	struct name *n = name_find(r, text);

	if (n != NULL)
		return n;
	if (r->names_count >= NAMES_MAX)
		names_clear(r, false);
	n = xcalloc(1, sizeof(*n));
	n->text = xstrdup(text);
	TAILQ_INIT(&n->waiters);
	LIST_INSERT_HEAD(&r->names[rng_hash(text) % BUCKETS], n, entry);
	r->names_count++;
	return n;
}

/* Until when the name's addresses may be given out, or INT64_MIN. */
static int64_t
name_usable_until(const struct resolver *r, const struct name *n)
{
	if (!n->known || n->error != 0 || n->forgotten)
		return INT64_MIN;
	return n->known_us + r->options.positive_us + r->options.stale_us;
}

static void
on_answer(struct mail *mail, void *arg)
{
	struct resolve *q = CONTAINER_OF(mail, struct resolve, mail);

	(void)arg;
	if (q->done != NULL)
		q->done(q->arg, q->error, &q->list);
	free(q);
}

/* True for failures that may be gone at the next try. */
static bool
passes(int error)
{
#ifdef EAI_NODATA
	if (error == EAI_NODATA)
		return false;
#endif
	return error != 0 && error != EAI_NONAME;
}

/* Keeps the result of a lookup and answers who waited for it. A passing
 * failure does not displace addresses that are still usable. */
static void
name_answer(struct resolver *r, struct name *n, int error,
    const struct resolve_list *list)
{
	int64_t now_us = clock_now(r->options.clock);
	struct resolve *q;

	n->asked = false;
	n->retry_us = now_us + r->options.negative_us;
	if (error == 0 && list->count == 0)
		error = EAI_NONAME;
	if (!passes(error) || now_us >= name_usable_until(r, n)) {
		n->known = true;
		n->forgotten = false;
		n->error = error;
		n->known_us = now_us;
		n->list.count = 0;
		if (error == 0)
			resolve_list_copy(&n->list, list, 0);
	}
	while ((q = TAILQ_FIRST(&n->waiters)) != NULL) {
		TAILQ_REMOVE(&n->waiters, q, entry);
		q->posted = true;
		q->error = n->error;
		resolve_list_copy(&q->list, &n->list, q->port);
		mailbox_post(q->mailbox, &q->mail);
	}
}

/* --- threads -------------------------------------------------------------- */

static void
resolver_unref(struct resolver *r)
{
	bool last;

	pthread_mutex_lock(&r->lock);
	last = --r->refs == 0;
	pthread_mutex_unlock(&r->lock);
	if (!last)
		return;
	names_clear(r, true);
	pthread_cond_destroy(&r->work);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void
lookup_one(struct resolver *r, struct lookup_thread *self)
{
	struct name *n = TAILQ_FIRST(&r->queue);
	struct resolve_list list = {0};
	int error;

	TAILQ_REMOVE(&r->queue, n, queued);
	r->queue_len--;
	self->busy = true;
	pthread_mutex_unlock(&r->lock);
	error = r->options.lookup(r->options.lookup_arg, n->text, &list);
	pthread_mutex_lock(&r->lock);
	self->busy = false;
	name_answer(r, n, error, &list);
}

static void *
lookup_loop(void *arg)
{
	struct lookup_thread *self = arg;
	struct resolver *r = self->resolver;

	pthread_mutex_lock(&r->lock);
	while (!r->stop) {
		if (!TAILQ_EMPTY(&r->queue)) {
			lookup_one(r, self);
			continue;
		}
		r->idle++;
		pthread_cond_wait(&r->work, &r->lock);
		r->idle--;
	}
	pthread_mutex_unlock(&r->lock);
	resolver_unref(r);
	return NULL;
}

/* Starts one more thread, which takes no signals. */
static bool
thread_start(struct resolver *r)
{
	struct lookup_thread *t = &r->threads[r->threads_count];
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	t->resolver = r;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	error = pthread_create(&t->id, &attr, lookup_loop, t);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return false;
	r->threads_count++;
	r->refs++;
	return true;
}

/* Has the name looked up, unless that is under way. */
static void
name_ask(struct resolver *r, struct name *n)
{
	struct resolve_list none = {0};

	if (n->asked)
		return;
	n->asked = true;
	TAILQ_INSERT_TAIL(&r->queue, n, queued);
	r->queue_len++;
	if (r->queue_len > r->idle && r->threads_count < r->options.threads &&
	    !thread_start(r) && r->threads_count == 0) {
		TAILQ_REMOVE(&r->queue, n, queued);
		r->queue_len--;
		name_answer(r, n, EAI_AGAIN, &none);
		return;
	}
	pthread_cond_signal(&r->work);
}

/* --- the contract --------------------------------------------------------- */

struct resolver *
resolver_new(const struct resolver_options *options)
{
	struct resolver *r = xcalloc(1, sizeof(*r));
	struct resolver_options *o = &r->options;

	if (options != NULL)
		*o = *options;
	if (o->lookup == NULL)
		o->lookup = resolve_list_system;
	if (o->clock == NULL)
		o->clock = &clock_real;
	if (o->positive_us == 0)
		o->positive_us = 5000000;
	if (o->stale_us == 0)
		o->stale_us = 30000000;
	if (o->negative_us == 0)
		o->negative_us = 1000000;
	if (o->threads == 0)
		o->threads = 2;
	o->threads = MIN(o->threads, THREADS_MAX);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->work, NULL);
	TAILQ_INIT(&r->queue);
	r->refs = 1;
	return r;
}

void
resolver_free(struct resolver *r)
{
	pthread_t ended[THREADS_MAX];
	unsigned count = 0;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	for (unsigned i = 0; i < r->threads_count; i++) {
		if (r->threads[i].busy)
			pthread_detach(r->threads[i].id);
		else
			ended[count++] = r->threads[i].id;
	}
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
	for (unsigned i = 0; i < count; i++)
		pthread_join(ended[i], NULL);
	resolver_unref(r);
}

/* With the lock held. */
static bool
name_cached(struct resolver *r, struct name *n, uint16_t port,
    struct resolve_list *to, int *error)
{
	int64_t now_us = clock_now(r->options.clock);

	if (n == NULL || !n->known)
		return false;
	*error = n->error;
	if (n->error != 0)
		return now_us < n->known_us + r->options.negative_us;
	if (now_us >= name_usable_until(r, n))
		return false;
	resolve_list_copy(to, &n->list, port);
	if (now_us >= n->known_us + r->options.positive_us &&
	    now_us >= n->retry_us)
		name_ask(r, n);
	return true;
}

bool
resolve_cached(struct resolver *r, const char *name, uint16_t port,
    struct resolve_list *to, int *error)
{
	bool found;

	*error = 0;
	if (resolve_list_literal(to, name, port))
		return true;
	pthread_mutex_lock(&r->lock);
	found = name_cached(r, name_find(r, name), port, to, error);
	pthread_mutex_unlock(&r->lock);
	return found;
}

struct resolve *
resolve_start(struct resolver *r, const struct resolve_query *query)
{
	struct resolve *q = xcalloc(1, sizeof(*q));

	q->mail.deliver = on_answer;
	q->resolver = r;
	q->mailbox = query->mailbox;
	q->done = query->done;
	q->arg = query->arg;
	q->port = query->port;
	pthread_mutex_lock(&r->lock);
	q->name = name_get(r, query->name);
	TAILQ_INSERT_TAIL(&q->name->waiters, q, entry);
	name_ask(r, q->name);
	pthread_mutex_unlock(&r->lock);
	return q;
}

void
resolve_cancel(struct resolve *q)
{
	bool posted;

	if (q == NULL)
		return;
	pthread_mutex_lock(&q->resolver->lock);
	posted = q->posted;
	if (!posted)
		TAILQ_REMOVE(&q->name->waiters, q, entry);
	pthread_mutex_unlock(&q->resolver->lock);
	if (posted)
		q->done = NULL; /* its mail frees it */
	else
		free(q);
}

void
resolve_forget(struct resolver *r, const char *name)
{
	struct name *n;

	pthread_mutex_lock(&r->lock);
	n = name_find(r, name);
	if (n != NULL && n->known && n->error == 0 &&
	    clock_now(r->options.clock) >=
	    n->known_us + r->options.negative_us)
		n->forgotten = true;
	pthread_mutex_unlock(&r->lock);
}
