/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: fires what is due, and books what ends. */
#include "load/driver.h"

#include <stdlib.h>
#include <strings.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "load/arrivals.h"
#include "load/pool.h"
#include "load/request.h"

#define FIRE_BATCH 64 /* a turn; then what came meanwhile is read */

/* A request under way. */
struct shot {
	struct load_exchange x;
	size_t index; /* of its sample */
};

struct driver {
	struct driver_options options;
	const struct conf_load *load;
	struct load_endpoint endpoint;
	struct load_request *requests; /* owned; as load->requests */
	double *weights;	       /* owned; as load->requests */
	struct load_marks marks;
	struct load_timer timer;
	struct load_pool pool;
	struct tally tally;
	struct arrivals arrivals;
	struct deadline next;	 /* the next arrival */
	struct deadline drained; /* tells that the last exchange ended */
	int64_t start_us;
	double factor;
	size_t in_flight;
	bool started, stopping;
};

/* --- samples --- */

/* Its place among the samples; SAMPLE_OPEN until it ends. */
static size_t
sample_open(struct samples *list, const struct sample *s)
{
	if (list == NULL)
		return 0;
	if (list->count == list->room) {
		list->room = MAX(list->room * 2, 1024);
		list->items =
		    xrealloc(list->items, list->room * sizeof(*list->items));
	}
	list->items[list->count] = *s;
	list->items[list->count].outcome = SAMPLE_OPEN;
	return list->count++;
}

static void
sample_close(struct driver *d, const struct sample *s, size_t index)
{
	tally_end(&d->tally, s);
	if (d->options.samples != NULL)
		d->options.samples->items[index] = *s;
	if (d->options.on_sample != NULL)
		d->options.on_sample(d->options.arg, s);
}

/* --- firing --- */

static bool
is_full(const struct driver *d)
{
	return d->load->max_in_flight > 0 &&
	       d->in_flight >= (size_t)d->load->max_in_flight;
}

/* HTTP requests bear it; a header of the file's own wins. */
static uint64_t
id_of(const struct driver *d, size_t choice, uint64_t seq)
{
	const struct conf_strings *headers = &d->load->requests[choice].headers;
	char uuid[LOAD_UUID_SIZE];

	if (d->load->protocol != LOAD_HTTP1 && d->load->protocol != LOAD_HTTP2)
		return 0;
	for (size_t i = 0; i < headers->count; i++) {
		if (strncasecmp(headers->items[i], "X-Request-Id:", 13) == 0)
			return 0;
	}
	load_uuid(d->options.seed, d->load->name, seq, uuid);
	return hash_of(view_of(uuid));
}

static void
fire(struct driver *d, uint64_t seq, int64_t due_us)
{
	int64_t now_us = load_timer_now(&d->timer);
	struct load_vars vars =
	    load_vars_of(d->options.seed, d->load->name, seq);
	size_t choice =
	    load_vars_choose(&vars, d->weights, d->load->requests_count);
	struct sample s = {.load = d->options.index,
			   .request = (uint32_t)choice,
			   .seq = seq,
			   .id = id_of(d, choice, seq),
			   .intended_us = due_us,
			   .outcome = SAMPLE_LOST};
	size_t index = sample_open(d->options.samples, &s);
	struct shot *shot;

	tally_fire(&d->tally, due_us, now_us);
	if (is_full(d)) {
		sample_close(d, &s, index);
		return;
	}
	s.start_us = now_us;
	shot = xcalloc(1, sizeof(*shot));
	shot->index = index;
	shot->x.sample = s;
	shot->x.vars = vars;
	shot->x.request = &d->requests[choice];
	shot->x.timeout_us = d->load->timeout_us;
	d->in_flight++;
	load_pool_submit(&d->pool, &shot->x);
}

/* Does the next one wait until the last one ended? */
static bool
is_held(const struct driver *d)
{
	return d->load->serial && d->in_flight > 0;
}

static void
schedule(struct driver *d)
{
	int64_t due_us;

	if (!d->started || d->stopping || is_held(d)) {
		deadline_disarm(&d->timer.heap, &d->next);
		return;
	}
	due_us = arrivals_due(&d->arrivals);
	if (due_us == ARRIVALS_NEVER)
		deadline_disarm(&d->timer.heap, &d->next);
	else
		deadline_arm(&d->timer.heap, &d->next, d->start_us + due_us);
}

static void
on_next(struct deadline *next, int64_t now_us)
{
	struct driver *d = CONTAINER_OF(next, struct driver, next);

	for (int i = 0; i < FIRE_BATCH && !d->stopping; i++) {
		int64_t due_us = arrivals_due(&d->arrivals);
		uint64_t seq = d->arrivals.number;

		if (is_held(d) || due_us == ARRIVALS_NEVER ||
		    d->start_us + due_us > load_timer_now(&d->timer))
			break;
		arrivals_take(&d->arrivals);
		fire(d, seq, d->start_us + due_us);
	}
	schedule(d);
}

static void
on_drained(struct deadline *drained, int64_t now_us)
{
	struct driver *d = CONTAINER_OF(drained, struct driver, drained);

	if (d->options.on_drained != NULL)
		d->options.on_drained(d->options.arg);
}

static void
tell_if_drained(struct driver *d)
{
	if (d->stopping && d->in_flight == 0)
		deadline_arm(&d->timer.heap, &d->drained,
			     load_timer_now(&d->timer));
}

/* What came due while one was under way comes now. */
static void
release_next(struct driver *d)
{
	if (!d->load->serial)
		return;
	arrivals_wait(&d->arrivals, load_timer_now(&d->timer) - d->start_us);
	schedule(d);
}

static void
on_end(struct load_pool *pool, struct load_exchange *x)
{
	struct driver *d = CONTAINER_OF(pool, struct driver, pool);
	struct shot *shot = CONTAINER_OF(x, struct shot, x);

	d->in_flight--;
	sample_close(d, &x->sample, shot->index);
	free(shot);
	release_next(d);
	tell_if_drained(d);
}

static void
settle(void *arg)
{
	struct driver *d = arg;

	load_pool_settle(&d->pool);
}

/* --- from outside --- */

void
driver_start(struct driver *d)
{
	d->started = true;
	d->start_us = load_timer_now(&d->timer);
	arrivals_scale(&d->arrivals, 0, d->factor);
	schedule(d);
	load_timer_rearm(&d->timer);
}

void
driver_scale(struct driver *d, double factor)
{
	int64_t at_us;

	d->factor = factor;
	if (!d->started)
		return;
	at_us = load_timer_now(&d->timer) - d->start_us;
	arrivals_scale(&d->arrivals, at_us, d->factor);
	schedule(d);
	load_timer_rearm(&d->timer);
}

void
driver_stop(struct driver *d)
{
	d->stopping = true;
	schedule(d);
	tell_if_drained(d);
	load_timer_rearm(&d->timer);
}

size_t
driver_in_flight(const struct driver *d)
{
	return d->in_flight;
}

const struct tally *
driver_tally(const struct driver *d)
{
	return &d->tally;
}

/* --- making one --- */

static bool
init_requests(struct driver *d, struct error *err)
{
	const struct conf_load *load = d->load;
	const struct load_protocol *protocol = d->pool.protocol;

	d->requests = xcalloc(load->requests_count + 1, sizeof(*d->requests));
	d->weights = xcalloc(load->requests_count + 1, sizeof(*d->weights));
	if (load->requests_count == 0)
		return error_set(err, 0, "expected requests");
	for (size_t i = 0; i < load->requests_count; i++) {
		struct load_request *r = &d->requests[i];
		struct error why = {0};

		d->weights[i] = load->requests[i].weight;
		if (!load_request_init(r, &load->requests[i], &why) ||
		    (protocol->check != NULL && !protocol->check(r, &why)))
			return error_set(err, why.code, "request %zu: %s",
					 i + 1, why.text);
	}
	return load_marks_init(&d->marks, load, err);
}

static bool
init_parts(struct driver *d, struct error *err)
{
	const struct load_protocol *protocol = d->pool.protocol;

	if (protocol == NULL)
		return error_set(err, 0, "protocol %d is not known",
				 d->load->protocol);
	if (!load_endpoint_init(&d->endpoint, d->options.target, protocol->alpn,
				err) ||
	    !init_requests(d, err) || !load_timer_init(&d->timer, err))
		return false;
	if (protocol->setup != NULL) {
		d->pool.shared = protocol->setup(d->load, err);
		if (d->pool.shared == NULL)
			return false;
	}
	load_pool_init(&d->pool);
	arrivals_init(&d->arrivals, d->load, d->options.seed);
	return true;
}

struct driver *
driver_new(struct event_base *base, const struct driver_options *options,
	   struct error *err)
{
	struct driver *d = xcalloc(1, sizeof(*d));

	d->options = *options;
	d->load = options->load;
	d->factor = 1;
	d->next.on_due = on_next;
	d->drained.on_due = on_drained;
	d->timer = (struct load_timer){
	    .base = base,
	    .clock = options->clock != NULL ? options->clock : &clock_real,
	    .origin_us = options->origin_us,
	    .fd = -1,
	    .settle = settle,
	    .arg = d};
	d->pool =
	    (struct load_pool){.timer = &d->timer,
			       .protocol = load_protocol_of(d->load->protocol),
			       .endpoint = &d->endpoint,
			       .marks = &d->marks,
			       .tally = &d->tally,
			       .fresh = d->load->fresh,
			       .on_end = on_end};
	if (!init_parts(d, err)) {
		driver_free(d);
		return NULL;
	}
	return d;
}

static void
drop(struct load_pool *pool, struct load_exchange *x)
{
	free(CONTAINER_OF(x, struct shot, x));
}

void
driver_free(struct driver *d)
{
	if (d == NULL)
		return;
	load_pool_fini(&d->pool, drop);
	if (d->pool.shared != NULL)
		d->pool.protocol->teardown(d->pool.shared);
	load_timer_fini(&d->timer);
	load_endpoint_fini(&d->endpoint);
	for (size_t i = 0; d->requests != NULL && i < d->load->requests_count;
	     i++)
		load_request_fini(&d->requests[i]);
	free(d->requests);
	free(d->weights);
	load_marks_fini(&d->marks);
	free(d);
}
