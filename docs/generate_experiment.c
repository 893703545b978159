/* SPDX-License-Identifier: Apache-2.0 */
/* The reference of experiments, from the tables that check, judge and weigh.
 */
#include "docs/generate.h"
#include "experiment/expect.h"
#include "report/advice.h"

static void
add_words(struct str *to, const struct expect_key *k)
{
	if (k->words == NULL)
		return;
	for (size_t i = 0; k->words[i] != NULL; i++)
		str_printf(to, "%s`%s`", i > 0 ? ", " : ": ", k->words[i]);
}

/* A bar would end the cell. */
static void
add_mechs(struct str *to, const struct expect_key *k)
{
	if (k->mech == NULL) {
		str_add(to, " | what was measured");
		return;
	}
	str_add(to, " | `");
	for (const char *at = k->mech; *at != '\0'; at++)
		str_add(to, *at == '|' ? "`, `" : (char[]){*at, '\0'});
	str_add(to, "`");
}

static bool
expectations_page(const char *folder)
{
	const struct expect_key *k;
	struct str text = {0};
	bool ok;

	generate_origin(&text, "experiment/expect.c");
	str_add(&text, "# Expectations\n\n"
		       "What `expect` of a scenario may hold. Keys with a dot "
		       "stand in a group:\n`breaker: { on = \"db\"; open_max = "
		       "\"60s\"; };`. `on` says which route the group is\n"
		       "about; without it, all that the scenario's faults are "
		       "on. How they are judged:\n"
		       "[the report](../report.md#expectations).\n\n"
		       "| key | value | decided by | met if |\n"
		       "|---|---|---|---|\n");
	for (size_t i = 0; (k = expect_key_at(i)) != NULL; i++) {
		str_printf(&text, "| `%s` | %s%s", k->name,
			   k->list ? "one or more " : "", expect_type_name(k));
		add_words(&text, k);
		add_mechs(&text, k);
		str_printf(&text, " | %s |\n", k->help);
	}
	ok = generate_page(folder, "", "expectations", &text);
	str_fini(&text);
	return ok;
}

static void
add_mechanisms(struct str *to)
{
	const struct mechanism *m;

	str_add(to, "## Mechanisms\n\n"
		    "| `mech` | name | category | weight | good news is | risk "
		    "if not |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; (m = mechanism_at(i)) != NULL; i++)
		str_printf(to, "| `%s` | %s | %s | %g | %s | %s |\n", m->mech,
			   m->title, category_name(m->category), m->weight,
			   m->good_if_absent ? "`ABSENT`" : "`CONFIRMED`",
			   risk_name(m->risk));
}

static bool
rules_page(const char *folder)
{
	const struct advice_rule *rule;
	struct str text = {0};
	bool ok;

	generate_origin(&text, "report/mechanism.c and report/advice.c");
	str_add(&text, "# Rules of reports\n\n"
		       "What verdicts mean for [a report](../report.md), how "
		       "much they count in its score,\nand when it recommends "
		       "something.\n\n");
	add_mechanisms(&text);
	str_add(&text, "\n## Recommendations\n\n"
		       "| rule | what | risk | `mech` | when |\n"
		       "|---|---|---|---|---|\n");
	for (size_t i = 0; (rule = advice_rule_at(i)) != NULL; i++)
		str_printf(&text, "| %s | %s | %s | `%s` | %s |\n", rule->id,
			   rule->title, risk_name(rule->risk), rule->mech,
			   rule->when);
	ok = generate_page(folder, "", "report-rules", &text);
	str_fini(&text);
	return ok;
}

bool
generate_experiment(const char *folder)
{
	return expectations_page(folder) && rules_page(folder);
}
