/* SPDX-License-Identifier: Apache-2.0 */
/* The main program of a test of one fault kind: a fresh harness for each test,
 * in `h`, with a seed that tests may rely on. */
#ifndef HARNESS_SUITE_H
#define HARNESS_SUITE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/flow_harness.h"

#define SUITE_SEED 42

static struct harness *h;

static void
suite_setup(void)
{
	h = harness_new(SUITE_SEED);
}

static void
suite_setup_http(void)
{
	h = harness_new(SUITE_SEED);
	h->protocol = "http";
}

static void
suite_teardown(void)
{
	harness_free(h);
	h = NULL;
}

/* The loader's words about `text` hold `part`; NULL: it has none. */
static inline void
suite_complains(const char *text, const char *part)
{
	char *said = harness_complaints(h, text);

	if (part == NULL)
		ck_assert_str_eq(said, "");
	else if (strstr(said, part) == NULL)
		ck_abort_msg(
		    "\"%s\" gave \"%s\", not \"%s\"", text, said, part);
	free(said);
}

/* What the kind's listener slot says of the n-th fault. */
static inline enum listener_effect
suite_listener(size_t n)
{
	const struct armed_fault *f = &h->route->faults[n];

	return f->ops->listener(f->conf->params, f->conf->stream);
}

/* An exchange whose heads are `head` bytes long, opened. */
static inline struct harness_flow *
suite_exchange(size_t head)
{
	struct harness_flow *f = harness_prepare(h, FLOW_EXCHANGE);

	f->flow.links[LINK_UP].head_len = head;
	f->flow.links[LINK_DOWN].head_len = head;
	harness_begin(f);
	return f;
}

/* A client's association on a udp route that has the fault (NULL: none). */
static inline struct harness_flow *
suite_udp(const char *fault)
{
	h->protocol = "udp";
	if (fault != NULL)
		harness_add(h, fault);
	return harness_open_datagrams(h);
}

/* Runs the tests with a harness each, `http`: of an HTTP route. Returns 0:
 * failures are told in the output. */
static inline int
suite_run(const char *name, bool http, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(
	    tc, http ? suite_setup_http : suite_setup, suite_teardown);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}

#define SUITE_RUN(name, http, ...)                                             \
	suite_run(name, http, (const TTest *const[]){__VA_ARGS__},             \
	    sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(TTest *))

#endif
