/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix, what is open, score, comparison, next cycle. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "report/format.h"
#include "report/sections.h"

/* --- the matrix ----------------------------------------------------------- */

/* Routes that have cells, in the order in which they come up. */
static size_t
routes_of(const struct report *r, const char **to)
{
	size_t n = 0;

	for (size_t i = 0; i < r->cells_count; i++) {
		size_t k = 0;

		while (k < n && strcmp(to[k], r->cells[i].route) != 0)
			k++;
		if (k == n)
			to[n++] = r->cells[i].route;
	}
	return n;
}

static const struct cell *
cell_at(const struct report *r, const struct mechanism *m, const char *route)
{
	for (size_t i = 0; i < r->cells_count; i++) {
		if (r->cells[i].mechanism == m &&
		    strcmp(r->cells[i].route, route) == 0)
			return &r->cells[i];
	}
	return NULL;
}

static void
add_matrix_cell(const struct report *r, struct doc *d, const struct cell *c)
{
	const struct finding *f;
	struct str text = {0};

	if (c == NULL) {
		doc_cell(d, TONE_NONE, "–");
		return;
	}
	f = &r->findings[c->finding];
	format_verdict(&text, f->verdict);
	if (c->decided && c->score < 1)
		str_printf(&text, " [risk %s]", risk_name(c->mechanism->risk));
	doc_cell(d,
		 !c->decided	 ? TONE_OPEN
		 : c->score >= 1 ? TONE_GOOD
				 : TONE_BAD,
		 "%s", text.text);
	str_fini(&text);
}

static void
add_matrix(const struct report *r, struct doc *d)
{
	const char **routes = xcalloc(r->cells_count + 1, sizeof(*routes));
	size_t n = routes_of(r, routes);
	const struct mechanism *m;

	doc_section(d, "validation", "Validation results");
	if (n == 0) {
		doc_text(d, "No verdict was reached.");
		free(routes);
		return;
	}
	doc_table(d,
		  "Mechanisms by route; each cell shows the worst of its "
		  "verdicts",
		  "Mechanism");
	for (size_t i = 0; i < n; i++)
		doc_column(d, routes[i]);
	for (size_t k = 0; (m = mechanism_at(k)) != NULL; k++) {
		size_t cells = 0;

		for (size_t i = 0; i < n; i++)
			cells += cell_at(r, m, routes[i]) != NULL;
		if (cells == 0)
			continue;
		doc_cell(d, TONE_NONE, "%s", m->title);
		for (size_t i = 0; i < n; i++)
			add_matrix_cell(r, d, cell_at(r, m, routes[i]));
	}
	free(routes);
}

/* --- what is open --------------------------------------------------------- */

static void
add_open(const struct report *r, struct doc *d)
{
	size_t n = 0;

	doc_section(d, "not-validated", "Not validated");
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &r->run->scenarios[i];

		if (s->state == SCENARIO_RUN)
			continue;
		doc_item(d, TONE_OPEN, "Scenario %s: %s%s%s", s->asked->name,
			 run_scenario_word((enum scenario_state)s->state),
			 s->why != NULL ? " — " : "",
			 s->why != NULL ? s->why : "");
		n++;
	}
	for (size_t i = 0; i < r->cells_count; i++) {
		const struct cell *c = &r->cells[i];
		const struct finding *f = &r->findings[c->finding];
		struct str evidence = {0};

		if (c->decided)
			continue;
		format_evidence(&evidence, r, f);
		doc_item(d, TONE_OPEN, "%s: %s: %s — %s%s%s (%s)", c->route,
			 c->mechanism->title,
			 verdict_state_name(f->verdict->state), f->verdict->why,
			 f->verdict->decide[0] != '\0' ? "; to decide: " : "",
			 f->verdict->decide, evidence.text);
		str_fini(&evidence);
		n++;
	}
	if (n == 0)
		doc_text(d, "Nothing is open.");
}

/* --- score, comparison, next -----------------------------------------------
 */

static void
add_score(struct doc *d, const char *name, const struct score *s)
{
	struct range possible = score_possible(s);
	struct format f;

	doc_cell(d, TONE_NONE, "%s", name);
	doc_cell(d, TONE_NONE, "%s", format_score(&f, s));
	doc_cell(d, TONE_NONE, "%.0f %%",
		 s->weight > 0 ? 100 * s->decided_weight / s->weight : 0);
	doc_cell(d, TONE_NONE, "%.1f to %.1f", possible.lo, possible.hi);
}

static void
add_scores(const struct report *r, struct doc *d)
{
	doc_section(d, "score", "Score");
	doc_text(d, "Of ten, over what was decided: what is open counts "
		    "neither for nor against, and widens the range of what is "
		    "possible. Monitoring and maturity are not measured by "
		    "this tool.");
	doc_table(d, "Score of each category",
		  "Category|Score|Decided (of the weight)|Possible");
	for (int i = 0; i < CATEGORIES; i++)
		add_score(d, category_name((enum category)i), &r->scores[i]);
	add_score(d, "overall", &r->overall);
}

static void
add_comparison(const struct report *r, struct doc *d)
{
	static const enum doc_tone tones[] = {TONE_BAD, TONE_GOOD, TONE_NONE};
	size_t same = 0;

	doc_section(d, "comparison", "Comparison with the last run");
	if (r->previous == NULL) {
		doc_text(d, "No earlier report of this experiment was found.");
		return;
	}
	for (size_t i = 0; i < r->changes_count; i++)
		same += r->changes[i].change == CHANGE_SAME;
	doc_text(d,
		 "Beside run %s; %zu of %zu figures are the same, within "
		 "chance.",
		 r->previous, same, r->changes_count);
	if (same == r->changes_count)
		return;
	doc_table(d, "What changed", "Change|What|Before|Now");
	for (size_t i = 0; i < r->changes_count; i++) {
		const struct comparison *c = &r->changes[i];

		if (c->change == CHANGE_SAME)
			continue;
		doc_cell(d, tones[c->change], "%s", change_name(c->change));
		doc_cell(d, TONE_NONE, "%s", c->what);
		doc_cell(d, TONE_NONE, "%s", c->before);
		doc_cell(d, TONE_NONE, "%s", c->now);
	}
}

void
sections_validation(const struct report *r, struct doc *d)
{
	add_matrix(r, d);
	add_open(r, d);
	add_scores(r, d);
	add_comparison(r, d);
	doc_section(d, "next", "Next cycle");
	if (r->next == NULL) {
		doc_text(d, "Nothing is open that another scenario would "
			    "decide.");
		return;
	}
	doc_text(d, "Scenarios that may decide what is open (what each verdict "
		    "lacked is said "
		    "above), to be put into "
		    "the list of scenarios as they are:");
	doc_code(d, r->next);
}
