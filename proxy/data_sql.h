/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the word with which each statement of a text of SQL begins, as bytes
 * come: it knows the comments and quotes of two dialects, the bodies of
 * functions, and keeps nothing but that word. */
#ifndef PROXY_DATA_SQL_H
#define PROXY_DATA_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQL_WORD 24 /* room of a word; longer ones are cut */
#define SQL_TAG	 32 /* of a dollar quote; longer ones are taken for text */

enum sql_dialect {
	SQL_POSTGRES,
	SQL_MYSQL, /* and MariaDB */
	SQL_MYSQL_PLAIN, /* … where backslashes escape nothing */
};

/* Zeroed memory, but for the dialect, is one at the beginning of a text. */
struct sql_scan {
	uint8_t dialect; /* enum sql_dialect */
	uint8_t place;	 /* of a fixed list */
	bool begun;   /* the statement has its word */
	bool escapes; /* the quote knows backslashes */
	bool body;    /* of a function: up to the end of the text */
	bool executes; /* within a comment that is executed */
	char last;    /* the byte before, where two make a sign */
	char quote;   /* the one that ends what is quoted */
	char word[SQL_WORD], tag[SQL_TAG];
	uint8_t word_len, tag_len, tag_at;
	bool creates; /* the statement may have a body */
	uint32_t depth; /* of nested comments */
};

/* Looks at bytes until a statement's word is known (*found; upper case, in
 * scan->word) or they end. Returns how many. */
size_t sql_scan(struct sql_scan *scan, const char *data, size_t len,
    bool *found);
/* The text is over. True if that ends a word, as above. */
bool sql_scan_end(struct sql_scan *scan);

#endif
