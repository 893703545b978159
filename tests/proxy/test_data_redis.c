/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and answers of Redis, whole and split at every byte. */
#include "tests/harness/check_run.h"
#include "tests/proxy/data_case.h"

static const size_t pieces[] = {1, 2, 3, 7, 1000000};

#define EACH_PIECE(t)                                                          \
	for (size_t p_ = 0; p_ < COUNT_OF(pieces) &&                           \
	     (case_open(t, &data_redis, pieces[p_]), true);                    \
	     case_close(t), p_++)

START_TEST(a_command_and_its_answer_are_found)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "*3\r\n$3\r\nset\r\n$1\r\nk\r\n$5\r\na\r\nbc\r\n");
		EXPECT(&t, "SET?");
		ANSWERS(&t, "+OK\r\n");
		SAYS(&t, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
		ANSWERS(&t, "$5\r\na\r\nbc\r\n");
		EXPECT(&t, "SET GET");
	}
}
END_TEST

START_TEST(commands_sent_ahead_are_told_apart)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
			 "*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n");
		EXPECT(&t, "PING? GET? INCR?");
		ANSWERS(&t, "+PONG\r\n$-1\r\n");
		EXPECT(&t, "PING GET INCR?");
		ANSWERS(&t, "-WRONGTYPE Operation against a key\r\n");
		EXPECT(&t, "PING GET INCR(WRONGTYPE)");
	}
}
END_TEST

START_TEST(lines_of_words_are_commands_and_empty_ones_are_none)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "\r\nping\r\n  set  k v \nget k\r\n*0\r\n");
		ANSWERS(&t, "+PONG\r\n+OK\r\n$1\r\nv\r\n");
		EXPECT(&t, " PING SET GET ");
	}
}
END_TEST

START_TEST(values_within_values_are_one_answer)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "*1\r\n$4\r\nEVAL\r\n*1\r\n$7\r\nHGETALL\r\n"
			 "*1\r\n$4\r\nLPOP\r\n");
		ANSWERS(&t, "*3\r\n:1\r\n*2\r\n-ERR inner\r\n$0\r\n\r\n*0\r\n");
		EXPECT(&t, "EVAL HGETALL? LPOP?");
		ANSWERS(&t, "%2\r\n+a\r\n#t\r\n+b\r\n~2\r\n,1.5\r\n(12\r\n");
		EXPECT(&t, "EVAL HGETALL LPOP?");
		ANSWERS(&t, "*-1\r\n");
		EXPECT(&t, "EVAL HGETALL LPOP");
	}
}
END_TEST

START_TEST(pushes_and_attributes_of_resp3_are_no_answers)
{
	struct data_case t;

	EACH_PIECE(&t) {
		ANSWERS(&t, ">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n");
		EXPECT(&t, "PUSH");
		SAYS(&t, "*1\r\n$4\r\nPING\r\n");
		ANSWERS(&t, ">2\r\n+x\r\n:1\r\n|1\r\n+ttl\r\n:3600\r\n");
		EXPECT(&t, "PUSH PING?");
		ANSWERS(&t, "+PONG\r\n");
		EXPECT(&t, "PUSH PING");
	}
}
END_TEST

START_TEST(the_state_of_a_transaction_is_followed)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "MULTI\r\nINCR a\r\nEXEC\r\nPING\r\nMULTI\r\n"
			 "DISCARD\r\nPING\r\n");
		ANSWERS(&t, "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n+PONG\r\n+OK\r\n"
			    "+OK\r\n+PONG\r\n");
		EXPECT(&t, "MULTI INCR:open EXEC:open PING MULTI "
			   "DISCARD:open PING");
	}
}
END_TEST

START_TEST(streams_of_the_server_are_not_counted)
{
	static const char *const words[] = {"SUBSCRIBE a", "psubscribe a*",
	    "MONITOR", "SYNC", "PSYNC ? -1", "SSUBSCRIBE a",
	    "CLIENT REPLY OFF", "client reply skip"};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct data_case t;

		EACH_PIECE(&t) {
			SAYS(&t, "PING\r\n");
			case_says(&t, words[i], strlen(words[i]));
			SAYS(&t, "\r\n");
			ck_assert_str_eq(t.opaque, "stream");
		}
	}
}
END_TEST

START_TEST(client_commands_that_answer_are_counted)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "*2\r\n$6\r\nCLIENT\r\n$2\r\nID\r\n");
		ANSWERS(&t, ":7\r\n");
		EXPECT(&t, "CLIENT");
	}
}
END_TEST

START_TEST(nonsense_is_not_understood)
{
	static const struct {
		const char *says, *answers;
	} cases[] = {
	    {"*x\r\n", ""},
	    {"*2\r\n:1\r\n", ""},
	    {"*1\r\n$x\r\n", ""},
	    {"*99999999999999999999\r\n", ""},
	    {"*2000000\r\n", ""},
	    {"*1\r\n$-5\r\n", ""},
	    {"PING\r\n", "HTTP/1.1 400\r\n"},
	    {"PING\r\n", "$x\r\n"},
	    {"PING\r\n", "*?\r\n"},
	    {"PING\r\n", "*-3\r\n"},
	    {"PING\r\n", "\0"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct data_case t;

		EACH_PIECE(&t) {
			case_says(&t, cases[i].says, strlen(cases[i].says));
			case_answers(&t, cases[i].answers,
			    MAX(strlen(cases[i].answers), 1u));
			ck_assert_msg(t.opaque != NULL &&
				strcmp(t.opaque, "malformed") == 0,
			    "case %zu", i);
		}
	}
}
END_TEST

START_TEST(a_large_argument_is_passed_over)
{
	size_t len = 8u << 20;
	char *bulk = xmalloc(len);
	struct data_case t;

	memset(bulk, '\r', len);
	case_open(&t, &data_redis, 65536);
	SAYS(&t, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$8388608\r\n");
	case_says(&t, bulk, len);
	ck_assert(t.asking);
	SAYS(&t, "\r\n");
	ANSWERS(&t, "+OK\r\n");
	EXPECT(&t, "SET");
	ck_assert_uint_eq(t.commands[0].text.len, DATA_TEXT);
	case_close(&t);
	free(bulk);
}
END_TEST

START_TEST(equal_commands_have_equal_hashes)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "GET a\r\nGET a\r\nGET b\r\n");
		ck_assert_uint_eq(t.commands[0].hash, t.commands[1].hash);
		ck_assert_uint_ne(t.commands[0].hash, t.commands[2].hash);
	}
}
END_TEST

START_TEST(known_names_are_in_order)
{
	for (size_t i = 1; i < data_redis.methods_count; i++)
		ck_assert_str_lt(data_redis.methods[i - 1],
		    data_redis.methods[i]);
	for (size_t i = 1; i < data_redis.reads_count; i++)
		ck_assert_str_lt(data_redis.reads[i - 1], data_redis.reads[i]);
}
END_TEST

int
main(void)
{
	return check_run("data_redis",
	    (const TTest *const[]){
		a_command_and_its_answer_are_found,
		commands_sent_ahead_are_told_apart,
		lines_of_words_are_commands_and_empty_ones_are_none,
		values_within_values_are_one_answer,
		pushes_and_attributes_of_resp3_are_no_answers,
		the_state_of_a_transaction_is_followed,
		streams_of_the_server_are_not_counted,
		client_commands_that_answer_are_counted,
		nonsense_is_not_understood,
		a_large_argument_is_passed_over,
		equal_commands_have_equal_hashes,
		known_names_are_in_order,
		NULL,
	    });
}
