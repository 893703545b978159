/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one load against a server and prints what came of it as JSON:
 *
 *	drive FILE      as tests/load/load_json.c reads it, and: seconds, seed,
 *	                any_certificate, ca_file, quiet (no samples)
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "load/driver.h"
#include "tests/load/load_json.h"

static const char *const outcomes[] = {"ok",	 "failed", "timeout",
				       "broken", "lost",   "open"};

static struct driver *driver;
static struct event_base *base;

static void
on_enough(evutil_socket_t fd, short what, void *arg)
{
	driver_stop(driver);
}

static void
on_drained(void *arg)
{
	event_base_loopbreak(base);
}

static void
put_sample(struct jsonw *w, const struct sample *s)
{
	jsonw_object(w);
	jsonw_put_uint(w, "request", s->request);
	jsonw_put_uint(w, "seq", s->seq);
	jsonw_put_int(w, "intended_us", s->intended_us);
	jsonw_put_int(w, "start_us", s->start_us);
	jsonw_put_int(w, "first_us", s->first_us);
	jsonw_put_int(w, "end_us", s->end_us);
	jsonw_put_int(w, "status", s->status);
	jsonw_put_string(w, "outcome", outcomes[s->outcome]);
	jsonw_put_bool(w, "degraded", s->degraded);
	jsonw_put_uint(w, "bytes", s->bytes);
	jsonw_object_end(w);
}

static int
by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Latencies of what was answered, from the intended start. */
static void
put_latency(struct jsonw *w, const struct samples *samples)
{
	int64_t *us = xcalloc(samples->count + 1, sizeof(*us));
	size_t n = 0;

	for (size_t i = 0; i < samples->count; i++) {
		const struct sample *s = &samples->items[i];

		if (s->outcome == SAMPLE_OK || s->outcome == SAMPLE_FAILED)
			us[n++] = s->end_us - s->intended_us;
	}
	qsort(us, n, sizeof(*us), by_number);
	jsonw_put_int(w, "p50_us", n > 0 ? us[n / 2] : 0);
	jsonw_put_int(w, "p99_us", n > 0 ? us[n * 99 / 100] : 0);
	free(us);
}

static void
put_all(struct jsonw *w, const struct samples *samples, bool quiet)
{
	const struct tally *t = driver_tally(driver);
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	jsonw_object(w);
	jsonw_put_uint(w, "fired", t->fired);
	for (size_t i = 0; i < TALLY_OUTCOMES; i++)
		jsonw_put_uint(w, outcomes[i], t->ended[i]);
	jsonw_put_uint(w, "opened", t->opened);
	jsonw_put_uint(w, "resent", t->resent);
	jsonw_put_uint(w, "starved", t->starved);
	jsonw_put_string(w, "why", t->why);
	jsonw_put_int(w, "late_p50_us", tally_late_us(t, 0.5));
	jsonw_put_int(w, "late_p99_us", tally_late_us(t, 0.99));
	put_latency(w, samples);
	jsonw_put_int(w, "cpu_us",
		      (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
			  use.ru_utime.tv_usec + use.ru_stime.tv_usec);
	jsonw_put_int(w, "rss_kib", use.ru_maxrss);
	if (!quiet) {
		jsonw_key(w, "samples");
		jsonw_array(w);
		for (size_t i = 0; i < samples->count; i++)
			put_sample(w, &samples->items[i]);
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
}

static void
run(json_t *json, struct driver_options *options)
{
	double seconds = json_number_value(json_object_get(json, "seconds"));
	struct timeval enough = {
	    .tv_sec = (long)seconds,
	    .tv_usec = (long)((seconds - (double)(long)seconds) * 1e6)};
	struct error err = {0};
	struct event *timer;

	base = event_base_new();
	driver = driver_new(base, options, &err);
	if (driver == NULL) {
		fprintf(stderr, "drive: %s\n", err.text);
		exit(1);
	}
	driver_start(driver);
	timer = evtimer_new(base, on_enough, NULL);
	event_add(timer, &enough);
	event_base_dispatch(base);
	event_free(timer);
}

int
main(int argc, char **argv)
{
	json_error_t at;
	json_t *json = argc == 2 ? json_load_file(argv[1], 0, &at) : NULL;
	struct conf_load load = load_json_read(json);
	struct samples samples = {0};
	struct load_target target;
	struct driver_options options = {.load = &load,
					 .target = &target,
					 .origin_us = clock_now(&clock_real),
					 .samples = &samples,
					 .on_drained = on_drained};
	struct str out = {0};
	struct error err;
	struct jsonw w;

	signal(SIGPIPE, SIG_IGN);
	if (load.target == NULL ||
	    !load_target_parse(load.target, &target, &err)) {
		fprintf(stderr, "drive: expected a file with a good target\n");
		return 2;
	}
	options.seed =
	    (uint64_t)json_integer_value(json_object_get(json, "seed"));
	target.any_certificate =
	    json_is_true(json_object_get(json, "any_certificate"));
	if (json_object_get(json, "ca_file") != NULL)
		target.ca_file = xstrdup(
		    json_string_value(json_object_get(json, "ca_file")));
	run(json, &options);
	jsonw_init(&w, &out);
	put_all(&w, &samples, json_is_true(json_object_get(json, "quiet")));
	puts(out.text);
	driver_free(driver);
	event_base_free(base);
	load_target_fini(&target);
	load_json_fini(&load);
	free(samples.items);
	str_fini(&out);
	json_decref(json);
	return 0;
}
