/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit: what was violated fails, what is undecided is skipped, and a fault
 * that is not proven is an error of the tool, not of the services. */
#include "report/format.h"
#include "report/views.h"

struct counts {
	size_t tests, failures, errors, skipped;
};

static void
add_attribute(struct str *to, const char *name, const char *value)
{
	str_printf(to, " %s=\"", name);
	markup_add(to, value != NULL ? value : "");
	str_add(to, "\"");
}

static void
open_case(struct str *to, const struct report *r, const char *suite,
	  const char *name)
{
	struct str class = {0};

	str_printf(&class, "%s.%s", r->run->asked->name, suite);
	str_add(to, "    <testcase");
	add_attribute(to, "classname", class.text);
	add_attribute(to, "name", name);
	str_fini(&class);
}

/* A case that is not plainly good. */
static void
close_case(struct str *to, const char *tag, const char *message)
{
	if (tag == NULL) {
		str_add(to, "/>\n");
		return;
	}
	str_printf(to, "><%s", tag);
	add_attribute(to, "message", message);
	str_add(to, "/></testcase>\n");
}

static void
add_suite(struct str *to, const char *name, const struct counts *c,
	  const struct str *cases)
{
	str_add(to, "  <testsuite");
	add_attribute(to, "name", name);
	str_printf(to,
		   " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
		   "skipped=\"%zu\">\n",
		   c->tests, c->failures, c->errors, c->skipped);
	str_add(to, cases->len > 0 ? cases->text : "");
	str_add(to, "  </testsuite>\n");
}

/* The route that the verdict is about, and the key: "db.breaker.on". */
static void
case_name(struct str *to, const struct report *r, const struct run_expect *e)
{
	if (e->verdict != SIZE_MAX)
		str_printf(to, "%s.", r->run->verdicts.items[e->verdict].route);
	str_add(to, e->asked->key);
}

static void
add_expect(struct str *to, const struct report *r, const char *suite,
	   const struct run_expect *e, struct counts *c)
{
	static const char *const tags[] = {[EXPECT_MET] = NULL,
					   [EXPECT_VIOLATED] = "failure",
					   [EXPECT_UNDECIDED] = "skipped"};
	struct str name = {0}, message = {0};

	case_name(&name, r, e);
	str_add(&message, "expected ");
	format_asked(&message, e->asked);
	str_printf(&message, ", found %s: %s", e->found, e->why);
	c->tests++;
	c->failures += e->state == EXPECT_VIOLATED;
	c->skipped += e->state == EXPECT_UNDECIDED;
	open_case(to, r, suite, name.text);
	close_case(to, tags[e->state], message.text);
	str_fini(&message);
	str_fini(&name);
}

static void
add_injection(struct str *to, const struct report *r,
	      const struct run_scenario *s, struct counts *c)
{
	const char *tag = NULL;

	if (s->state == SCENARIO_INCONCLUSIVE || s->state == SCENARIO_ABORTED)
		tag = "error";
	else if (s->state != SCENARIO_RUN)
		tag = "skipped";
	c->tests++;
	c->errors += tag != NULL && tag[0] == 'e';
	c->skipped += tag != NULL && tag[0] == 's';
	open_case(to, r, s->asked->name, "injection");
	close_case(to, tag,
		   s->why != NULL
		       ? s->why
		       : run_scenario_word((enum scenario_state)s->state));
}

static void
add_scenario(struct str *to, const struct report *r, size_t scenario)
{
	const struct run_scenario *s = &r->run->scenarios[scenario];
	struct counts c = {0};
	struct str cases = {0};

	add_injection(&cases, r, s, &c);
	for (size_t i = 0; i < s->asked->expects_count; i++)
		add_expect(&cases, r, s->asked->name, &s->expects[i], &c);
	add_suite(to, s->asked->name, &c, &cases);
	str_fini(&cases);
}

static void
add_run(struct str *to, const struct report *r)
{
	const struct run *run = r->run;
	struct counts c = {.tests = 1};
	struct str cases = {0};

	for (size_t i = 0; i < run->steady_count; i++) {
		const struct run_steady *s = &run->steady[i];
		struct str name = {0}, why = {0};

		str_printf(&name, "%s %s", s->asked->of,
			   s->after ? "after" : "before");
		str_printf(&why,
			   "%.2f %% of %zu requests succeeded, p95 "
			   "%.1f ms",
			   s->success * 100, s->n, (double)s->p95_us / 1e3);
		c.tests++;
		c.failures += !s->met;
		open_case(&cases, r, "steady", name.text);
		close_case(&cases, s->met ? NULL : "failure", why.text);
		str_fini(&why);
		str_fini(&name);
	}
	c.errors += run->rollback_problem != NULL;
	open_case(&cases, r, "steady", "rollback");
	close_case(&cases, run->rollback_problem != NULL ? "error" : NULL,
		   run->rollback_problem);
	add_suite(to, "steady state and rollback", &c, &cases);
	str_fini(&cases);
}

void
view_junit(const struct report *r, struct str *to)
{
	str_add(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	add_attribute(to, "name", r->run->asked->name);
	str_add(to, ">\n");
	add_run(to, r);
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++)
		add_scenario(to, r, i);
	str_add(to, "</testsuites>\n");
}
