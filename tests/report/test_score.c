/* SPDX-License-Identifier: Apache-2.0 */
/* Properties that every score has, over random cells. */
#include "experiment/stat.h"
#include "report/model.h"
#include "tests/harness/check_run.h"

#define CELLS  24
#define ROUNDS 2000

struct fixture {
	struct cell cells[CELLS];
	struct report report;
};

static void
draw(struct fixture *f, struct stat_rng *rng)
{
	size_t mechanisms = 0;

	while (mechanism_at(mechanisms) != NULL)
		mechanisms++;
	for (size_t i = 0; i < CELLS; i++)
		f->cells[i] = (struct cell){
		    .mechanism = mechanism_at(stat_rng_below(rng, mechanisms)),
		    .route = "r",
		    .decided = stat_rng_below(rng, 3) > 0,
		    .score = (double)stat_rng_below(rng, 3) / 2};
}

static void
score(struct fixture *f)
{
	f->report = (struct report){.cells = f->cells, .cells_count = CELLS};
	report_score(&f->report);
}

static const struct score *
score_of(const struct fixture *f, int which)
{
	return which < CATEGORIES ? &f->report.scores[which]
				  : &f->report.overall;
}

START_TEST(a_score_lies_between_zero_and_ten_and_in_its_range)
{
	struct stat_rng rng = {1};
	struct fixture f;

	for (int i = 0; i < ROUNDS; i++) {
		draw(&f, &rng);
		score(&f);
		for (int k = 0; k <= CATEGORIES; k++) {
			struct range r = score_possible(score_of(&f, k));
			double value;

			ck_assert(r.lo >= 0 && r.lo <= r.hi && r.hi <= 10);
			if (!score_value(score_of(&f, k), &value))
				continue;
			ck_assert(value >= r.lo - 1e-9 && value <= r.hi + 1e-9);
		}
	}
}
END_TEST

START_TEST(a_better_verdict_never_lowers_a_score)
{
	struct stat_rng rng = {2};
	struct fixture f;

	for (int i = 0; i < ROUNDS; i++) {
		size_t at = stat_rng_below(&rng, CELLS);
		double before, after;

		draw(&f, &rng);
		f.cells[at].decided = true;
		f.cells[at].score = 0;
		score(&f);
		if (!score_value(&f.report.overall, &before))
			continue; /* it has no weight */
		f.cells[at].score = 1;
		score(&f);
		ck_assert(score_value(&f.report.overall, &after));
		ck_assert(f.cells[at].mechanism->weight > 0 ? after > before
							    : after == before);
	}
}
END_TEST

START_TEST(deciding_what_was_open_narrows_the_range)
{
	struct stat_rng rng = {3};
	struct fixture f;

	for (int i = 0; i < ROUNDS; i++) {
		size_t at = stat_rng_below(&rng, CELLS);
		struct range before, after;

		draw(&f, &rng);
		f.cells[at].decided = false;
		score(&f);
		before = score_possible(&f.report.overall);
		f.cells[at].decided = true;
		score(&f);
		after = score_possible(&f.report.overall);
		ck_assert(after.lo >= before.lo - 1e-9 &&
			  after.hi <= before.hi + 1e-9);
	}
}
END_TEST

START_TEST(what_is_open_counts_for_nothing)
{
	struct fixture f = {0};
	double value;

	for (size_t i = 0; i < CELLS; i++)
		f.cells[i] = (struct cell){
		    .mechanism = mechanism_at(0), .route = "r", .score = 1};
	score(&f);
	ck_assert(!score_value(&f.report.overall, &value));
	ck_assert_double_eq(score_possible(&f.report.overall).lo, 0);
	ck_assert_double_eq(score_possible(&f.report.overall).hi, 10);
	f.cells[0].decided = true;
	f.cells[0].score = 0;
	score(&f);
	ck_assert(score_value(&f.report.overall, &value));
	ck_assert_double_eq(value, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_score_lies_between_zero_and_ten_and_in_its_range,
	    a_better_verdict_never_lowers_a_score,
	    deciding_what_was_open_narrows_the_range,
	    what_is_open_counts_for_nothing, NULL};

	return check_run("score", tests);
}
