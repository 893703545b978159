/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: what it fires, loses, holds back, and how it ends. */
#include "load/driver.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/harness/check_run.h"
#include "tests/load/driving.h"

static void
serve_late(struct peer *p, int fd, unsigned nth)
{
	while (peer_read_http(p, fd)) {
		usleep(30000);
		if (!peer_send(fd, PEER_EMPTY, strlen(PEER_EMPTY), 0))
			return;
	}
}

START_TEST(open_loop_does_not_wait_for_answers)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	load.serial = false;
	load.timeout_us = 200000;
	driving_against(&d, &load, &p, peer_serve_never, 50);
	for (size_t i = 1; i < d.samples.count; i++) {
		const struct sample *s = &d.samples.items[i];

		ck_assert_uint_eq(s->seq, i + 1);
		ck_assert_int_le(
		    llabs(s->intended_us - s[-1].intended_us - 2000), 1);
	}
	driving_fini(&d);
}
END_TEST

START_TEST(serial_requests_never_overlap)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	driving_against(&d, &load, &p, serve_late, 8);
	driving_expect(&d, SAMPLE_OK);
	for (size_t i = 1; i < d.samples.count; i++) {
		const struct sample *s = &d.samples.items[i];

		ck_assert_int_ge(s->start_us, s[-1].end_us);
		/* What waited is not late: nobody meant it to go before. */
		ck_assert_int_ge(s->intended_us, s[-1].end_us);
	}
	driving_fini(&d);
}
END_TEST

START_TEST(more_in_flight_than_allowed_is_lost_load)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {0};

	load.serial = false;
	load.max_in_flight = 3;
	load.timeout_us = 300000;
	driving_against(&d, &load, &p, peer_serve_never, 20);
	ck_assert_uint_ge(d.tally.ended[SAMPLE_LOST], 15);
	for (size_t i = 0; i < d.samples.count; i++) {
		const struct sample *s = &d.samples.items[i];

		ck_assert_int_eq(s->outcome,
				 i < 3 ? SAMPLE_TIMEOUT : SAMPLE_LOST);
		ck_assert_int_eq(s->start_us == 0, i >= 3);
	}
	driving_fini(&d);
}
END_TEST

START_TEST(without_descriptors_load_is_lost_and_comes_back)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct rlimit few = {.rlim_cur = 0}, all;
	struct driving d = {0};
	struct peer p = {0};
	int lowest;

	load.fresh = true;
	peer_start(&p, peer_serve_empty);
	getrlimit(RLIMIT_NOFILE, &all);
	lowest = dup(0);
	close(lowest);
	/* Room for the loop and the timer, and one connection's two ends. */
	few.rlim_cur = (rlim_t)lowest + 5;
	few.rlim_max = all.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	load.serial = false;
	load.rate = 2000;
	load.timeout_us = 300000;
	driving_run(&d, &load, &p, 60);
	setrlimit(RLIMIT_NOFILE, &all);
	ck_assert_uint_eq(d.tally.ended[SAMPLE_LOST], d.tally.starved);
	ck_assert_uint_eq(d.tally.ended[SAMPLE_LOST] +
			      d.tally.ended[SAMPLE_OK] +
			      d.tally.ended[SAMPLE_TIMEOUT] +
			      d.tally.ended[SAMPLE_BROKEN],
			  d.samples.count);
	ck_assert_uint_gt(d.tally.starved, 0);
	peer_stop(&p);
	driving_fini(&d);
}
END_TEST

/* --- commands while it runs --- */

struct session {
	struct event_base *base;
	struct driver *driver;
	struct samples samples;
	int64_t origin_us;
	size_t seen;
	bool drained;
};

static void
on_sample(void *arg, const struct sample *s)
{
	((struct session *)arg)->seen++;
}

static void
on_drained(void *arg)
{
	((struct session *)arg)->drained = true;
}

static void
session_open(struct session *s, const struct conf_load *load, struct peer *p)
{
	struct load_target target;
	int64_t origin_us = clock_now(&clock_real);
	struct driver_options options = {.load = load,
					 .target = &target,
					 .origin_us = origin_us,
					 .samples = &s->samples,
					 .on_sample = on_sample,
					 .on_drained = on_drained,
					 .arg = s};
	struct error err = {0};
	char at[64];

	snprintf(at, sizeof(at), "127.0.0.1:%u", p->port);
	ck_assert(load_target_parse(at, &target, &err));
	s->origin_us = origin_us;
	s->base = event_base_new();
	s->driver = driver_new(s->base, &options, &err);
	ck_assert_msg(s->driver != NULL, "%s", err.text);
	load_target_fini(&target);
}

static void
session_run(struct session *s, long ms)
{
	struct timeval until = {.tv_usec = ms * 1000};

	event_base_loopexit(s->base, &until);
	event_base_dispatch(s->base);
}

static void
session_close(struct session *s)
{
	driver_free(s->driver);
	event_base_free(s->base);
	free(s->samples.items);
}

START_TEST(a_scale_acts_at_once)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct session s = {0};
	struct peer p = {0};
	int64_t resumed_us;
	uint64_t fired;

	load.serial = false;
	load.rate = 100;
	peer_start(&p, peer_serve_empty);
	session_open(&s, &load, &p);
	session_run(&s, 50);
	ck_assert_uint_eq(driver_tally(s.driver)->fired, 0);
	driver_scale(s.driver, 0);
	driver_start(s.driver);
	session_run(&s, 50);
	ck_assert_uint_eq(driver_tally(s.driver)->fired, 0);
	driver_scale(s.driver, 10);
	session_run(&s, 100);
	ck_assert_uint_ge(driver_tally(s.driver)->fired, 50);
	driver_scale(s.driver, 0);
	session_run(&s, 10); /* what was due already stays so */
	fired = driver_tally(s.driver)->fired;
	session_run(&s, 100);
	ck_assert_uint_eq(driver_tally(s.driver)->fired, fired);
	resumed_us = clock_now(&clock_real) - s.origin_us;
	driver_scale(s.driver, 10);
	session_run(&s, 100);
	/* What was not fired in between is not made up for. */
	ck_assert_uint_ge(driver_tally(s.driver)->fired - fired, 50);
	ck_assert_int_ge(s.samples.items[fired].intended_us, resumed_us);
	session_close(&s);
	peer_stop(&p);
}
END_TEST

START_TEST(a_stop_lets_what_is_in_flight_end)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct session s = {0};
	struct peer p = {0};
	uint64_t fired;

	load.serial = false;
	load.rate = 200;
	load.timeout_us = 200000;
	peer_start(&p, peer_serve_never);
	session_open(&s, &load, &p);
	driver_start(s.driver);
	session_run(&s, 100);
	driver_stop(s.driver);
	fired = driver_tally(s.driver)->fired;
	ck_assert_uint_ge(fired, 5);
	ck_assert(!s.drained && driver_in_flight(s.driver) > 0);
	session_run(&s, 400);
	ck_assert(s.drained);
	ck_assert_uint_eq(driver_tally(s.driver)->fired, fired);
	ck_assert_uint_eq(s.seen, fired);
	session_close(&s);
	peer_stop(&p);
}
END_TEST

START_TEST(a_stop_of_one_that_rests_is_drained_too)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct session s = {0};
	struct peer p = {0};

	peer_start(&p, peer_serve_never);
	session_open(&s, &load, &p);
	driver_stop(s.driver);
	session_run(&s, 100);
	ck_assert(s.drained);
	session_close(&s);
	peer_stop(&p);
}
END_TEST

START_TEST(what_is_in_flight_at_the_end_stays_open)
{
	struct conf_request request = {.weight = 1};
	struct conf_load load = driving_load(&request);
	struct session s = {0};
	struct peer p = {0};

	peer_start(&p, peer_serve_never);
	session_open(&s, &load, &p);
	driver_start(s.driver);
	session_run(&s, 50);
	driver_free(s.driver);
	s.driver = NULL;
	ck_assert_uint_eq(s.samples.count, 1);
	ck_assert_int_eq(s.samples.items[0].outcome, SAMPLE_OPEN);
	ck_assert_int_eq(s.samples.items[0].end_us, 0);
	ck_assert_uint_eq(s.seen, 0);
	session_close(&s);
	peer_stop(&p);
}
END_TEST

/* --- what cannot be driven --- */

static void
expect_refusal(const struct conf_load *load, const char *target,
	       const char *why)
{
	struct event_base *base = event_base_new();
	struct load_target at;
	struct driver_options options = {.load = load, .target = &at};
	struct error err = {0};

	ck_assert(load_target_parse(target, &at, &err));
	ck_assert_ptr_null(driver_new(base, &options, &err));
	ck_assert_msg(strstr(err.text, why) != NULL, "%s, expected %s",
		      err.text, why);
	load_target_fini(&at);
	event_base_free(base);
}

START_TEST(what_cannot_be_driven_is_told)
{
	struct conf_request request = {.weight = 1,
				       .target = (char *)"no slash"};
	struct conf_mark mark = {.header = (char *)"X-Cache: ~("};
	struct conf_load load = driving_load(&request);

	expect_refusal(&load, "127.0.0.1:1", "a blank within");
	request.target = (char *)"path";
	expect_refusal(
	    &load, "127.0.0.1:1",
	    "request 1: target \"path\": expected a path");
	request.target = NULL;
	load.protocol = LOAD_REDIS;
	expect_refusal(&load, "127.0.0.1:1", "request 1: expected send");
	request.send = (char *)"PING";
	load.password_file = (char *)"/nonexistent/secret";
	expect_refusal(&load, "127.0.0.1:1",
		       "password_file /nonexistent/secret: No such file");
	load.password_file = (char *)"/";
	expect_refusal(&load, "127.0.0.1:1",
		       "password_file /: Is a directory");
	load.password_file = NULL;
	expect_refusal(&load, "host.invalid:1", "host.invalid:1: ");
	load.protocol = 99;
	expect_refusal(&load, "127.0.0.1:1", "protocol 99");
	load.protocol = LOAD_HTTP1;
	load.degraded_when = &mark;
	load.degraded_count = 1;
	expect_refusal(&load, "127.0.0.1:1",
		       "degraded_when 1: header: ");
	load.requests_count = 0;
	expect_refusal(&load, "127.0.0.1:1",
		       "expected requests");
}
END_TEST

int
main(void)
{
	return check_run("driver",
			 (const TTest *const[]){
			     open_loop_does_not_wait_for_answers,
			     serial_requests_never_overlap,
			     more_in_flight_than_allowed_is_lost_load,
			     without_descriptors_load_is_lost_and_comes_back,
			     a_scale_acts_at_once,
			     a_stop_lets_what_is_in_flight_end,
			     a_stop_of_one_that_rests_is_drained_too,
			     what_is_in_flight_at_the_end_stays_open,
			     what_cannot_be_driven_is_told,
			     NULL,
			 });
}
