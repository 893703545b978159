/* SPDX-License-Identifier: Apache-2.0 */
/* Strengths, weaknesses, recommendations, expectations. */
#include "base/str.h"
#include "report/format.h"
#include "report/sections.h"

/* One line for each decided cell of that kind. Returns how many. */
static size_t
add_cells(const struct report *r, struct doc *d, bool good)
{
	size_t n = 0;

	for (size_t i = 0; i < r->cells_count; i++) {
		const struct cell *c = &r->cells[i];
		struct str line = {0};

		if (!c->decided || (c->score >= 1) != good)
			continue;
		format_finding(&line, r, &r->findings[c->finding]);
		doc_item(d, good ? TONE_GOOD : TONE_BAD, "%s", line.text);
		str_fini(&line);
		n++;
	}
	return n;
}

/* Expectations that no verdict decided: the load did, or an alert. */
static size_t
add_expects(const struct report *r, struct doc *d, enum expect_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < r->run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &r->run->scenarios[i];

		for (size_t k = 0; k < s->asked->expects_count; k++) {
			const struct run_expect *e = &s->expects[k];
			struct str asked = {0};

			if (e->verdict != SIZE_MAX || e->state != state)
				continue;
			format_asked(&asked, e->asked);
			doc_item(d, format_expect_tone(state),
				 "%s = %s is %s — %s (scenario %s)",
				 e->asked->key, asked.text,
				 state == EXPECT_MET ? "met" : "violated",
				 e->why, s->asked->name);
			str_fini(&asked);
			n++;
		}
	}
	return n;
}

static void
add_advice(const struct report *r, struct doc *d)
{
	doc_section(d, "recommendations", "Recommendations");
	if (r->advice_count == 0) {
		doc_text(d, "None: no rule applies to what was decided.");
		return;
	}
	doc_table(d, "By risk, highest first",
		  "Risk|Rule|What to do|Owner|Stands on");
	for (size_t i = 0; i < r->advice_count; i++) {
		const struct advice *a = &r->advice[i];
		struct str evidence = {0};

		format_evidence(&evidence, r, &r->findings[a->finding]);
		doc_cell(d, a->risk == RISK_HIGH ? TONE_BAD : TONE_NONE, "%s",
			 risk_name(a->risk));
		doc_cell(d, TONE_NONE, "%s", a->rule);
		doc_cell(d, TONE_NONE, "%s", a->text);
		doc_cell(d, TONE_NONE, "%s", a->owner != NULL ? a->owner : "–");
		doc_cell(d, TONE_NONE, "%s", evidence.text);
		str_fini(&evidence);
	}
}

/* What decided it, told for people; or what the load or an alert showed. */
static void
add_found(const struct report *r, const struct run_expect *e, struct doc *d)
{
	struct str found = {0};

	if (e->verdict != SIZE_MAX)
		format_verdict(&found, &r->run->verdicts.items[e->verdict]);
	else
		str_add(&found, e->found);
	doc_cell(d, TONE_NONE, "%s", found.text);
	str_fini(&found);
}

static void
add_scenario(const struct report *r, const struct run_scenario *s,
	     struct doc *d)
{
	for (size_t k = 0; k < s->asked->expects_count; k++) {
		const struct run_expect *e = &s->expects[k];
		struct str asked = {0};

		format_asked(&asked, e->asked);
		doc_cell(d, TONE_NONE, "%s", s->asked->name);
		doc_cell(d, TONE_NONE, "%s = %s", e->asked->key, asked.text);
		doc_cell(d, format_expect_tone((enum expect_state)e->state),
			 "%s", run_expect_word((enum expect_state)e->state));
		add_found(r, e, d);
		doc_cell(d, TONE_NONE, "%s", e->why);
		str_fini(&asked);
	}
}

void
sections_findings(const struct report *r, struct doc *d)
{
	size_t n;

	doc_section(d, "strengths", "Strengths");
	n = add_cells(r, d, true) + add_expects(r, d, EXPECT_MET);
	if (n == 0)
		doc_text(d, "None was shown.");
	doc_section(d, "weaknesses", "Weaknesses");
	n = add_cells(r, d, false) + add_expects(r, d, EXPECT_VIOLATED);
	if (n == 0)
		doc_text(d, "None was shown; see what is not validated.");
	add_advice(r, d);
	doc_section(d, "expectations", "Expectations");
	if (r->met + r->violated + r->undecided == 0) {
		doc_text(d, "None was stated.");
		return;
	}
	doc_table(d, "What was expected, and what was found",
		  "Scenario|Expected|State|Found|Why");
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++)
		add_scenario(r, &r->run->scenarios[i], d);
}
