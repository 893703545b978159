/* SPDX-License-Identifier: Apache-2.0 */
/* Journals as they are, cut, damaged, or none at all. */
#include "experiment/journal_in.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "experiment/scope.h"

#define HEAD                                                                   \
	"{\"type\":\"journal\",\"ts_us\":0,\"format\":1,"                     \
	"\"seed\":18446744073709551615}\n"

static struct record record;
static struct error err;

static bool
reads(const char *text)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	bool ok;

	record = (struct record){0};
	err = (struct error){0};
	ck_assert_ptr_nonnull(file);
	ok = journal_in_read(file, &record, &err);
	fclose(file);
	return ok;
}

START_TEST(an_exchange_becomes_a_call)
{
	const struct call *c;

	ck_assert_msg(reads(HEAD
	    "{\"type\":\"flow_close\",\"ts_us\":5000,\"route\":\"api\","
	    "\"fault\":\"f\",\"kind\":\"hang\",\"session\":1,\"flow\":0,"
	    "\"reason\":\"client_closed\",\"bytes_up\":10,\"bytes_down\":90,"
	    "\"head_down\":70,"
	    "\"duration_us\":4500.0,\"flow_type\":\"exchange\","
	    "\"client\":\"127.0.0.1\",\"method\":\"GET\","
	    "\"request\":\"00000000000000ab\",\"id\":\"ff\",\"attempt\":2,"
	    "\"request_us\":600,\"left_us\":3000,\"forwarded_us\":700,"
	    "\"answered_us\":950}\n"), "%s", err.text);
	ck_assert_uint_eq(record.routes_count, 1);
	ck_assert_str_eq(record.routes[0].name, "api");
	ck_assert_uint_eq(record.routes[0].calls.count, 1);
	c = &record.routes[0].calls.items[0];
	ck_assert_int_eq(c->outcome, CALL_CLIENT_ABORT);
	ck_assert_int_eq(c->start_us, 500);
	ck_assert_int_eq(c->request_us, 600);
	ck_assert_int_eq(c->end_us, 3000);
	ck_assert_int_eq(c->closed_us, 5000);
	ck_assert_int_eq(c->upstream_us, 250);
	ck_assert_uint_eq(c->bytes_down, 20);
	ck_assert_uint_eq(c->request, 0xab);
	ck_assert_int_eq(c->attempt, 2);
	ck_assert_str_eq(c->kind, "hang");
	ck_assert_uint_eq(c->line, 2);
	record_fini(&record);
}
END_TEST

static const struct {
	const char *reason;
	int status;
	enum call_outcome outcome;
} ends[] = {
    {"done", 200, CALL_OK},
    {"done", 404, CALL_OK},
    {"done", 503, CALL_ERROR},
    {"done", 429, CALL_ERROR},
    {"fault", 0, CALL_RESET},
    {"client_reset", 0, CALL_CLIENT_ABORT},
    {"upstream_reset", 200, CALL_SERVER_ABORT},
    {"upstream_closed", 0, CALL_SERVER_ABORT},
    {"shutdown", 0, CALL_OPEN},
    {"idle_timeout", 0, CALL_RESET},
    {"a word of the future", 0, CALL_RESET},
};

static const struct {
	int grpc_status;
	enum call_outcome outcome;
} statuses[] = {{0, CALL_OK}, {2, CALL_ERROR}, {3, CALL_OK}, {4, CALL_ERROR},
    {5, CALL_OK}, {8, CALL_ERROR}, {13, CALL_ERROR}, {14, CALL_ERROR},
    {16, CALL_OK}, {999, CALL_OK}};

/* Whether a server that gets it twice can know. */
static const struct {
	const char *id;
	bool keyed;
} ids[] = {
    {"", false},
    {"\"id\":\"ff\",\"id_from\":\"x-request-id\",", false},
    {"\"id\":\"ff\",\"id_from\":\"idempotency-key\",", true},
    {"\"id\":\"ff\",", true},
};

START_TEST(an_id_for_logs_is_no_key)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "%s{\"type\":\"flow_close\",\"ts_us\":5000,\"route\":\"api\","
	    "\"reason\":\"done\",\"flow_type\":\"exchange\",%s"
	    "\"method\":\"POST\",\"status\":200}\n",
	    HEAD, ids[_i].id);
	ck_assert(reads(text));
	ck_assert_int_eq(record.routes[0].calls.items[0].keyed, ids[_i].keyed);
	record_fini(&record);
}
END_TEST

START_TEST(failures_of_grpc_stand_in_its_trailers)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "%s{\"type\":\"flow_close\",\"ts_us\":5000,\"route\":\"api\","
	    "\"reason\":\"done\",\"flow_type\":\"exchange\","
	    "\"method\":\"POST\",\"status\":200,\"grpc_status\":%d}\n",
	    HEAD, statuses[_i].grpc_status);
	ck_assert(reads(text));
	ck_assert_int_eq(record.routes[0].calls.items[0].outcome,
	    statuses[_i].outcome);
	record_fini(&record);
}
END_TEST

START_TEST(reasons_become_outcomes)
{
	char text[512];

	snprintf(text, sizeof(text), HEAD "{\"type\":\"flow_close\","
	    "\"ts_us\":9,\"route\":\"r\",\"reason\":\"%s\","
	    "\"flow_type\":\"exchange\",\"status\":%d}\n", ends[_i].reason,
	    ends[_i].status);
	ck_assert(reads(text));
	ck_assert_int_eq(record.routes[0].calls.items[0].outcome,
	    ends[_i].outcome);
	record_fini(&record);
}
END_TEST

static const struct {
	int64_t left_us, first_us;
	enum call_outcome outcome;
} leavings[] = {
    {0, 900000, CALL_OK},
    {1500, 900000, CALL_OK}, /* half-closed with its request */
    {300000, 900000, CALL_CLIENT_ABORT}, /* the answer came too late */
    {950000, 900000, CALL_OK},
};

START_TEST(who_left_before_the_answer_has_given_up)
{
	char text[512];
	const struct call *c;

	snprintf(text, sizeof(text), HEAD "{\"type\":\"flow_close\","
	    "\"ts_us\":1000000,\"route\":\"r\",\"reason\":\"done\","
	    "\"flow_type\":\"exchange\",\"status\":200,"
	    "\"request_us\":1000,\"response_us\":%d,\"left_us\":%d}\n",
	    (int)leavings[_i].first_us, (int)leavings[_i].left_us);
	ck_assert(reads(text));
	c = &record.routes[0].calls.items[0];
	ck_assert_int_eq(c->outcome, leavings[_i].outcome);
	if (c->outcome == CALL_CLIENT_ABORT) {
		ck_assert_int_eq(c->end_us, leavings[_i].left_us);
		ck_assert_int_eq(c->first_us, 0);
	}
	record_fini(&record);
}
END_TEST

START_TEST(faults_become_windows_and_noise_is_kept)
{
	ck_assert(reads(HEAD
	    "{\"type\":\"fault_armed\",\"ts_us\":100,\"route\":\"r\","
	    "\"fault\":\"f\",\"kind\":\"abort\",\"what\":\"fault_armed\"}\n"
	    "{\"type\":\"fault_armed\",\"ts_us\":200,\"route\":\"r\","
	    "\"fault\":\"f\",\"kind\":\"abort\",\"what\":\"fault_updated\"}\n"
	    "{\"type\":\"lateness\",\"ts_us\":300,\"amount\":62.5,"
	    "\"unit\":\"us\",\"count\":100}\n"
	    "{\"type\":\"gap\",\"ts_us\":350,\"count\":7}\n"
	    "{\"type\":\"of the future\",\"ts_us\":360,\"route\":\"r\"}\n"
	    "\n"
	    "{\"type\":\"fault_cleared\",\"ts_us\":400,\"route\":\"r\","
	    "\"fault\":\"f\",\"kind\":\"abort\"}\n"
	    "{\"type\":\"fault_armed\",\"ts_us\":500,\"route\":\"r\","
	    "\"fault\":\"g\",\"kind\":\"hang\"}\n"
	    "{\"type\":\"config_reload\",\"ts_us\":900}\n"));
	ck_assert_uint_eq(record.routes[0].windows_count, 2);
	ck_assert_int_eq(record.routes[0].windows[0].from_us, 100);
	ck_assert_int_eq(record.routes[0].windows[0].to_us, 400);
	ck_assert_uint_eq(record.routes[0].windows[0].line, 2);
	ck_assert_uint_gt(record.routes[0].windows[0].line_to, 2);
	ck_assert_int_eq(record.routes[0].windows[1].to_us, 900);
	ck_assert_int_eq(record.noise_us, 62);
	ck_assert_uint_eq(record.lost, 7);
	record_fini(&record);
}
END_TEST

/* Who relates routes finishes the record once more. */
START_TEST(a_fault_that_was_not_cleared_lasts)
{
	struct scope s;

	ck_assert(reads(HEAD
	    "{\"type\":\"fault_armed\",\"ts_us\":100,\"route\":\"r\","
	    "\"fault\":\"f\",\"kind\":\"abort\"}\n"
	    "{\"type\":\"fault_armed\",\"ts_us\":200,\"route\":\"r\","
	    "\"fault\":\"g\",\"kind\":\"abort\"}\n"
	    "{\"type\":\"fault_cleared\",\"ts_us\":400,\"route\":\"r\","
	    "\"fault\":\"f\"}\n"
	    "{\"type\":\"config_reload\",\"ts_us\":900}\n"));
	record_finish(&record);
	ck_assert(!record.routes[0].windows[0].lasts);
	ck_assert(record.routes[0].windows[1].lasts);
	scope_init(&s, &record, 0, NULL);
	ck_assert_uint_eq(s.windows_count, 1);
	ck_assert(s.windows[0].lasts);
	scope_fini(&s);
	record_fini(&record);
}
END_TEST

static const struct {
	const char *type;
	size_t calls, connections;
} types[] = {
    {"exchange", 1, 0},
    {"connection", 1, 1}, /* the fault left nothing else of the call */
    {"stream", 1, 1},
    {"datagram", 0, 0},
};

START_TEST(flows_belong_where_their_type_says)
{
	char text[512];

	snprintf(text, sizeof(text), HEAD "{\"type\":\"flow_close\","
	    "\"ts_us\":9,\"route\":\"r\",\"reason\":\"fault\","
	    "\"kind\":\"down\",\"flow_type\":\"%s\"}\n",
	    types[_i].type);
	ck_assert(reads(text));
	ck_assert_uint_eq(record.routes[0].calls.count, types[_i].calls);
	ck_assert_uint_eq(record.routes[0].connections.count,
	    types[_i].connections);
	record_fini(&record);
}
END_TEST

START_TEST(a_last_line_that_was_cut_is_left_out)
{
	ck_assert(reads(HEAD "{\"type\":\"flow_open\",\"ts_us\":5}\n"
	    "{\"type\":\"flow_cl"));
	ck_assert_int_eq(record.end_us, 5);
	record_fini(&record);
}
END_TEST

static const struct {
	const char *text, *said;
} bad[] = {
    {"\0", "line 1: "},
    {"hello\n", "line 1: "},
    {"[1]\n", "line 1: something else; expected an object"},
    {"{\"a\":1}\n", "line 1: this is no journal of faultwire"},
    {"{\"type\":\"journal\",\"format\":99}\n",
	"line 1: format 99 is not known; expected 1 to 1"},
    {HEAD "{\"type\":\n{\"type\":\"flow_open\"}\n", "line 2: "},
    {HEAD "{\"ts_us\":1}\n", "line 2: it has no \"type\""},
    {HEAD "[7]\n", "line 2: something else; expected an object"},
};

START_TEST(damage_is_told_with_its_line)
{
	ck_assert(!reads(bad[_i].text[0] != '\0' ? bad[_i].text : "\n"));
	ck_assert_msg(strncmp(err.text, bad[_i].said,
	    strlen(bad[_i].said)) == 0, "%s", err.text);
	record_fini(&record);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal_in");
	TCase *tc = tcase_create("journal_in");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, an_exchange_becomes_a_call);
	tcase_add_loop_test(tc, an_id_for_logs_is_no_key, 0,
	    (int)COUNT_OF(ids));
	tcase_add_loop_test(tc, failures_of_grpc_stand_in_its_trailers, 0,
	    (int)COUNT_OF(statuses));
	tcase_add_loop_test(tc, reasons_become_outcomes, 0,
	    (int)COUNT_OF(ends));
	tcase_add_loop_test(tc, who_left_before_the_answer_has_given_up, 0,
	    (int)COUNT_OF(leavings));
	tcase_add_test(tc, faults_become_windows_and_noise_is_kept);
	tcase_add_test(tc, a_fault_that_was_not_cleared_lasts);
	tcase_add_loop_test(tc, flows_belong_where_their_type_says, 0,
	    (int)COUNT_OF(types));
	tcase_add_test(tc, a_last_line_that_was_cut_is_left_out);
	tcase_add_loop_test(tc, damage_is_told_with_its_line, 0,
	    (int)COUNT_OF(bad));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return 0;
}
