/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of MySQL, whole and split at every byte: logging in, commands. */
#include "tests/proxy/my_case.h"

START_TEST(the_greeting_is_a_push_and_logging_in_one_command)
{
	struct data_case t;

	EACH_PIECE(&t) {
		greet(&t, UINT32_MAX, 0);
		EXPECT(&t, "PUSH");
		say_who(&t, CAN_41 | MYSQL, 0, true);
		S(&t, "\xfe" "caching_sha2_password\0saltsaltsaltsaltsalt\0");
		GOES(&t, "0123456789abcdef0123456789abcdef");
		S(&t, "\1\4");
		GOES(&t, "\2");
		S(&t, "\1-----BEGIN PUBLIC KEY-----");
		GOES(&t, "secret");
		EXPECT(&t, "PUSH STARTUP?");
		S(&t, OK);
		C(&t, "\3select 1");
		EXPECT(&t, "PUSH STARTUP SELECT?");
	}
	EACH_PIECE(&t) {
		greet(&t, UINT32_MAX, 0);
		say_who(&t, CAN_41, 0, true);
		S(&t, "\xff\x15\4#28000Access denied");
		EXPECT(&t, "PUSH STARTUP(28000)");
	}
	EACH_PIECE(&t) {
		S(&t, "\xff\x10\4Too many connections");
		EXPECT(&t, "PUSH(08004)");
	}
}
END_TEST

START_TEST(what_goes_on_in_secret_is_a_tunnel)
{
	struct data_case t;

	EACH_PIECE(&t) {
		greet(&t, UINT32_MAX, 0);
		say_who(&t, CAN_41 | TLS, 0, false);
		EXPECT(&t, "PUSH STARTUP? | tls");
	}
	EACH_PIECE(&t) {
		SAYS(&t, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03");
		EXPECT(&t, "STARTUP? | tls");
	}
	EACH_PIECE(&t) {
		log_in(&t, COMPRESS);
		ck_assert_str_eq(t.opaque, "compressed");
	}
	EACH_PIECE(&t) {
		log_in(&t, ZSTD);
		ck_assert_str_eq(t.opaque, "compressed");
	}
	/* One side alone does nothing. */
	EACH_PIECE(&t) {
		greet(&t, UINT32_MAX & ~COMPRESS, 0);
		say_who(&t, CAN_41 | COMPRESS, 0, true);
		S(&t, OK);
		EXPECT(&t, "PUSH STARTUP");
	}
}
END_TEST

START_TEST(prepared_statements_are_known_by_number)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\x16/* x */ insert into t values (?, ?)");
		C(&t, "\x16" "commit");
		C(&t, "\x17\xff\xff\xff\xff\0\1\0\0\0");
		S(&t, "\0\1\0\0\0\0\0\2\0\0\0\0");
		S(&t, COLUMN);
		S(&t, COLUMN);
		S(&t, END);
		S(&t, "\0\2\0\0\0\0\0\0\0\0\0\0");
		EXPECT(&t, "PUSH STARTUP PREPARE PREPARE COMMIT?");
		S(&t, OK);
		C(&t, "\x18\1\0\0\0\0\0long");
		C(&t, "\x17\1\0\0\0\0\1\0\0\0\0\1\x08\0\x08\0");
		S(&t, OK);
		C(&t, "\x19\1\0\0\0");
		C(&t, "\x17\1\0\0\0\0\1\0\0\0");
		S(&t, "\xff\xdb\4#HY000Unknown prepared statement handler");
		EXPECT(&t, "PUSH STARTUP PREPARE PREPARE COMMIT "
			   "SEND_LONG_DATA INSERT CLOSE EXECUTE(E1243)");
		C(&t, "\x17\2\0\0\0\0\1\0\0\0");
		S(&t, OK);
		C(&t, "\x1f");
		S(&t, OK);
		C(&t, "\x17\2\0\0\0\0\1\0\0\0");
		ck_assert_str_eq(t.commands[9].words[0], "COMMIT");
		ck_assert_str_eq(t.commands[10].words[0], "RESET_CONNECTION");
		ck_assert_str_eq(t.commands[11].words[0], "EXECUTE");
	}
}
END_TEST

START_TEST(attributes_stand_before_a_query)
{
	static const struct {
		const char *body;
		size_t len;
		const char *word;
	} cases[] = {
#define CASE(body, word) {"\3" body, sizeof(body), word}
	    CASE("\0\1commit", "COMMIT"),
	    CASE("\1\1\0\1\xfd\0\1n\4drop" "commit", "COMMIT"),
	    CASE("\1\1\1\1\xfd\0\1n" "commit", "COMMIT"),
	    CASE("\4\1\4\1\x03\0\0\x08\x80\2id\xfd\0\0\x0c\0\0"
		 "1234" "12345678" "\4date" "commit", "COMMIT"),
	    CASE("\2\1\0\1\xfc\0\0\1\0\0\xfc\5\0drop x" "commit", "COMMIT"),
	    CASE("\1\1\0\0\xfd\0\1n\4drop" "commit", "QUERY"),
	    CASE("\x41\1" "commit", "QUERY"),
	    CASE("\xfc\0\4\1" "commit", "QUERY"),
#undef CASE
	};
	struct data_case t;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		EACH_PIECE(&t) {
			log_in(&t, ATTRIBUTES);
			client(&t, cases[i].body, cases[i].len, 0);
			ck_assert_msg(t.commands[2].words_count == 1 &&
				strcmp(t.commands[2].words[0],
				    cases[i].word) == 0,
			    "case %zu: %s", i, t.commands[2].words[0]);
			S(&t, OK);
			ck_assert(t.answered[2]);
		}
	}
}
END_TEST

START_TEST(files_belong_to_what_loads_them)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3load data local infile 'f' into table t");
		EXPECT(&t, "PUSH STARTUP LOAD?");
		S(&t, "\xfb" "f");
		GOES(&t, "1\n2\n");
		GOES(&t, "3\n");
		GOES(&t, "");
		EXPECT(&t, "PUSH STARTUP LOAD?");
		S(&t, OK);
		C(&t, "\3" "load data infile 'f' into table t");
		C(&t, "\16");
		EXPECT(&t, "PUSH STARTUP LOAD LOAD? PING?");
		S(&t, "\xff\x1d\0#HY000File not found");
		S(&t, OK);
		EXPECT(&t, "PUSH STARTUP LOAD LOAD(E29) PING");
	}
	/* The answer comes before the end of the file. */
	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3load data local infile 'f' into table t");
		S(&t, "\xfb" "f");
		GOES(&t, "1\n");
		S(&t, "\xff\x7a\4#42S02no such table");
		GOES(&t, "2\n");
		GOES(&t, "");
		C(&t, "\16");
		EXPECT(&t, "PUSH STARTUP LOAD(42S02) PING?");
	}
	/* Nobody could know that the server would want one. */
	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3" "execute immediate @x");
		S(&t, "\xfb" "f");
		GOES(&t, "1\n");
		GOES(&t, "");
		S(&t, OK);
		C(&t, "\16");
		EXPECT(&t, "PUSH STARTUP EXECUTE LOAD PING?");
	}
}
END_TEST

START_TEST(another_user_logs_in_anew)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\x11root\0\0d\0");
		S(&t, "\xfe" "mysql_native_password\0salt");
		GOES(&t, "");
		EXPECT(&t, "PUSH STARTUP CHANGE_USER?");
		S(&t, OK);
		C(&t, "\1");
		EXPECT(&t, "PUSH STARTUP CHANGE_USER QUIT");
	}
}
END_TEST

START_TEST(very_many_ahead_are_too_many)
{
	struct data_walk *w = data_mysql.new();
	struct data_command c = {.asked = 0};
	struct str m = packets("\16", 1, 0);
	struct data_case t = {.ops = &data_mysql, .walk = w, .piece = 65536};
	size_t n = 0;

	log_in(&t, 0);
	for (; c.opaque == NULL && n < 100000; n++) {
		c.request_done = false;
		data_mysql.request(w, &c, m.text, m.len);
	}
	ck_assert_uint_eq(n, 16385);
	ck_assert_str_eq(c.opaque, "ahead");
	str_fini(&m);
	case_close(&t);
}
END_TEST

START_TEST(what_is_not_understood_is_a_tunnel)
{
	struct data_case t;

	EACH_PIECE(&t) {
		S(&t, "\x09" "3.20\0salt");
		ck_assert_str_eq(t.opaque, "version");
	}
	EACH_PIECE(&t) {
		ANSWERS(&t, "\5\0\0\0\x0b\x08\5\x1a\0");
		ck_assert_str_eq(t.opaque, "version");
	}
	EACH_PIECE(&t) {
		greet(&t, UINT32_MAX, 0);
		C(&t, "\5\0\0\0\1root\0");
		ck_assert_str_eq(t.opaque, "version");
	}
	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\x12\4\0\0\0\0\0\7\0\0\0");
		EXPECT(&t, "PUSH STARTUP BINLOG_DUMP | stream");
	}
	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\x77what");
		ck_assert_str_eq(t.opaque, "malformed");
	}
	EACH_PIECE(&t) {
		log_in(&t, 0);
		GOES(&t, "\3select 1");
		ck_assert_str_eq(t.opaque, "malformed");
	}
	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3select 1");
		S(&t, "\xfe\xff\xff\xff\xff\0\0\0\0\0");
		S(&t, "\xfc\0");
		ck_assert_str_eq(t.opaque, "malformed");
	}
}
END_TEST

START_TEST(equal_requests_have_equal_hashes)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\x16insert into t values (?)");
		S(&t, "\0\1\0\0\0\0\0\0\0\0\0\0");
		C(&t, "\x16insert into t values (?)");
		S(&t, "\0\2\0\0\0\0\0\0\0\0\0\0");
		C(&t, "\x17\1\0\0\0\0\1\0\0\0\0\1\1\0\5");
		C(&t, "\x17\2\0\0\0\0\1\0\0\0\0\1\1\0\5");
		C(&t, "\x17\1\0\0\0\0\1\0\0\0\0\1\1\0\6");
		ck_assert_uint_eq(t.commands[4].hash, t.commands[5].hash);
		ck_assert_uint_ne(t.commands[4].hash, t.commands[6].hash);
		C(&t, "\3insert into t values (1)");
		C(&t, "\3insert into t values (1)");
		C(&t, "\3insert into t values (2)");
		ck_assert_uint_eq(t.commands[7].hash, t.commands[8].hash);
		ck_assert_uint_ne(t.commands[7].hash, t.commands[9].hash);
	}
}
END_TEST

START_TEST(known_names_are_in_order)
{
	for (size_t i = 1; i < data_mysql.methods_count; i++)
		ck_assert_str_lt(data_mysql.methods[i - 1],
		    data_mysql.methods[i]);
	for (size_t i = 1; i < data_mysql.reads_count; i++)
		ck_assert_str_lt(data_mysql.reads[i - 1],
		    data_mysql.reads[i]);
}
END_TEST

int
main(void)
{
	return check_run("data_mysql",
	    (const TTest *const[]){
		the_greeting_is_a_push_and_logging_in_one_command,
		what_goes_on_in_secret_is_a_tunnel,
		prepared_statements_are_known_by_number,
		attributes_stand_before_a_query,
		files_belong_to_what_loads_them,
		another_user_logs_in_anew,
		very_many_ahead_are_too_many,
		what_is_not_understood_is_a_tunnel,
		equal_requests_have_equal_hashes,
		known_names_are_in_order,
		NULL,
	    });
}
