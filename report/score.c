/* SPDX-License-Identifier: Apache-2.0 */
/* Points for what was decided. What was not is neither pass nor failure: it
 * widens the range of what is possible. */
#include "report/model.h"

static void
add(struct score *s, const struct cell *c)
{
	s->weight += c->mechanism->weight;
	if (!c->decided)
		return;
	s->decided_weight += c->mechanism->weight;
	s->points += c->mechanism->weight * c->score;
}

void
report_score(struct report *r)
{
	for (size_t i = 0; i < r->cells_count; i++) {
		const struct cell *c = &r->cells[i];

		add(&r->scores[c->mechanism->category], c);
		add(&r->overall, c);
	}
}

bool
score_value(const struct score *s, double *value)
{
	if (s->decided_weight <= 0)
		return false;
	*value = 10 * s->points / s->decided_weight;
	return true;
}

struct range
score_possible(const struct score *s)
{
	double open = s->weight - s->decided_weight;

	if (s->weight <= 0)
		return (struct range){0, 10};
	return (struct range){10 * s->points / s->weight,
			      10 * (s->points + open) / s->weight};
}
