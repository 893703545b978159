/* SPDX-License-Identifier: Apache-2.0 */
/* Breakers that count in different ways, under three faults; and several
 * instances of a service, with a breaker each. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "tests/experiment/simulate.h"
#include "tests/harness/draw.h"

#define HISTORY 4096
#define OPEN_US 2e6
#define CASES	sim_volume(25, 400)

enum way {
	WAY_ROW,    /* `limit` failures in a row */
	WAY_SHARE,  /* half of the last `limit` calls */
	WAY_WITHIN, /* half of the calls of 2 s, ten at least */
};

struct breaker {
	enum way way;
	size_t limit;
	double at_us[HISTORY];
	bool failed[HISTORY];
	size_t count;
	double open_until_us, busy_us;
	bool open;
};

/* How many of the latest calls, or of those of 2 s, failed? */
static size_t
look_back(const struct breaker *b, double now_us, size_t *failed)
{
	size_t n = 0;

	*failed = 0;
	for (size_t i = b->count; i-- > 0 && n < HISTORY; n++) {
		if (b->way == WAY_WITHIN ? b->at_us[i] < now_us - 2e6
					 : n == b->limit)
			break;
		*failed += b->failed[i];
	}
	return n;
}

static bool
trips(const struct breaker *b, double now_us)
{
	size_t failed, n = look_back(b, now_us, &failed);

	if (b->way == WAY_ROW)
		return n == b->limit && failed == n;
	return n >= (b->way == WAY_SHARE ? b->limit : 10) && failed * 2 >= n;
}

static void
learn(struct breaker *b, bool failed, double now_us)
{
	if (b->count == HISTORY)
		b->count = 0;
	if (b->open && !failed)
		b->count = 0; /* closed: it begins anew */
	b->at_us[b->count] = now_us;
	b->failed[b->count++] = failed;
	if (b->open ? failed : trips(b, now_us)) {
		b->open = true;
		b->open_until_us = now_us + OPEN_US;
	} else {
		b->open = false;
	}
}

/* Calls from `from` to `to` (s), of which a share fails. */
static void
play(struct sim *s, struct breaker *b, const double span[2], double rate,
    double share)
{
	double at = MAX(span[0] * 1e6, b->busy_us);

	while (at < span[1] * 1e6) {
		double stop = at + 500 + sim_between(s, 500, 2000);
		bool through = !b->open || at >= b->open_until_us;

		if (through) {
			bool failed = draw_unit(&s->rng) < share;

			sim_call(s, sim_api(s), (int64_t)at + 300,
			    (int64_t)stop, failed ? CALL_ERROR : CALL_OK);
			learn(b, failed, stop);
		}
		sim_call(s, sim_edge(s), (int64_t)at, (int64_t)stop + 300,
		    CALL_OK);
		b->busy_us = stop + 400;
		at += sim_exponential(s, 1e6 / rate);
		at = MAX(at, b->busy_us);
	}
}

static const struct expected {
	enum way way;
	size_t limit;
	const char *kind, *window;
} expected[] = {
    {WAY_ROW, 5, "consecutive", "number"},
    {WAY_ROW, 12, "consecutive", "number"},
    {WAY_SHARE, 40, "ratio", "number"},
    {WAY_WITHIN, 0, "ratio", "time"},
};

/* All fail, all fail at twice the rate, three quarters fail. */
static void
identify(struct sim *s, const struct expected *e)
{
	static const struct {
		double from, to, rate, share;
	} spans[] = {{0, 20, 20, 0}, {20, 45, 20, 1}, {45, 55, 20, 0},
	    {55, 65, 40, 0}, {65, 90, 40, 1}, {90, 110, 20, 0},
	    {110, 140, 20, 0.75}, {140, 150, 20, 0}};
	struct breaker *b = calloc(1, sizeof(*b));

	b->way = e->way;
	b->limit = e->limit;
	for (size_t i = 0; i < COUNT_OF(spans); i++) {
		if (spans[i].share > 0)
			sim_fault(sim_api(s), "abort",
			    (int64_t)(spans[i].from * 1e6),
			    (int64_t)(spans[i].to * 1e6));
		play(s, b, (double[]){spans[i].from, spans[i].to},
		    spans[i].rate, spans[i].share);
	}
	free(b);
	sim_judge_by(s, 150000000, breaker_judge);
}

static bool
is_word(const struct verdict *v, const char *key, const char *word)
{
	const struct fact *f = verdict_fact(v, key);

	return f != NULL && strcmp(f->word, word) == 0;
}

START_TEST(how_a_breaker_counts_is_told_from_three_faults)
{
	const struct expected *e = &expected[_i];
	size_t cases = CASES, kinds = 0, windows = 0;

	for (size_t i = 0; i < cases; i++) {
		const struct verdict *v;
		struct sim s;

		sim_init(&s, i * 7 + (size_t)_i);
		identify(&s, e);
		v = sim_verdict(&s, "breaker");
		ck_assert_int_eq(v->state, STATE_CONFIRMED);
		/* Right, or not told; never wrong. */
		ck_assert(is_word(v, "kind", e->kind) ||
		    is_word(v, "kind", "unknown"));
		ck_assert(verdict_fact(v, "window") == NULL ||
		    is_word(v, "window", e->window));
		kinds += is_word(v, "kind", e->kind);
		windows += verdict_fact(v, "window") != NULL;
		sim_fini(&s);
	}
	/* Few failures in a row come by chance: some runs are too short. */
	ck_assert_uint_ge(kinds * 100, cases * 60);
	ck_assert_uint_ge(windows * 100, cases * 75);
}
END_TEST

START_TEST(one_fault_does_not_tell_the_kind)
{
	const struct verdict *v;
	struct sim s;
	struct breaker *b = calloc(1, sizeof(*b));

	sim_init(&s, 1);
	b->limit = 5;
	sim_fault(sim_api(&s), "abort", 20000000, 45000000);
	play(&s, b, (double[]){0, 20}, 20, 0);
	play(&s, b, (double[]){20, 45}, 20, 1);
	sim_judge_by(&s, 45000000, breaker_judge);
	v = sim_verdict(&s, "breaker");
	ck_assert(is_word(v, "kind", "unknown"));
	ck_assert_ptr_null(verdict_fact(v, "window"));
	ck_assert_ptr_nonnull(strstr(v->decide, "twice"));
	free(b);
	sim_fini(&s);
}
END_TEST

/* Each call goes to one of three instances, in turn; each has a breaker. */
static void
run_instances(struct sim *s, bool one_address)
{
	struct breaker *all = calloc(3, sizeof(*all));
	double at = 0;

	for (size_t i = 0; i < 3; i++)
		all[i].limit = 5;
	sim_fault(sim_api(s), "abort", 30000000, 90000000);
	for (size_t n = 0; at < 90e6; n++) {
		struct breaker *b = &all[n % 3];
		double stop = at + 1500;
		bool failed = at >= 30e6;

		if (!b->open || at >= b->open_until_us) {
			struct call *c = sim_call(s, sim_api(s),
			    (int64_t)at + 300, (int64_t)stop,
			    failed ? CALL_ERROR : CALL_OK);

			c->client = one_address ? 1 : n % 3 + 1;
			learn(b, failed, stop);
		}
		sim_call(s, sim_edge(s), (int64_t)at, (int64_t)stop + 300,
		    CALL_OK);
		at += 3000 + sim_exponential(s, 1e6 / 60.0);
	}
	free(all);
	sim_judge_by(s, 90000000, breaker_judge);
}

START_TEST(instances_have_a_breaker_each)
{
	const struct verdict *v;
	const struct fact *f;
	struct sim s;

	sim_init(&s, 1);
	run_instances(&s, false);
	v = sim_verdict(&s, "breaker");
	ck_assert_int_eq(v->state, STATE_CONFIRMED);
	ck_assert_double_eq(verdict_fact(v, "instances")->value.lo, 3);
	ck_assert_double_eq(verdict_fact(v, "instances_open")->value.lo, 3);
	f = verdict_fact(v, "threshold");
	ck_assert(f->value.lo <= 5 && 5 <= f->value.hi);
	ck_assert_ptr_null(strstr(v->why, "one address"));
	sim_fini(&s);
}
END_TEST

START_TEST(instances_behind_one_address_add_up)
{
	const struct verdict *v;
	struct sim s;

	sim_init(&s, 1);
	run_instances(&s, true);
	v = sim_verdict(&s, "breaker");
	ck_assert_ptr_null(verdict_fact(v, "instances"));
	ck_assert_msg(strstr(v->why, "; instances behind one address count as "
	    "one") != NULL, "%s", v->why);
	sim_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("breaker_kind");
	TCase *tc = tcase_create("breaker_kind");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc,
	    how_a_breaker_counts_is_told_from_three_faults, 0,
	    (int)COUNT_OF(expected));
	tcase_add_test(tc, one_fault_does_not_tell_the_kind);
	tcase_add_test(tc, instances_have_a_breaker_each);
	tcase_add_test(tc, instances_behind_one_address_add_up);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
