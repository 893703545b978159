/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of MySQL, whole and split at every byte: where answers end, and what
 * they tell. */
#include "tests/proxy/my_case.h"

START_TEST(results_end_as_both_sides_agreed)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3select a from t");
		S(&t, "\2");
		S(&t, COLUMN);
		S(&t, COLUMN);
		S(&t, END);
		S(&t, "\0011\0012");
		S(&t, "\0013\xfb");
		EXPECT(&t, "PUSH STARTUP SELECT?");
		S(&t, END);
		EXPECT(&t, "PUSH STARTUP SELECT");
	}
	EACH_PIECE(&t) {
		log_in(&t, OK_AS_EOF);
		C(&t, "\3select a from t");
		S(&t, "\1");
		S(&t, COLUMN);
		S(&t, "\0011");
		S(&t, "\0");
		EXPECT(&t, "PUSH STARTUP SELECT?");
		S(&t, END_OK);
		C(&t, "\3select a from t");
		S(&t, "\1");
		S(&t, COLUMN);
		S(&t, "\xff\x39\5#70100Query execution was interrupted");
		EXPECT(&t, "PUSH STARTUP SELECT SELECT(70100)");
	}
}
END_TEST

START_TEST(results_that_follow_belong_to_the_answer)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3begin; insert into t values (1); select a; x");
		C(&t, "\16");
		S(&t, OK_MORE);
		S(&t, OK_MORE);
		S(&t, "\1");
		S(&t, COLUMN);
		S(&t, END_MORE);
		S(&t, "\0011");
		S(&t, END_MORE);
		EXPECT(&t, "PUSH STARTUP BEGIN+INSERT+SELECT+X? PING?");
		S(&t, "\xff\x28\4#42000You have an error in your SQL syntax");
		EXPECT(&t, "PUSH STARTUP BEGIN+INSERT+SELECT+X(42000) PING?");
		S(&t, OK);
		EXPECT(&t, "PUSH STARTUP BEGIN+INSERT+SELECT+X(42000) PING");
	}
}
END_TEST

START_TEST(columns_may_be_left_out)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, OK_AS_EOF | NO_COLUMNS);
		C(&t, "\3select 1");
		S(&t, "\1\0");
		S(&t, "\0011");
		S(&t, END_OK);
		C(&t, "\3select 1");
		S(&t, "\1\1");
		S(&t, COLUMN);
		S(&t, END_OK);
		C(&t, "\x16select ?");
		S(&t, "\0\1\0\0\0\1\0\1\0\0\0\0\0");
		C(&t, "\16");
		EXPECT(&t, "PUSH STARTUP SELECT SELECT PREPARE PING?");
	}
	/* MariaDB has a bit of its own for it, where both have none of
	 * MySQL's. */
	EACH_PIECE(&t) {
		greet(&t, CAN_41, 1 << 4);
		say_who(&t, CAN_41, 1 << 4, true);
		S(&t, OK);
		C(&t, "\3select 1");
		S(&t, "\1\0");
		S(&t, END);
		S(&t, "\0011");
		S(&t, END);
		EXPECT(&t, "PUSH STARTUP SELECT");
	}
}
END_TEST

START_TEST(a_cursor_is_asked_for_its_rows)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\x16select a");
		S(&t, "\0\1\0\0\0\1\0\0\0\0\0\0");
		S(&t, COLUMN);
		S(&t, END);
		C(&t, "\x17\1\0\0\0\1\1\0\0\0");
		S(&t, "\1");
		S(&t, COLUMN);
		S(&t, END_CURSOR);
		C(&t, "\x1c\1\0\0\0\2\0\0\0");
		EXPECT(&t, "PUSH STARTUP PREPARE SELECT FETCH?");
		S(&t, "\0\0\1\0\0\0");
		S(&t, END_CURSOR);
		C(&t, "\4t\0");
		S(&t, COLUMN "\xfb");
		EXPECT(&t, "PUSH STARTUP PREPARE SELECT FETCH FIELD_LIST?");
		S(&t, END);
		EXPECT(&t, "PUSH STARTUP PREPARE SELECT FETCH FIELD_LIST");
	}
}
END_TEST

START_TEST(transactions_are_told_by_status)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3start transaction");
		S(&t, OK_OPEN);
		C(&t, "\3insert into t values (1)");
		S(&t, OK_OPEN);
		C(&t, "\3" "commit");
		S(&t, OK);
		EXPECT(&t, "PUSH STARTUP BEGIN INSERT:open COMMIT:open");
		C(&t, "\3set autocommit = 0");
		S(&t, "\0\0\0\0\0\0\0");
		C(&t, "\3insert into t values (1)");
		S(&t, "\xff\xbd\4#40001Deadlock found");
		EXPECT(&t, "PUSH STARTUP BEGIN INSERT:open COMMIT:open SET "
			   "INSERT(40001):open");
	}
	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3" "begin");
		S(&t, OK_OPEN);
		C(&t, "\3update t set i = 1");
		S(&t, "\xff\xbd\4#40001Deadlock found");
		C(&t, "\3update t set i = 1");
		S(&t, "\0\xfc\0\1\xfe\1\2\3\4\5\6\7\x08\2\0\0\0");
		EXPECT(&t, "PUSH STARTUP BEGIN UPDATE(40001):open UPDATE");
	}
}
END_TEST

START_TEST(how_far_the_server_is_is_no_error)
{
	struct data_case t;

	EACH_PIECE(&t) {
		log_in(&t, 0);
		C(&t, "\3" "alter table t engine = innodb");
		S(&t, "\xff\xff\xff\1\1\1\0\0\0\4copy");
		S(&t, "\xff\xff\xff\1\1\2\0\0\0\4copy");
		EXPECT(&t, "PUSH STARTUP ALTER?");
		S(&t, OK);
		S(&t, "\xff\x87\7#70100Connection was killed");
		EXPECT(&t, "PUSH STARTUP ALTER PUSH(70100)");
	}
}
END_TEST

START_TEST(long_messages_are_of_many_packets)
{
	size_t len = 0x1000000;
	char *body = xcalloc(1, len);
	struct data_case t;

	for (size_t cut = 0; cut < 2; cut++) {
		case_open(&t, &data_mysql, 65536);
		log_in(&t, OK_AS_EOF);
		memcpy(body, "\3select '", 9);
		client(&t, body, len - cut, 0);
		EXPECT(&t, "PUSH STARTUP SELECT?");
		S(&t, "\1");
		S(&t, COLUMN);
		memcpy(body, "\xfe\0\0\0\0\0\0\0\0", 9);
		server(&t, body, len - cut);
		EXPECT(&t, "PUSH STARTUP SELECT?");
		S(&t, END_OK);
		C(&t, "\16");
		EXPECT(&t, "PUSH STARTUP SELECT PING?");
		case_close(&t);
	}
	free(body);
}
END_TEST

int
main(void)
{
	return check_run("data_my_answer",
	    (const TTest *const[]){
		results_end_as_both_sides_agreed,
		results_that_follow_belong_to_the_answer,
		columns_may_be_left_out,
		a_cursor_is_asked_for_its_rows,
		transactions_are_told_by_status,
		how_far_the_server_is_is_no_error,
		long_messages_are_of_many_packets,
		NULL,
	    });
}
