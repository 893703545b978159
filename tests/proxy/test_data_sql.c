/* SPDX-License-Identifier: Apache-2.0 */
/* The words with which statements begin, whole and split at every byte. */
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "proxy/data_sql.h"
#include "tests/harness/check_run.h"

/* All words of the text, by blanks. Returns owned. */
static char *
words(const char *text, size_t piece)
{
	size_t len = strlen(text), at = 0;
	struct sql_scan scan = {0};
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

START_TEST(statements_begin_with_these_words)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
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

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t piece = 1; piece < 60; piece += piece < 4 ? 1 : 9) {
			char *got = words(cases[i].text, piece);

			ck_assert_msg(strcmp(got, cases[i].words) == 0,
			    "%s: %s", cases[i].text, got);
			free(got);
		}
	}
}
END_TEST

int
main(void)
{
	return check_run("data_sql",
	    (const TTest *const[]){statements_begin_with_these_words, NULL});
}
