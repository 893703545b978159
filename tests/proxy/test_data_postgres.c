/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of PostgreSQL, whole and split at every byte. */
#include <stdio.h>

#include "tests/harness/check_run.h"
#include "tests/proxy/data_case.h"

static const size_t pieces[] = {1, 2, 3, 11, 1000000};

#define EACH_PIECE(t)                                                          \
	for (size_t p_ = 0; p_ < COUNT_OF(pieces) &&                           \
	     (case_open(t, &data_postgres, pieces[p_]), true);                 \
	     case_close(t), p_++)

static void
put_number(struct str *to, size_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		str_add_char(to, (char)(n >> shift));
}

static void
put_message(struct str *to, char type, const char *body, size_t len)
{
	str_add_char(to, type);
	put_number(to, len + 4);
	str_add_bytes(to, body, len);
}

#define C(t, type, body) client(t, type, body, sizeof(body) - 1)
#define S(t, type, body) server(t, type, body, sizeof(body) - 1)

static void
client(struct data_case *t, char type, const char *body, size_t len)
{
	struct str m = {0};

	put_message(&m, type, body, len);
	case_says(t, m.text, m.len);
	str_fini(&m);
}

static void
server(struct data_case *t, char type, const char *body, size_t len)
{
	struct str m = {0};

	put_message(&m, type, body, len);
	case_answers(t, m.text, m.len);
	str_fini(&m);
}

/* What comes before there are types. */
static void
first(struct data_case *t, unsigned code, const char *rest, size_t len)
{
	struct str m = {0};

	put_number(&m, len + 8);
	put_number(&m, code);
	str_add_bytes(&m, rest, len);
	case_says(t, m.text, m.len);
	str_fini(&m);
}

#define VERSION_3 196608u
#define SSL	  80877103u
#define GSSENC	  80877104u
#define CANCEL	  80877102u

static void
log_in(struct data_case *t)
{
	first(t, VERSION_3, "user\0x\0", 8);
	S(t, 'R', "\0\0\0\0");
	S(t, 'S', "server_version\00017\0");
	S(t, 'Z', "I");
}

START_TEST(logging_in_is_one_command)
{
	struct data_case t;

	EACH_PIECE(&t) {
		first(&t, SSL, "", 0);
		ANSWERS(&t, "N");
		first(&t, GSSENC, "", 0);
		ANSWERS(&t, "N");
		first(&t, VERSION_3, "user\0x\0", 8);
		S(&t, 'R', "\0\0\0\012SCRAM-SHA-256\0\0");
		C(&t, 'p', "SCRAM-SHA-256\0\0\0\0\003abc");
		S(&t, 'R', "\0\0\0\0");
		EXPECT(&t, "STARTUP?");
		S(&t, 'Z', "I");
		EXPECT(&t, "STARTUP");
		C(&t, 'Q', "select 1\0");
		EXPECT(&t, "STARTUP SELECT?");
	}
}
END_TEST

START_TEST(an_accepted_offer_of_encryption_is_a_tunnel)
{
	struct data_case t;

	EACH_PIECE(&t) {
		first(&t, SSL, "", 0);
		ANSWERS(&t, "S");
		ck_assert_str_eq(t.opaque, "tls");
	}
	EACH_PIECE(&t) {
		first(&t, GSSENC, "", 0);
		ANSWERS(&t, "G");
		ck_assert_str_eq(t.opaque, "gssenc");
	}
	EACH_PIECE(&t) {
		SAYS(&t, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03");
		ck_assert_str_eq(t.opaque, "tls");
	}
}
END_TEST

START_TEST(a_simple_query_ends_with_ready_for_query)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'Q', "begin; insert into t values (1)\0");
		S(&t, 'C', "BEGIN\0");
		S(&t, 'C', "INSERT 0 1\0");
		EXPECT(&t, "STARTUP BEGIN+INSERT?");
		S(&t, 'Z', "T");
		C(&t, 'Q', "end\0");
		S(&t, 'C', "COMMIT\0");
		S(&t, 'Z', "I");
		C(&t, 'X', "");
		EXPECT(&t, "STARTUP BEGIN+INSERT COMMIT:open TERMINATE");
	}
}
END_TEST

START_TEST(the_extended_protocol_is_one_command_up_to_sync)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'P', "\0commit\0\0\0");
		C(&t, 'B', "\0\0\0\0\0\0\0\0");
		C(&t, 'D', "P\0");
		EXPECT(&t, "STARTUP ?");
		C(&t, 'E', "\0\0\0\0\0");
		EXPECT(&t, "STARTUP COMMIT?");
		C(&t, 'S', "");
		S(&t, '1', "");
		S(&t, '2', "");
		S(&t, 'n', "");
		S(&t, 'C', "COMMIT\0");
		S(&t, 'Z', "I");
		EXPECT(&t, "STARTUP COMMIT");
	}
}
END_TEST

START_TEST(prepared_statements_are_known_by_name)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'P', "S_1\0insert into t values ($1)\0\0\0");
		C(&t, 'P', "S_2\0COMMIT\0\0\0");
		C(&t, 'S', "");
		S(&t, 'Z', "I");
		C(&t, 'B', "\0S_1\0\0\0\0\001\0\0\0\00242\0\0");
		C(&t, 'E', "\0\0\0\0\0");
		C(&t, 'B', "C_7\0S_2\0\0\0\0\0\0\0");
		C(&t, 'E', "C_7\0\0\0\0\0");
		C(&t, 'S', "");
		C(&t, 'B', "\0unheard of\0\0\0\0\0\0\0");
		C(&t, 'E', "\0\0\0\0\0");
		C(&t, 'S', "");
		C(&t, 'S', "");
		EXPECT(&t, "STARTUP PARSE INSERT+COMMIT? EXECUTE? SYNC?");
		S(&t, 'Z', "I");
		S(&t, 'E', "SERROR\0C26000\0Mno such thing\0\0");
		S(&t, 'Z', "I");
		S(&t, 'Z', "I");
		EXPECT(&t, "STARTUP PARSE INSERT+COMMIT EXECUTE(26000) SYNC");
	}
}
END_TEST

START_TEST(data_of_copy_belong_to_it)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'Q', "copy t from stdin\0");
		S(&t, 'G', "\0\0\0");
		C(&t, 'd', "1\n");
		C(&t, 'd', "2\n");
		C(&t, 'c', "");
		EXPECT(&t, "STARTUP COPY?");
		S(&t, 'C', "COPY 2\0");
		S(&t, 'Z', "I");
		C(&t, 'Q', "copy t to stdout\0");
		C(&t, 'Q', "select 1\0");
		S(&t, 'H', "\0\0\0");
		S(&t, 'd', "1\n");
		S(&t, 'c', "");
		S(&t, 'C', "COPY 1\0");
		EXPECT(&t, "STARTUP COPY COPY? SELECT?");
		S(&t, 'Z', "I");
		S(&t, 'Z', "I");
		EXPECT(&t, "STARTUP COPY COPY SELECT");
	}
}
END_TEST

START_TEST(copy_in_the_extended_protocol_has_two_syncs_and_one_answer)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'P', "\0copy t from stdin\0\0\0");
		C(&t, 'B', "\0\0\0\0\0\0\0\0");
		C(&t, 'E', "\0\0\0\0\0");
		C(&t, 'S', "");
		S(&t, 'G', "\0\0\0");
		C(&t, 'd', "1\n");
		C(&t, 'c', "");
		C(&t, 'S', "");
		S(&t, 'C', "COPY 1\0");
		S(&t, 'Z', "I");
		C(&t, 'Q', "select 1\0");
		EXPECT(&t, "STARTUP COPY SELECT?");
	}
}
END_TEST

START_TEST(data_of_a_copy_that_failed_are_owed_no_answer)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'Q', "copy t from stdin\0");
		S(&t, 'G', "\0\0\0");
		C(&t, 'd', "x\n");
		S(&t, 'E', "SERROR\0C22P02\0\0");
		S(&t, 'Z', "I");
		C(&t, 'd', "y\n");
		C(&t, 'c', "");
		C(&t, 'Q', "select 1\0");
		S(&t, 'Z', "I");
		EXPECT(&t, "STARTUP COPY(22P02) COPY COPY SELECT");
	}
}
END_TEST

START_TEST(replication_is_a_tunnel)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'Q', "START_REPLICATION SLOT a LOGICAL 0/0\0");
		S(&t, 'W', "\0\0\0");
		ck_assert_str_eq(t.opaque, "stream");
	}
}
END_TEST

START_TEST(what_the_server_says_by_itself_is_a_push)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		S(&t, 'A', "\0\0\0\001channel\0text\0");
		C(&t, 'Q', "select 1\0");
		S(&t, 'N', "SNOTICE\0\0");
		S(&t, 'A', "\0\0\0\001channel\0text\0");
		S(&t, 'Z', "I");
		S(&t, 'E', "SFATAL\0C57P01\0Mbye\0\0");
		EXPECT(&t, "STARTUP PUSH SELECT PUSH(57P01)");
	}
}
END_TEST

START_TEST(a_longer_ready_for_query_is_accepted)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'Q', "begin\0");
		S(&t, 'Z', "T\0\0\0\0more of it");
		C(&t, 'Q', "x\0");
		S(&t, 'Z', "E\0\0");
		C(&t, 'Q', "rollback\0");
		S(&t, 'Z', "I");
		EXPECT(&t, "STARTUP BEGIN X:open ROLLBACK:failed");
	}
}
END_TEST

START_TEST(a_cancel_request_is_owed_no_answer)
{
	struct data_case t;

	EACH_PIECE(&t) {
		first(&t, CANCEL, "\0\0\0\001\0\0\0\002", 8);
		EXPECT(&t, "CANCEL?");
	}
}
END_TEST

START_TEST(offers_of_encryption_are_told_from_all_else)
{
	static const struct {
		const char *data;
		size_t len, takes;
		char answer;
	} cases[] = {
	    {"\x16\x03\x01", 3, 0, 0},
	    {"GET /", 5, 0, 0},
	    {"\0\0", 2, SIZE_MAX, 0},
	    {"\0\0\0\x08\x04\xd2\x16\x2f", 8, 8, 'S'},
	    {"\0\0\0\x08\x04\xd2\x16\x2f\x16\x03", 10, 8, 'S'},
	    {"\0\0\0\x08\x04\xd2\x16\x30", 8, 8, 'N'},
	    {"\0\0\0\x09\x04\xd2\x16\x2f", 8, 0, 0},
	    {"\0\0\0\x28\0\x03\0\0", 8, 0, 0},
	    {"", 0, SIZE_MAX, 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char answer = 0;

		ck_assert_uint_eq(data_postgres.offer(cases[i].data,
				      cases[i].len, &answer),
		    cases[i].takes);
		if (cases[i].answer != 0)
			ck_assert_int_eq(answer, cases[i].answer);
	}
}
END_TEST

START_TEST(nonsense_is_not_understood)
{
	struct data_case t;

	EACH_PIECE(&t) {
		SAYS(&t, "GET / HTTP/1.1\r\n\r\n");
		ck_assert_str_eq(t.opaque, "malformed");
	}
	EACH_PIECE(&t) {
		first(&t, 131072, "user\0x\0", 8);
		ck_assert_str_eq(t.opaque, "version");
	}
	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, '!', "what");
		ck_assert_str_eq(t.opaque, "malformed");
	}
	EACH_PIECE(&t) {
		log_in(&t);
		SAYS(&t, "Q\0\0\0\003");
		ck_assert_str_eq(t.opaque, "malformed");
	}
	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'Q', "select 1\0");
		ANSWERS(&t, "T\xff\xff\xff\xff");
		ck_assert_str_eq(t.opaque, "malformed");
	}
}
END_TEST

START_TEST(very_many_names_are_not_all_kept)
{
	struct data_case t;
	char body[64];

	case_open(&t, &data_postgres, 65536);
	log_in(&t);
	for (int i = 0; i < 20000; i++) {
		int n = snprintf(body, sizeof(body), "S_%d%cselect 1", i, 0);

		memset(body + n, 0, 3);
		client(&t, 'P', body, (size_t)n + 3);
	}
	C(&t, 'B', "\0S_19999\0\0\0\0\0\0\0");
	C(&t, 'E', "\0\0\0\0\0");
	C(&t, 'S', "");
	EXPECT(&t, "STARTUP SELECT?");
	case_close(&t);
}
END_TEST

START_TEST(equal_requests_have_equal_hashes)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t);
		C(&t, 'P', "S_1\0insert into t values ($1)\0\0\0");
		C(&t, 'S', "");
		C(&t, 'B', "\0S_1\0\0\0\0\001\0\0\0\0015\0\0");
		C(&t, 'S', "");
		C(&t, 'B', "C_1\0S_1\0\0\0\0\001\0\0\0\0015\0\0");
		C(&t, 'S', "");
		C(&t, 'B', "\0S_1\0\0\0\0\001\0\0\0\0016\0\0");
		C(&t, 'S', "");
		ck_assert_uint_eq(t.commands[2].hash, t.commands[3].hash);
		ck_assert_uint_ne(t.commands[2].hash, t.commands[4].hash);
		C(&t, 'Q', "insert into t values (1)\0");
		C(&t, 'Q', "insert into t values (1)\0");
		C(&t, 'Q', "insert into t values (2)\0");
		ck_assert_uint_eq(t.commands[5].hash, t.commands[6].hash);
		ck_assert_uint_ne(t.commands[5].hash, t.commands[7].hash);
	}
}
END_TEST

START_TEST(known_names_are_in_order)
{
	for (size_t i = 1; i < data_postgres.methods_count; i++)
		ck_assert_str_lt(data_postgres.methods[i - 1],
		    data_postgres.methods[i]);
	for (size_t i = 1; i < data_postgres.reads_count; i++)
		ck_assert_str_lt(data_postgres.reads[i - 1],
		    data_postgres.reads[i]);
}
END_TEST

int
main(void)
{
	return check_run("data_postgres",
	    (const TTest *const[]){
		logging_in_is_one_command,
		an_accepted_offer_of_encryption_is_a_tunnel,
		a_simple_query_ends_with_ready_for_query,
		the_extended_protocol_is_one_command_up_to_sync,
		prepared_statements_are_known_by_name,
		data_of_copy_belong_to_it,
		copy_in_the_extended_protocol_has_two_syncs_and_one_answer,
		data_of_a_copy_that_failed_are_owed_no_answer,
		replication_is_a_tunnel,
		what_the_server_says_by_itself_is_a_push,
		a_longer_ready_for_query_is_accepted,
		a_cancel_request_is_owed_no_answer,
		offers_of_encryption_are_told_from_all_else,
		nonsense_is_not_understood,
		very_many_names_are_not_all_kept,
		equal_requests_have_equal_hashes,
		known_names_are_in_order,
		NULL,
	    });
}
