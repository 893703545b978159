/* SPDX-License-Identifier: Apache-2.0 */
/* The words with which statements begin, whole and split at every byte. */
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "proxy/data_sql.h"
#include "tests/harness/check_run.h"

/* All words of the text, by blanks. Returns owned. */
static char *
words(const char *text, size_t piece, enum sql_dialect dialect)
{
	size_t len = strlen(text), at = 0;
	struct sql_scan scan = {.dialect = (uint8_t)dialect};
	struct str to = {0};

	while (at < len) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = xmemdup0(text + at, n);
		bool found;

		at += sql_scan(&scan, copy, n, &found);
		free(copy);
		if (found)
			str_printf(&to, "%s ", scan.word);
	}
	if (sql_scan_end(&scan))
		str_printf(&to, "%s ", scan.word);
	return str_take(&to);
}

struct sql_case {
	const char *text, *words;
};

static void
check_all(const struct sql_case *cases, size_t count, enum sql_dialect dialect)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t piece = 1; piece < 60; piece += piece < 4 ? 1 : 9) {
			char *got = words(cases[i].text, piece, dialect);

			ck_assert_msg(strcmp(got, cases[i].words) == 0,
			    "%s: %s", cases[i].text, got);
			free(got);
		}
	}
}

START_TEST(statements_begin_with_these_words)
{
	static const struct sql_case cases[] = {
	    {"", ""},
	    {";;", ""},
	    {"select 1", "SELECT "},
	    {"commit", "COMMIT "},
	    {"  Commit ;", "COMMIT "},
	    {"begin; insert into t values (1); commit;",
		"BEGIN INSERT COMMIT "},
	    {"-- commit;\nselect 1", "SELECT "},
	    {"/* commit; /* nested; */ still */ select 1; end", "SELECT END "},
	    {"((select 1)); commit", "SELECT COMMIT "},
	    {"select ';commit;'; rollback", "SELECT ROLLBACK "},
	    {"select 'it''s; commit'; end", "SELECT END "},
	    {"select E'a\\'; commit'; end", "SELECT END "},
	    {"select e'\\\\'; commit", "SELECT COMMIT "},
	    {"select '\\'; commit", "SELECT COMMIT "},
	    {"select \"a;b\"; commit", "SELECT COMMIT "},
	    {"select $$;commit;$$; end", "SELECT END "},
	    {"do $x$ begin; $y$; $ x$ end; $x$; commit", "DO COMMIT "},
	    {"select $a$$b$;$a$; commit", "SELECT COMMIT "},
	    {"select $1; commit", "SELECT COMMIT "},
	    {"select a$b$c; commit", "SELECT COMMIT "},
	    {"select 1--1;\n; commit", "SELECT COMMIT "},
	    {"select 4/2; commit", "SELECT COMMIT "},
	    {"create function f() returns int begin atomic select 1; end; "
	     "commit", "CREATE "},
	    {"create table atomics (i int); commit", "CREATE COMMIT "},
	    {"start_replication slot", "START_REPLICATION "},
	    {"averyveryverylongwordindeedthatdoesnotend",
		"AVERYVERYVERYLONGWORDIN "},
	};

	check_all(cases, sizeof(cases) / sizeof(*cases), SQL_POSTGRES);
}
END_TEST

START_TEST(mysql_has_quotes_and_comments_of_its_own)
{
	static const struct sql_case cases[] = {
	    {"select 'it\\'s; drop'; commit", "SELECT COMMIT "},
	    {"select \"a\\\";drop\"; commit", "SELECT COMMIT "},
	    {"select '\\\\'; commit", "SELECT COMMIT "},
	    {"select e'\\'; drop'; commit", "SELECT COMMIT "},
	    {"select `a;\\`; commit", "SELECT COMMIT "},
	    {"# drop;\nselect 1", "SELECT "},
	    {"select 1 # drop;\n; commit", "SELECT COMMIT "},
	    {"select 1--1; commit", "SELECT COMMIT "},
	    {"select 1 -- 1; drop\n; commit", "SELECT COMMIT "},
	    {"--\ncommit", "COMMIT "},
	    {"--\t; drop\ncommit", "COMMIT "},
	    {"--- ; drop\ncommit", "COMMIT "},
	    {"/* a /* b */ commit", "COMMIT "},
	    {"/**/commit", "COMMIT "},
	    {"/*!40101 set names utf8 */;commit", "SET COMMIT "},
	    {"/*! commit */", "COMMIT "},
	    {"/*!50003 select '*/'; */ commit", "SELECT COMMIT "},
	    {"/*M!100100 commit*//* drop */", "COMMIT "},
	    {"/*M commit*/ select 2*/* 1; */3; end", "SELECT END "},
	    {"/*MM! drop */ commit", "COMMIT "},
	    {"select $a$;commit", "SELECT COMMIT "},
	    {"create procedure p() begin select 1; commit; end", "CREATE "},
	    {"create definer = root@localhost trigger t before insert on x "
	     "for each row begin set @a = 1; commit; end", "CREATE "},
	    {"alter event e do begin select 1; commit; end", "ALTER "},
	    {"begin not atomic select 1; commit; end", "BEGIN "},
	    {"begin; commit", "BEGIN COMMIT "},
	    {"create table t (event int, `procedure` int); commit",
		"CREATE COMMIT "},
	};
	static const struct sql_case plain[] = {
	    {"select '\\'; commit", "SELECT COMMIT "},
	};

	check_all(cases, sizeof(cases) / sizeof(*cases), SQL_MYSQL);
	check_all(plain, 1, SQL_MYSQL_PLAIN);
}
END_TEST

int
main(void)
{
	return check_run("data_sql",
	    (const TTest *const[]){statements_begin_with_these_words,
		mysql_has_quotes_and_comments_of_its_own, NULL});
}
