/* SPDX-License-Identifier: Apache-2.0 */
/* A small automaton over SQL. One byte at a time, but for the long stretches
 * within quotes. */
#include "proxy/data_sql.h"

#include <string.h>

#include "base/attr.h"

enum place {
	TEXT,	  /* between words */
	WORD,	  /* in a word; its bytes are in `word` */
	QUOTE,	  /* '…' */
	NAME,	  /* "…" */
	LINE,	  /* from -- to the end of the line */
	COMMENT,  /* between slash-star and star-slash, nested */
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

/* A word has ended. True if it is a statement's. */
static bool
word_over(struct sql_scan *s)
{
	s->place = TEXT;
	s->word[MIN(s->word_len, SQL_WORD - 1)] = '\0';
	if (s->begun) {
		s->body |= s->creates && strcmp(s->word, "ATOMIC") == 0;
		return false;
	}
	s->begun = true;
	s->creates = strcmp(s->word, "CREATE") == 0;
	return !s->body;
}

static void
word_byte(struct sql_scan *s, char c)
{
	if (s->word_len < SQL_WORD - 1)
		s->word[s->word_len++] = upper(c);
}

static void
open_quote(struct sql_scan *s)
{
	s->place = QUOTE;
	s->escapes = false;
	s->last = '\0';
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
		open_quote(s);
	} else if (c == '"') {
		s->place = NAME;
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
	else if (c == '\'') {
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
	} else if (last == '/' && c == '*') {
		s->depth++;
		s->last = '\0';
	}
	if (s->depth == 0)
		s->place = TEXT;
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
		escapes = s->word_len == 1 && s->word[0] == 'E' && c == '\'';
		*found = word_over(s);
		s->last = '\0';
		if (!escapes)
			return false;
		open_quote(s);
		s->escapes = true;
		break;
	case QUOTE:
		quote_byte(s, c);
		break;
	case NAME:
		if (c == '"')
			s->place = TEXT;
		break;
	case LINE:
		if (c == '\n')
			s->place = TEXT;
		break;
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
