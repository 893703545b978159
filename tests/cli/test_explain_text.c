/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations in sentences. */
#include "cli/explain_text.h"

#include <string.h>

#include "tests/harness/check_run.h"

static char *
explained(const char *json)
{
	json_t *answer = json_loads(json, 0, NULL);
	struct str out = {0};

	ck_assert_ptr_nonnull(answer);
	explain_text(&out, answer);
	json_decref(answer);
	return str_take(&out);
}

static void
says(const char *json, const char *part)
{
	char *text = explained(json);

	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in\n%s", part,
	    text);
	free(text);
}

START_TEST(a_fault_that_acts_is_told_in_full)
{
	char *text = explained(
	    "{\"route\":\"web\",\"flow\":12,\"session\":3,\"live\":true,"
	    "\"faults\":[{\"fault\":\"slow\",\"type\":\"latency\",\"flow\":12,"
	    "\"in_force\":true,\"matched\":true,\"counted\":true,\"draw\":0.1,"
	    "\"probability\":0.2,\"drawn\":true,\"applies\":true,"
	    "\"active\":true,\"verdict\":\"applied\","
	    "\"why\":\"every condition holds\",\"key\":null}]}");

	ck_assert_str_eq(text,
	    "Flow 12 of route \"web\", session 3, is live.\n\n"
	    "1. slow (latency) acts on it: every condition holds\n"
	    "   in force:     yes\n"
	    "   matches:      yes\n"
	    "   its turn:     yes\n"
	    "   draw:         0.1 is below the probability 0.2\n"
	    "   effect:       at work on the flow now\n");
	free(text);
}
END_TEST

#define FAULT(members)                                                         \
	"{\"route\":\"r\",\"flow\":1,\"live\":false,\"faults\":[{" members "}]}"

START_TEST(what_was_against_it_is_named)
{
	says(FAULT("\"fault\":\"f\",\"type\":\"noop\",\"applies\":false,"
		   "\"why\":\"it is not enabled\",\"in_force\":false"),
	    "1. f (noop) would not act on it: it is not enabled\n"
	    "   in force:     no\n");
	says(FAULT("\"matched\":false,\"key\":\"path\""),
	    "matches:      when.path is not met\n");
	says(FAULT("\"counted\":false"), "no (skip, every, first)\n");
	says(FAULT("\"draw\":0.37,\"probability\":0.2,\"drawn\":false"),
	    "draw:         0.37 is not below the probability 0.2\n");
}
END_TEST

START_TEST(what_is_not_known_is_said_to_be_so)
{
	says(FAULT("\"matched\":null,\"counted\":null,\"applies\":null"),
	    "might act on it");
	says(FAULT("\"matched\":null"), "matches:      not known");
	says("{\"route\":\"r\",\"flow\":1,\"live\":false,\"faults\":[]}",
	    "has ended; faults as they are now:\n\nThe route has no faults.");
	says("{\"route\":\"r\",\"flow\":1,\"type\":\"connection\","
	     "\"live\":true,\"faults\":[]}",
	    "No fault of the route is about connections");
}
END_TEST

START_TEST(the_other_flow_of_a_session_is_named)
{
	says(FAULT("\"fault\":\"f\",\"type\":\"noop\",\"flow\":0,"
		   "\"applies\":true"),
	    "1. f (noop), of flow 0, would act on it\n");
}
END_TEST

int
main(void)
{
	return check_run("explain_text", (const TTest *const[]){
	    a_fault_that_acts_is_told_in_full, what_was_against_it_is_named,
	    what_is_not_known_is_said_to_be_so,
	    the_other_flow_of_a_session_is_named, NULL});
}
