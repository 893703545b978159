/* SPDX-License-Identifier: Apache-2.0 */
/* Which faults a response names, and how. */
#include "proxy/fault_header.h"

#include <stdio.h>
#include <string.h>

#include "faults/condition.h"
#include "tests/harness/check_run.h"

#define FAULTS 3

static struct conf_route conf;
static struct fault_shared shared[FAULTS];
static struct armed_fault faults[FAULTS];
static struct armed_route route;
static struct decision decisions[FAULTS];
static struct flow flow;

/* A flow that all faults of its route acted on; decisions about them were made
 * from the last to the first. */
static void
setup(void)
{
	static const char *const kinds[] = {"latency", "headers", "abort"};
	static const char *const names[] = {"slow", "f-12", "abort_downstream"};

	conf = (struct conf_route){.fault_header = true};
	memset(decisions, 0, sizeof(decisions));
	for (size_t i = 0; i < FAULTS; i++) {
		faults[i] = (struct armed_fault){.ops = fault_find(kinds[i]),
		    .shared = &shared[i],
		    .name = names[i]};
		decisions[i].fault = &shared[i];
		decisions[i].injected = true;
		decisions[i].next = i > 0 ? &decisions[i - 1] : NULL;
	}
	route = (struct armed_route){.conf = &conf,
	    .faults = faults,
	    .faults_count = FAULTS};
	flow = (struct flow){.route = &route,
	    .decisions = &decisions[FAULTS - 1]};
}

/* The line as it is added to a head. */
static void
expect(const char *line)
{
	struct str head = {0};

	str_add(&head, "A: b\r\n");
	fault_header_add(&flow, &head);
	ck_assert_str_eq(head.text + 6, line);
	str_fini(&head);
}

START_TEST(faults_are_named_in_the_order_of_the_route)
{
	setup();
	expect("x-faultwire-fault: latency;id=slow, headers;id=f-12, "
	       "abort;id=abort_downstream\r\n");
}
END_TEST

START_TEST(only_those_that_acted_or_answer_are)
{
	setup();
	decisions[0].injected = false;
	decisions[1].injected = false;
	decisions[1].answers = true;
	decisions[2].injected = false;
	decisions[2].applies = true;
	expect("x-faultwire-fault: headers;id=f-12\r\n");
}
END_TEST

START_TEST(a_fault_that_is_gone_comes_first)
{
	setup();
	flow.acted = "old";
	flow.acted_kind = "slicer";
	route.faults_count = 1;
	expect("x-faultwire-fault: slicer;id=old, latency;id=slow\r\n");
}
END_TEST

START_TEST(nothing_is_said_where_nobody_acted_or_asked)
{
	setup();
	conf.fault_header = false;
	expect("");
	conf.fault_header = true;
	flow.decisions = NULL;
	expect("");
	setup();
	flow.route = NULL;
	expect("");
}
END_TEST

static const struct {
	const char *name, *id;
} ids[] = {
    {"a/b:c*", "a/b:c*"},
    {"two words", "\"two words\""},
    {"7th", "\"7th\""},
    {"", "\"\""},
    {"a\"b\\c", "\"a\\\"b\\\\c\""},
    {"a,b;id=c", "\"a,b;id=c\""},
    {"x\r\nSet-Cookie: a", "\"x??Set-Cookie: a\""},
    {"\xc3\xbc", "\"??\""},
};

START_TEST(names_that_are_no_tokens_are_quoted)
{
	char line[128];

	setup();
	route.faults_count = 1;
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		faults[0].name = ids[i].name;
		snprintf(line, sizeof(line),
		    "x-faultwire-fault: latency;id=%s\r\n", ids[i].id);
		expect(line);
	}
}
END_TEST

START_TEST(a_name_beyond_the_limit_leaves_the_others)
{
	char name[FAULT_HEADER_MAX + 1];

	setup();
	memset(name, 'n', FAULT_HEADER_MAX);
	name[FAULT_HEADER_MAX] = '\0';
	faults[1].name = name;
	expect("x-faultwire-fault: latency;id=slow, "
	       "abort;id=abort_downstream\r\n");
	faults[0].name = faults[2].name = name;
	expect("");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    faults_are_named_in_the_order_of_the_route,
	    only_those_that_acted_or_answer_are,
	    a_fault_that_is_gone_comes_first,
	    nothing_is_said_where_nobody_acted_or_asked,
	    names_that_are_no_tokens_are_quoted,
	    a_name_beyond_the_limit_leaves_the_others,
	    NULL,
	};

	return check_run("fault_header", tests);
}
