/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts and what they mean: one finding each, and one cell for each
 * mechanism on each route. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "report/model.h"

/* The expectation that this verdict decided; a violated one if several did. */
static const struct run_expect *
expect_of(const struct run_scenario *s, size_t verdict)
{
	const struct run_expect *found = NULL;

	for (size_t i = 0; i < s->asked->expects_count; i++) {
		const struct run_expect *e = &s->expects[i];

		if (e->verdict == verdict && e->state != EXPECT_UNDECIDED &&
		    (found == NULL || e->state == EXPECT_VIOLATED))
			found = e;
	}
	return found;
}

static void
weigh(struct finding *f, const struct run_scenario *s)
{
	enum verdict_state state = f->verdict->state;
	enum verdict_state good =
	    f->mechanism->good_if_absent ? STATE_ABSENT : STATE_CONFIRMED;

	f->decided = s->state == SCENARIO_RUN && state <= STATE_PARTIAL;
	if (!f->decided)
		return;
	if (f->expect != NULL && f->expect->state == EXPECT_VIOLATED)
		f->score = 0;
	else if (state == STATE_PARTIAL)
		f->score = 0.5;
	else if (f->expect == NULL && state != good)
		f->score = 0;
	else
		f->score = f->mechanism->is_flawed != NULL &&
				   f->mechanism->is_flawed(f->verdict)
			       ? 0.5
			       : 1;
}

static void
find_all(struct report *r)
{
	const struct run *run = r->run;

	r->findings = xcalloc(run->verdicts.count + 1, sizeof(*r->findings));
	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &run->scenarios[i];

		for (size_t k = 0; k < s->verdicts_count; k++) {
			size_t at = s->verdicts_from + k;
			struct finding f = {.verdict = &run->verdicts.items[at],
					    .scenario = i};

			f.mechanism = mechanism_find(f.verdict->mech);
			if (f.mechanism == NULL)
				continue;
			f.expect = expect_of(s, at);
			weigh(&f, s);
			r->findings[r->findings_count++] = f;
		}
	}
}

/* --- cells ---------------------------------------------------------------- */

static struct cell *
cell_of(struct report *r, const struct mechanism *m, const char *route)
{
	struct cell *c;

	for (size_t i = 0; i < r->cells_count; i++) {
		c = &r->cells[i];
		if (c->mechanism == m && strcmp(c->route, route) == 0)
			return c;
	}
	c = &r->cells[r->cells_count++];
	*c = (struct cell){m, route, REPORT_NONE, false, 0};
	return c;
}

/* Shows a decided one, the worst; else one that says what would decide. */
static bool
is_better_shown(const struct finding *f, const struct finding *shown)
{
	if (f->decided != shown->decided)
		return f->decided;
	if (f->decided)
		return f->score < shown->score;
	return f->verdict->decide[0] != '\0' &&
	       shown->verdict->decide[0] == '\0';
}

static void
add_to_cell(struct report *r, struct cell *c, size_t finding)
{
	const struct finding *f = &r->findings[finding];

	if (c->finding == REPORT_NONE ||
	    is_better_shown(f, &r->findings[c->finding]))
		c->finding = finding;
	c->decided |= f->decided;
}

static double
mean_score(const struct report *r, const struct cell *c)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->findings_count; i++) {
		const struct finding *f = &r->findings[i];

		if (!f->decided || f->mechanism != c->mechanism ||
		    strcmp(f->verdict->route, c->route) != 0)
			continue;
		sum += f->score;
		n++;
	}
	return n > 0 ? sum / (double)n : 0;
}

void
report_find(struct report *r)
{
	const struct mechanism *m;

	find_all(r);
	r->cells = xcalloc(r->findings_count + 1, sizeof(*r->cells));
	for (size_t i = 0; (m = mechanism_at(i)) != NULL; i++) {
		for (size_t k = 0; k < r->findings_count; k++) {
			const struct finding *f = &r->findings[k];

			if (f->mechanism == m)
				add_to_cell(r, cell_of(r, m, f->verdict->route),
					    k);
		}
	}
	for (size_t i = 0; i < r->cells_count; i++)
		r->cells[i].score = mean_score(r, &r->cells[i]);
}
