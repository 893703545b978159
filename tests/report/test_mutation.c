/* SPDX-License-Identifier: Apache-2.0 */
/* Take one mechanism away from the planted services, and exactly the lines
 * about it change: verdicts, expectations, recommendations. */
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "report/model.h"
#include "tests/harness/check_run.h"
#include "tests/report/planted.h"

#define SEED 7

struct planted {
	struct run run;
	struct report report;
};

static void
plant(struct planted *p, uint64_t seed, unsigned without)
{
	*p = (struct planted){0};
	planted_run(&p->run, seed, without);
	report_build(&p->report, &p->run, NULL);
}

static void
uproot(struct planted *p)
{
	report_fini(&p->report);
	run_fini(&p->run);
}

/* "good", "half", "bad", "open", or "none". */
static const char *
state_of(const struct planted *p, const struct cell *like)
{
	for (size_t i = 0; i < p->report.cells_count; i++) {
		const struct cell *c = &p->report.cells[i];

		if (c->mechanism != like->mechanism ||
		    strcmp(c->route, like->route) != 0)
			continue;
		if (!c->decided)
			return "open";
		return c->score >= 1 ? "good" : c->score > 0 ? "half" : "bad";
	}
	return "none";
}

/* What changed, as "mech route before>after", a line each; in order of `from`
 * and, if new, of `to`. */
static void
add_changes(const struct planted *from, const struct planted *to, bool added,
	    struct str *out)
{
	const struct report *r = added ? &to->report : &from->report;

	for (size_t i = 0; i < r->cells_count; i++) {
		const char *before = state_of(from, &r->cells[i]);
		const char *after = state_of(to, &r->cells[i]);

		if (strcmp(before, after) == 0 ||
		    added != (strcmp(before, "none") == 0))
			continue;
		str_printf(out, "%s %s %s>%s\n", r->cells[i].mechanism->mech,
			   r->cells[i].route, before, after);
	}
}

static void
add_expects(const struct planted *from, const struct planted *to,
	    struct str *out)
{
	for (size_t i = 0; i < from->run.asked->scenarios_count; i++) {
		const struct run_scenario *a = &from->run.scenarios[i];
		const struct run_scenario *b = &to->run.scenarios[i];

		for (size_t k = 0; k < a->asked->expects_count; k++) {
			if (a->expects[k].state != b->expects[k].state)
				str_printf(
				    out, "%s %s\n", a->expects[k].asked->key,
				    run_expect_word(b->expects[k].state));
		}
	}
}

static bool
advises(const struct planted *p, const struct advice *like)
{
	for (size_t i = 0; i < p->report.advice_count; i++) {
		const struct advice *a = &p->report.advice[i];

		if (strcmp(a->rule, like->rule) == 0 &&
		    strcmp(a->route, like->route) == 0)
			return true;
	}
	return false;
}

static void
add_advice(const struct planted *from, const struct planted *to,
	   const char *sign, struct str *out)
{
	for (size_t i = 0; i < to->report.advice_count; i++) {
		const struct advice *a = &to->report.advice[i];

		if (!advises(from, a))
			str_printf(out, "%s%s %s\n", sign, a->rule, a->route);
	}
}

static const struct {
	unsigned without;
	const char *changes;
} mutations[] = {
    {WITHOUT_NOTHING, ""},
    {WITHOUT_BREAKER, "breaker platform good>bad\n"
		      "retries platform open>bad\n"
		      "breaker.on VIOLATED\n"
		      "breaker.threshold_max VIOLATED\n"
		      "breaker.open_max VIOLATED\n"
		      "+R1 platform\n"},
    {WITHOUT_FALLBACK, "fallback platform good>bad\n"
		       "health_honesty platform open>bad\n"
		       "blast_radius platform good>bad\n"
		       "fallback VIOLATED\n"
		       "+R14 platform\n"},
    {WITHOUT_RETRIES, "backoff redis good>open\n"
		      "unsafe_retry redis good>none\n"
		      "amplification redis bad>good\n"
		      "fallback redis half>good\n"
		      "synchronised_retries redis good>none\n"
		      "blast_radius redis bad>good\n"
		      "retries.backoff VIOLATED\n"
		      "blast_radius MET\n"
		      "-R8 redis\n"},
    {WITHOUT_BACKOFF, "backoff redis good>bad\n"
		      "retries.backoff VIOLATED\n"
		      "+R7 redis\n"},
    {WITHOUT_TIMEOUT, "timeout db good>bad\n"
		      "timeout.on VIOLATED\n"
		      "timeout.max VIOLATED\n"
		      "+R3 db\n"
		      "+R13 db\n"},
    {WITHOUT_QUICK_POOL, "+R2 db\n"},
    {WITHOUT_ISOLATION, "cascade db good>half\n"
			"siblings_unaffected VIOLATED\n"
			"+R12 db\n"},
    {WITHOUT_HONEST_HEALTH, "health_honesty db good>bad\n"
			    "health_honest VIOLATED\n"
			    "+R14 db\n"},
    {WITHOUT_BULKHEAD, "bulkhead api good>open\n"
		       "bulkhead.on UNDECIDED\n"},
    {WITHOUT_DURABILITY, "read_back db good>bad\n"
			 "lost_acked VIOLATED\n"},
    {WITHOUT_PROOF, "breaker redis bad>open\n"
		    "retries redis good>open\n"
		    "backoff redis good>open\n"
		    "unsafe_retry redis good>none\n"
		    "amplification redis bad>none\n"
		    "fallback redis half>open\n"
		    "synchronised_retries redis good>none\n"
		    "recovery redis good>open\n"
		    "metastable redis good>open\n"
		    "isolation redis good>open\n"
		    "cascade redis good>open\n"
		    "blast_radius redis bad>open\n"
		    "retries.max UNDECIDED\n"
		    "retries.backoff UNDECIDED\n"
		    "edge_success_min UNDECIDED\n"
		    "blast_radius UNDECIDED\n"
		    "-R1 redis\n"
		    "-R8 redis\n"},
    {WITHOUT_END, "timeout_order api good>open\n"
		  "fallback api half>open\n"
		  "bulkhead api good>open\n"
		  "recovery api good>open\n"
		  "metastable api good>open\n"
		  "isolation api good>open\n"
		  "cascade api good>open\n"
		  "blast_radius api bad>open\n"
		  "bulkhead.on UNDECIDED\n"
		  "siblings_unaffected UNDECIDED\n"},
};

START_TEST(taking_a_mechanism_away_changes_its_lines_only)
{
	struct planted whole, less;
	struct str changes = {0};

	plant(&whole, SEED, WITHOUT_NOTHING);
	plant(&less, SEED, mutations[_i].without);
	add_changes(&whole, &less, false, &changes);
	add_changes(&whole, &less, true, &changes);
	add_expects(&whole, &less, &changes);
	add_advice(&whole, &less, "+", &changes);
	add_advice(&less, &whole, "-", &changes);
	str_add(&changes, "");
	ck_assert_str_eq(changes.text, mutations[_i].changes);
	str_fini(&changes);
	uproot(&whole);
	uproot(&less);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mutation");
	TCase *tc = tcase_create("mutation");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, taking_a_mechanism_away_changes_its_lines_only,
			    0, COUNT_OF(mutations));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
