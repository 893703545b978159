/* SPDX-License-Identifier: Apache-2.0 */
/* The next cycle: what stayed open, as scenario blocks that can be put into
 * the file as they are. One block for each route and fault; what several
 * mechanisms need of it stands in one. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "config/quote.h"
#include "report/model.h"

/* A fault that shows a mechanism; for HTTP routes, and for others. */
struct trial {
	const char *name;
	const char *http, *stream; /* NULL: none shows it there */
};

enum trial_id { TRIAL_FAIL, TRIAL_SILENT, TRIAL_DRIP, TRIAL_SLOW, TRIAL_CUT };

static const struct trial trials[] = {
    [TRIAL_FAIL] = {"fails", "type = \"abort\"; status = 503; for = \"60s\";",
		    "type = \"down\"; for = \"60s\";"},
    [TRIAL_SILENT] = {"silent", "type = \"hang\"; for = \"60s\";",
		      "type = \"timeout\"; timeout = 0; for = \"60s\";"},
    [TRIAL_DRIP] = {"drips",
		    "type = \"drip\"; duration = \"60s\"; for = "
		    "\"60s\";",
		    NULL},
    [TRIAL_SLOW] = {"slow",
		    "type = \"latency\"; latency = \"2s\"; for = "
		    "\"60s\";",
		    "type = \"latency\"; latency = \"2s\"; for = \"60s\";"},
    [TRIAL_CUT] = {"cut", "type = \"blackhole\"; for = \"60s\";",
		   "type = \"blackhole\"; for = \"60s\";"},
};

/* What a mechanism needs, and what is to be expected then; %s is the route.
 */
static const struct {
	const char *mech;
	enum trial_id trial;
	const char *expect; /* NULL: seeing is enough */
} needs[] = {
    {"breaker", TRIAL_FAIL, "breaker: { on = \"%s\"; };"},
    {"retries", TRIAL_FAIL, "retries: { on = \"%s\"; };"},
    {"fallback", TRIAL_FAIL, NULL},
    {"recovery", TRIAL_FAIL, "recovers = true;"},
    {"health_honesty", TRIAL_FAIL, "health_honest = true;"},
    {"cascade", TRIAL_FAIL, "cascade = false;"},
    {"isolation", TRIAL_FAIL, "siblings_unaffected = true;"},
    {"timeout", TRIAL_SILENT, "timeout: { on = \"%s\"; };"},
    {"timeout_order", TRIAL_SILENT, "timeout_order = true;"},
    {"leaked_calls", TRIAL_SILENT, "leaks = false;"},
    {"bulkhead", TRIAL_SLOW, "bulkhead: { on = \"%s\"; };"},
    {"failover", TRIAL_CUT, "failover: { on = \"%s\"; };"},
};

static bool
is_http(const struct run *run, const char *route)
{
	for (size_t i = 0; i < run->routes_count; i++) {
		const struct run_route *r = &run->routes[i];

		if (strcmp(r->name, route) == 0 && r->protocol != NULL)
			return strcmp(r->protocol, "http") == 0;
	}
	return false;
}

/* What the cell's mechanism needs; COUNT_OF(needs): nothing that is known. */
static size_t
need_of(const struct cell *c)
{
	size_t i = 0;

	while (i < COUNT_OF(needs) &&
	       strcmp(needs[i].mech, c->mechanism->mech) != 0)
		i++;
	return i;
}

/* "%s" with its quotes becomes the quoted route. */
static void
add_expect(struct str *to, const char *expect, const char *route)
{
	const char *at = strstr(expect, "\"%s\"");

	str_add(to, "      ");
	if (at == NULL) {
		str_add(to, expect);
	} else {
		str_add_bytes(to, expect, (size_t)(at - expect));
		quote_add(to, route);
		str_add(to, at + 4);
	}
	str_add(to, "\n");
}

static void
add_name(struct str *to, const char *route, const char *trial)
{
	struct str name = {0};

	str_printf(&name, "next: %s %s", route, trial);
	quote_add(to, name.text);
	str_fini(&name);
}

/* All open cells of the route that this trial would decide. */
static void
add_expects(const struct report *r, const char *route, enum trial_id trial,
	    struct str *to)
{
	for (size_t i = 0; i < r->cells_count; i++) {
		const struct cell *c = &r->cells[i];
		size_t need = need_of(c);

		if (!c->decided && need < COUNT_OF(needs) &&
		    needs[need].trial == trial && needs[need].expect != NULL &&
		    strcmp(c->route, route) == 0)
			add_expect(to, needs[need].expect, route);
	}
}

static void
add_block(const struct report *r, const char *route, enum trial_id trial,
	  struct str *to)
{
	const char *fault =
	    is_http(r->run, route) ? trials[trial].http : trials[trial].stream;

	if (fault == NULL)
		return;
	str_add(to, to->len > 0 ? ",\n" : "");
	str_add(to, "  { name = ");
	add_name(to, route, trials[trial].name);
	str_add(to, ";\n    faults = ( { route = ");
	quote_add(to, route);
	str_printf(to, "; %s } );\n    expect: {\n", fault);
	add_expects(r, route, trial, to);
	str_add(to, "    }; }");
}

/* Is an earlier cell of the same route open for the same trial? */
static bool
is_planned(const struct report *r, size_t cell, enum trial_id trial)
{
	for (size_t i = 0; i < cell; i++) {
		const struct cell *c = &r->cells[i];
		size_t need = need_of(c);

		if (!c->decided && need < COUNT_OF(needs) &&
		    needs[need].trial == trial &&
		    strcmp(c->route, r->cells[cell].route) == 0)
			return true;
	}
	return false;
}

void
report_plan_next(struct report *r)
{
	struct str text = {0};

	for (size_t i = 0; i < r->cells_count; i++) {
		size_t need = need_of(&r->cells[i]);

		if (r->cells[i].decided || need == COUNT_OF(needs) ||
		    is_planned(r, i, needs[need].trial))
			continue;
		add_block(r, r->cells[i].route, needs[need].trial, &text);
	}
	if (text.len > 0) {
		str_add(&text, "\n");
		r->next = str_take(&text);
	}
	str_fini(&text);
}
