/* SPDX-License-Identifier: Apache-2.0 */
/* A driver on a loop of its own. */
#include "tests/load/driving.h"

#include <check.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void
on_sample(void *arg, const struct sample *s)
{
	struct driving *d = arg;

	if (--d->want == 0)
		driver_stop(d->driver);
}

static void
on_drained(void *arg)
{
	event_base_loopbreak(((struct driving *)arg)->base);
}

struct conf_load
driving_load(struct conf_request *request)
{
	return (struct conf_load){.name = (char *)"users",
				  .rate = 500,
				  .arrivals = ARRIVALS_CONSTANT,
				  .serial = true,
				  .timeout_us = 5000000,
				  .max_in_flight = 400,
				  .requests = request,
				  .requests_count = 1};
}

void
driving_run(struct driving *d, const struct conf_load *load,
	    const struct peer *peer, size_t n)
{
	struct timeval limit = {.tv_sec = 30};
	struct load_target target;
	struct error err = {0};
	struct driver_options options = {.load = load,
					 .target = &target,
					 .seed = d->seed,
					 .origin_us = clock_now(&clock_real),
					 .samples = &d->samples,
					 .on_sample = on_sample,
					 .on_drained = on_drained,
					 .arg = d};
	char at[64];

	signal(SIGPIPE, SIG_IGN);
	if (peer != NULL && peer->path != NULL)
		snprintf(at, sizeof(at), "unix:%s", peer->path);
	else if (peer != NULL)
		snprintf(at, sizeof(at), "127.0.0.1:%u", peer->port);
	ck_assert_msg(load_target_parse(d->target != NULL ? d->target : at,
					&target, &err),
		      "%s", err.text);
	target.any_certificate = d->any_certificate;
	d->base = event_base_new();
	d->want = n;
	d->driver = driver_new(d->base, &options, &err);
	ck_assert_msg(d->driver != NULL, "%s", err.text);
	driver_start(d->driver);
	event_base_loopexit(d->base, &limit);
	event_base_dispatch(d->base);
	ck_assert_uint_eq(driver_in_flight(d->driver), 0);
	d->tally = *driver_tally(d->driver);
	driver_free(d->driver);
	event_base_free(d->base);
	load_target_fini(&target);
}

void
driving_against(struct driving *d, const struct conf_load *load,
		struct peer *peer, peer_serve_fn serve, size_t n)
{
	peer_start(peer, serve);
	driving_run(d, load, peer, n);
	peer_stop(peer);
}

void
driving_expect(const struct driving *d, enum sample_outcome outcome)
{
	for (size_t i = 0; i < d->samples.count; i++)
		ck_assert_msg(d->samples.items[i].outcome == outcome,
			      "sample %zu of %zu: %d, status %d", i,
			      d->samples.count, d->samples.items[i].outcome,
			      d->samples.items[i].status);
}

void
driving_fini(struct driving *d)
{
	free(d->samples.items);
	d->samples = (struct samples){0};
}
