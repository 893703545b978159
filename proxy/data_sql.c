/* SPDX-License-Identifier: Apache-2.0 */
/* A small automaton over SQL. One byte at a time, but for the long stretches
 * within quotes. */
#include "proxy/data_sql.h"

#include <string.h>

#include "base/attr.h"

enum place {
	TEXT,	  /* between words */
	WORD,	  /* in a word; its bytes are in `word` */
	QUOTE,	  /* '…'; MySQL: "…" as well */
	NAME,	  /* "…"; MySQL: `…` */
	LINE,	  /* from -- to the end of the line; MySQL: # as well */
	DASHES,	  /* MySQL: behind --, which a blank makes a comment */
	COMMENT,  /* between slash-star and star-slash; PostgreSQL: nested */
	OPENED,	  /* MySQL: behind slash-star; ! makes it a version's */
	VERSION,  /* MySQL: digits behind that, then what is executed */
	TAG,	  /* $tag… */
	DOLLAR,	  /* $tag$…$tag$ */
};

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    (unsigned char)c >= 0x80;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool
is_mysql(const struct sql_scan *s)
{
	return s->dialect != SQL_POSTGRES;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

/* Does the statement have a body, in which semicolons end nothing? The word is
 * one behind its first. */
static void
look_for_body(struct sql_scan *s)
{
	static const char *const with[] = {"EVENT", "FUNCTION", "PACKAGE",
	    "PROCEDURE", "TRIGGER", NULL};
	static const char *const without[] = {"DATABASE", "INDEX", "ROLE",
	    "SCHEMA", "SERVER", "TABLE", "USER", "VIEW", NULL};

	if (strcmp(s->word, "ATOMIC") == 0 ||
	    (is_mysql(s) && is_one_of(s->word, with)))
		s->body = true;
	else if (is_mysql(s) && is_one_of(s->word, without))
		s->creates = false;
}

/* A word has ended. True if it is a statement's. */
static bool
word_over(struct sql_scan *s)
{
	static const char *const creating[] = {"ALTER", "BEGIN", "CREATE",
	    NULL};

	s->place = TEXT;
	s->word[MIN(s->word_len, SQL_WORD - 1)] = '\0';
	if (s->begun) {
		if (s->creates)
			look_for_body(s);
		return false;
	}
	s->begun = true;
	s->creates = is_mysql(s) ? is_one_of(s->word, creating)
				 : strcmp(s->word, "CREATE") == 0;
	return !s->body;
}

static void
word_byte(struct sql_scan *s, char c)
{
	if (s->word_len < SQL_WORD - 1)
		s->word[s->word_len++] = upper(c);
}

static void
open_quote(struct sql_scan *s, char quote)
{
	s->place = QUOTE;
	s->quote = quote;
	s->escapes = s->dialect == SQL_MYSQL;
	s->last = '\0';
}

/* The same of what only one dialect has. False if it is nothing of it. */
static bool
mysql_byte(struct sql_scan *s, char c, char last)
{
	if (c == '"') {
		open_quote(s, c);
	} else if (c == '#') {
		s->place = LINE;
	} else if (c == '-' && last == '-') {
		s->place = DASHES;
	} else if (c == '*' && last == '/') {
		s->place = OPENED;
		s->last = '\0';
	} else if (c == '/' && last == '*' && s->executes) {
		s->executes = false;
		s->last = '\0';
	} else {
		return c == '$';
	}
	return true;
}

/* Outside of words and quotes. */
static void
text_byte(struct sql_scan *s, char c)
{
	char last = s->last;

	s->last = c;
	if (is_letter(c)) {
		s->place = WORD;
		s->word_len = 0;
		word_byte(s, c);
	} else if (c == '\'') {
		open_quote(s, c);
	} else if (is_mysql(s) && mysql_byte(s, c, last)) {
		return;
	} else if (c == '"' || (c == '`' && is_mysql(s))) {
		s->place = NAME;
		s->quote = c;
	} else if (c == '-' && last == '-') {
		s->place = LINE;
	} else if (c == '*' && last == '/') {
		s->place = COMMENT;
		s->depth = 1;
		s->last = '\0';
	} else if (c == '$') {
		s->place = TAG;
		s->tag_len = 0;
	} else if (c == ';' && !s->body) {
		s->begun = s->creates = false;
	}
}

/* Returns false if the byte is to be looked at as text. */
static bool
in_word(struct sql_scan *s, char c)
{
	if (is_letter(c) || is_digit(c) || c == '$') {
		word_byte(s, c);
		return true;
	}
	return false;
}

/* The byte behind the end of a quote decides whether it ended. */
static void
quote_byte(struct sql_scan *s, char c)
{
	if (s->escapes && s->last == '\\')
		s->last = '\0';
	else if (c == s->quote) {
		s->place = TEXT;
		s->last = '\0';
	} else
		s->last = c;
}

static void
comment_byte(struct sql_scan *s, char c)
{
	char last = s->last;

	s->last = c;
	if (last == '*' && c == '/') {
		s->depth--;
		s->last = '\0';
	} else if (last == '/' && c == '*' && !is_mysql(s)) {
		s->depth++;
		s->last = '\0';
	}
	if (s->depth == 0)
		s->place = TEXT;
}

/* What a comment is shows at its beginning: those of a version are executed.
 * Returns false if the byte is to be looked at again. */
static bool
opened_byte(struct sql_scan *s, char c)
{
	if (c == '!') {
		s->place = VERSION;
		s->executes = true;
	} else if (c != 'M' || s->last == 'M') {
		s->place = COMMENT;
		s->depth = 1;
		s->last = '\0';
		return false;
	}
	s->last = c;
	return true;
}

/* Returns false if the byte is to be looked at as text. */
static bool
tag_byte(struct sql_scan *s, char c)
{
	if (c == '$') {
		s->place = DOLLAR;
		s->tag_at = 0;
		return true;
	}
	if (s->tag_len == SQL_TAG ||
	    !(is_letter(c) || (is_digit(c) && s->tag_len > 0))) {
		s->place = TEXT; /* $1, or no tag at all */
		return false;
	}
	s->tag[s->tag_len++] = c;
	return true;
}

/* Waits for $tag$; tag_at counts its bytes seen. */
static void
dollar_byte(struct sql_scan *s, char c)
{
	if (s->tag_at > 0 && s->tag_at <= s->tag_len &&
	    c == s->tag[s->tag_at - 1]) {
		s->tag_at++;
	} else if (c == '$') {
		if (s->tag_at == s->tag_len + 1)
			s->place = TEXT;
		s->tag_at = 1;
	} else {
		s->tag_at = 0;
	}
}

/* Returns false if the byte is to be looked at again. */
static bool
step(struct sql_scan *s, char c, bool *found)
{
	bool escapes;

	switch ((enum place)s->place) {
	case TEXT:
		text_byte(s, c);
		break;
	case WORD:
		if (in_word(s, c))
			break;
		escapes = s->word_len == 1 && s->word[0] == 'E' &&
		    c == '\'' && !is_mysql(s);
		*found = word_over(s);
		s->last = '\0';
		if (!escapes)
			return false;
		open_quote(s, c);
		s->escapes = true;
		break;
	case QUOTE:
		quote_byte(s, c);
		break;
	case NAME:
		if (c == s->quote)
			s->place = TEXT;
		break;
	case LINE:
		if (c == '\n')
			s->place = TEXT;
		break;
	case DASHES:
		s->place = c == '\n' || (unsigned char)c > ' ' ? TEXT : LINE;
		return s->place == LINE;
	case OPENED:
		return opened_byte(s, c);
	case VERSION:
		if (is_digit(c))
			break;
		s->place = TEXT;
		return false;
	case COMMENT:
		comment_byte(s, c);
		break;
	case TAG:
		return tag_byte(s, c);
	case DOLLAR:
		dollar_byte(s, c);
		break;
	}
	return true;
}

size_t
sql_scan(struct sql_scan *s, const char *data, size_t len, bool *found)
{
	size_t at = 0;

	*found = false;
	while (at < len && !*found)
		at += step(s, data[at], found) ? 1 : 0;
	return at;
}

bool
sql_scan_end(struct sql_scan *s)
{
	return s->place == WORD && word_over(s);
}
