/* SPDX-License-Identifier: Apache-2.0 */
/* `at` and `command`: the moment of an exchange at which a fault acts, and
 * which commands it is about, also where their names come late. */
#include <stdlib.h>
#include <string.h>

#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define MS 1000

static const char *const commit[] = {"COMMIT", NULL};
static const char *const begin[] = {"BEGIN", NULL};
static const char *const both[] = {"BEGIN", "COMMIT", NULL};

static struct harness *
commands(const char *fault)
{
	struct harness *h = harness_new(1);

	h->protocol = "postgres";
	harness_add(h, fault);
	return h;
}

/* A command whose names are known (NULL: none), perhaps not all of them. */
static struct harness_flow *
command(struct harness *h, const char *const *names, bool more)
{
	struct harness_flow *f = harness_prepare(h, FLOW_EXCHANGE);

	harness_learn(f, names, more);
	harness_begin(f);
	return f;
}

START_TEST(before_acts_on_the_request_whatever_the_stream_is)
{
	struct harness *h = commands("reset_peer,at=before");
	struct harness_flow *f = command(h, commit, false);

	harness_send(f, LINK_UP, "commit");
	ck_assert(f->ended);
	harness_expect(f, LINK_UP, "");
	ck_assert_str_eq(h->route->faults[0].name, "reset_peer_before");
	harness_free(h);
}
END_TEST

START_TEST(after_acts_when_the_answer_is_whole)
{
	struct harness *h = commands("reset_peer,stream=upstream,at=after");
	struct harness_flow *f = command(h, commit, false);

	harness_send(f, LINK_UP, "commit");
	harness_expect(f, LINK_UP, "commit");
	harness_send(f, LINK_DOWN, "do");
	harness_send(f, LINK_DOWN, "ne");
	harness_advance(h, 100 * MS);
	ck_assert(!f->ended);
	harness_expect(f, LINK_DOWN, "");
	harness_eof(f, LINK_DOWN);
	ck_assert(f->ended);
	ck_assert_int_eq(f->how, END_RST);
	harness_expect(f, LINK_DOWN, "");
	harness_free(h);
}
END_TEST

START_TEST(after_counts_from_when_the_answer_was_whole)
{
	struct harness *h = commands("latency,latency=50ms,at=after");
	struct harness_flow *f = command(h, commit, false);

	harness_send(f, LINK_DOWN, "do");
	harness_advance(h, 200 * MS);
	harness_send(f, LINK_DOWN, "ne");
	harness_eof(f, LINK_DOWN);
	harness_settle(h, 1000 * MS);
	harness_expect(f, LINK_DOWN, "done");
	ck_assert_int_eq(harness_delivered_us(f, LINK_DOWN, 0), 250 * MS);
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(of_an_answer_larger_than_the_buffer_the_older_part_goes)
{
	struct harness *h = commands("reset_peer,at=after");
	struct harness_flow *f = command(h, commit, false);
	size_t sent = 0, most = 16u << 20, got;

	sent = harness_send_pattern(f, LINK_DOWN, most, 64 << 10);
	ck_assert_uint_eq(sent, most);
	got = f->got[LINK_DOWN].bytes.len;
	ck_assert_uint_gt(got, 0);
	ck_assert_uint_lt(got, most);
	harness_eof(f, LINK_DOWN);
	ck_assert(f->ended);
	ck_assert_uint_eq(f->got[LINK_DOWN].bytes.len, got);
	harness_free(h);
}
END_TEST

START_TEST(a_fault_that_goes_while_it_waits_loses_nothing)
{
	struct harness *h = commands("reset_peer,at=after");
	struct harness_flow *f = command(h, commit, false);

	harness_send(f, LINK_DOWN, "do");
	harness_remove(h, 0);
	harness_expect(f, LINK_DOWN, "do");
	harness_send(f, LINK_DOWN, "ne");
	harness_eof(f, LINK_DOWN);
	harness_expect(f, LINK_DOWN, "done");
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(only_the_named_command_is_met)
{
	struct harness *h = commands("reset_peer,at=before,"
				     "when.command=commit");
	struct harness_flow *f = command(h, begin, false);

	harness_send(f, LINK_UP, "begin");
	ck_assert(!f->ended);
	f = command(h, commit, false);
	harness_send(f, LINK_UP, "commit");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(a_name_that_comes_late_is_met_from_there_on)
{
	struct harness *h = commands("reset_peer,at=before,"
				     "when.command=COMMIT");
	struct harness_flow *f = command(h, begin, true);

	harness_send(f, LINK_UP, "begin;");
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 0);
	harness_learn(f, both, true);
	ck_assert_uint_eq(harness_events(h, EVENT_DECISION, NULL), 1);
	harness_send(f, LINK_UP, "commit;");
	ck_assert(f->ended);
	harness_expect(f, LINK_UP, "begin;");
	harness_free(h);
}
END_TEST

START_TEST(without_it_the_decision_is_made_at_the_end_of_the_request)
{
	struct harness *h = commands("reset_peer,at=before,"
				     "when.command=COMMIT");
	struct harness_flow *f = command(h, begin, true);

	harness_send(f, LINK_UP, "begin;");
	harness_learn(f, begin, false);
	ck_assert_int_eq(harness_last(h, EVENT_DECISION)->verdict,
	    VERDICT_NOT_MATCHED);
	harness_send(f, LINK_UP, "commit;");
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(a_negated_name_must_hold_for_all_of_them)
{
	struct harness *h = commands("reset_peer,at=before,"
				     "when.command=!COMMIT");
	struct harness_flow *f = command(h, both, false);

	harness_send(f, LINK_UP, "begin;commit;");
	ck_assert(!f->ended);
	f = command(h, begin, true);
	harness_send(f, LINK_UP, "begin");
	ck_assert(!f->ended);
	harness_learn(f, begin, false);
	harness_send(f, LINK_UP, ";");
	ck_assert(f->ended);
	harness_free(h);
}
END_TEST

START_TEST(flows_that_are_no_commands_meet_no_name)
{
	struct harness *h = commands("reset_peer,at=before,"
				     "when.command=*");
	struct harness_flow *f = command(h, NULL, false);

	harness_send(f, LINK_UP, "anything");
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

START_TEST(what_makes_no_sense_is_told)
{
	static const struct {
		const char *protocol, *fault, *says;
	} cases[] = {
	    {"tcp", "reset_peer,at=after", "knows no requests and answers"},
	    {"udp", "latency,at=before", "knows no requests and answers"},
	    {"redis", "down,at=before", "acts on connections"},
	    {"redis", "latency,at=open", "does not act on connections"},
	    {"tcp", "latency,when.command=GET", "knows nothing of it"},
	    {"redis", "latency,when.path=/x", "knows nothing of it"},
	    {"mysql", "latency,at=open", "does not act on connections"},
	    {"redis", "abort", "works on HTTP exchanges"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct harness *h = harness_new(1);
		char *text;

		h->protocol = cases[i].protocol;
		text = harness_complaints(h, cases[i].fault);
		ck_assert_msg(strstr(text, cases[i].says) != NULL,
		    "%s: %s", cases[i].fault, text);
		free(text);
		harness_free(h);
	}
}
END_TEST

int
main(void)
{
	return check_run("at",
	    (const TTest *const[]){
		before_acts_on_the_request_whatever_the_stream_is,
		after_acts_when_the_answer_is_whole,
		after_counts_from_when_the_answer_was_whole,
		of_an_answer_larger_than_the_buffer_the_older_part_goes,
		a_fault_that_goes_while_it_waits_loses_nothing,
		only_the_named_command_is_met,
		a_name_that_comes_late_is_met_from_there_on,
		without_it_the_decision_is_made_at_the_end_of_the_request,
		a_negated_name_must_hold_for_all_of_them,
		flows_that_are_no_commands_meet_no_name,
		what_makes_no_sense_is_told,
		NULL,
	    });
}
