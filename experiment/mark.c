/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver knows of its requests, written beside the calls that the
 * proxy saw. */
#include "experiment/pairs.h"
#include "experiment/run_parts.h"

static bool
is_probe(const struct run *run, const struct sample *s)
{
	return run->asked->loads[s->load].probe != NULL;
}

static bool
is_worth_a_mark(const struct run *run, const struct sample *s)
{
	return s->degraded || is_probe(run, s);
}

static void
mark(void *arg, const struct sample *s, struct call *c)
{
	const struct run *run = arg;

	c->degraded = s->degraded;
	c->probe = is_probe(run, s);
}

void
run_mark(struct run *run)
{
	pairs_visit(run, is_worth_a_mark, mark, run);
}
