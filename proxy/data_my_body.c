/* SPDX-License-Identifier: Apache-2.0 */
/* What commands of MySQL hold, as far as it matters: the words of statements,
 * and the numbers under which they are prepared.
 *
 *	QUERY	attributes (if agreed on) SQL
 *	PREPARE SQL
 *	EXECUTE number …, CLOSE number */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "proxy/data_my.h"

#define STATUS_NO_ESCAPES 0x0200u
/* The newest, by clients that do not wait for its number. */
#define NEWEST UINT32_MAX
/* The number of a command, and that of a statement. */
#define WITH_NUMBER 5

static void
name_it(struct data_walk *w, struct data_command *c, const char *word)
{
	data_command_word(c, word, strlen(word));
	w->loads |= strcmp(word, "LOAD") == 0;
}

static void
statement_word(struct data_walk *w, struct data_command *c)
{
	const char *word =
	    strcmp(w->sql.word, "START") == 0 ? "BEGIN" : w->sql.word;

	if (w->body == MY_SQL)
		name_it(w, c, word);
	else if (w->statement.word[0] == '\0')
		snprintf(w->statement.word, sizeof(w->statement.word), "%.*s",
		    DATA_WORD - 1, word);
}

/* A part of a statement's text. */
static void
sql(struct data_walk *w, struct data_command *c, const char *data, size_t len)
{
	size_t at = 0;
	bool found;

	data_command_text(c, data, len);
	if (w->body == MY_TEXT && c->watched)
		w->statement.text = hash_bytes(w->statement.text, data, len);
	while (at < len) {
		at += sql_scan(&w->sql, data + at, len - at, &found);
		if (found)
			statement_word(w, c);
	}
}

/* The number of a statement is known. */
static void
numbered(struct data_walk *w, struct data_command *c)
{
	uint32_t id = (uint32_t)my_number(w->in[0].kept + 1, 4);
	const struct data_name *s = id == NEWEST
	    ? &w->statement
	    : data_names_find(&w->names, id + 1ULL);

	if (w->body == MY_CLOSED) {
		data_names_drop(&w->names, id + 1ULL);
		return;
	}
	name_it(w, c, s != NULL && s->word[0] != '\0' ? s->word : "EXECUTE");
	if (s != NULL)
		data_command_text(c, (const char *)&s->text, sizeof(s->text));
}

/* Executed or closed. Behind the number stand values. */
static void
by_number(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct my_side *in = &w->in[0];
	size_t n = MIN(len, (size_t)(WITH_NUMBER - MIN(in->kept_len,
						   WITH_NUMBER)));

	my_keep(in, data, n);
	if (n > 0 && in->kept_len == WITH_NUMBER)
		numbered(w, c);
	if (w->body == MY_STATEMENT)
		data_command_text(c, data + n, len - n);
}

void
my_body_begin(struct data_walk *w)
{
	w->loads = false;
	if (w->body != MY_SQL && w->body != MY_TEXT)
		return;
	w->sql = (struct sql_scan){.dialect = w->status & STATUS_NO_ESCAPES
		? SQL_MYSQL_PLAIN
		: SQL_MYSQL};
	w->attributes = (struct my_attributes){0};
	if (w->body == MY_TEXT)
		w->statement = (struct data_name){.text = HASH_SEED};
}

void
my_body(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	size_t n = 0;

	switch ((enum my_body)w->body) {
	case MY_ANYTHING:
		break;
	case MY_SQL:
		if (w->can & MY_CAN_ATTRIBUTES)
			n = my_attributes_take(&w->attributes, data, len);
		sql(w, c, data + n, len - n);
		break;
	case MY_TEXT:
		sql(w, c, data, len);
		break;
	case MY_STATEMENT:
	case MY_CLOSED:
		by_number(w, c, data, len);
		break;
	}
}

void
my_body_end(struct data_walk *w, struct data_command *c)
{
	struct my_queue *q = &w->owed;

	if ((w->body == MY_SQL || w->body == MY_TEXT) &&
	    sql_scan_end(&w->sql))
		statement_word(w, c);
	/* It is the last of those that wait, unless it was answered early. */
	if (w->body == MY_TEXT && q->count > 0)
		q->slots[(q->first + q->count - 1) & (q->room - 1)].statement =
		    w->statement;
	if (c->words_count == 0)
		name_it(w, c, w->body == MY_STATEMENT ? "EXECUTE" : "QUERY");
}
