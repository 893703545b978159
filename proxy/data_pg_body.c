/* SPDX-License-Identifier: Apache-2.0 */
/* What PostgreSQL's messages hold, as far as it matters: the words of
 * statements, the names under which they are prepared and bound, the codes of
 * errors, the state of the transaction.
 *
 *	Parse	statement NUL text NUL …
 *	Bind	portal NUL statement NUL values
 *	Execute	portal NUL … */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/hash.h"
#include "proxy/data_pg.h"

#define PORTAL 0x9e3779b97f4a7c15u /* they have names of their own */

/* --- requests ------------------------------------------------------------- */

/* Other words for the same. */
static const char *
plain_word(const char *word)
{
	static const char *const same[][2] = {{"END", "COMMIT"},
	    {"ABORT", "ROLLBACK"}, {"START", "BEGIN"}};

	for (size_t i = 0; i < COUNT_OF(same); i++) {
		if (strcmp(same[i][0], word) == 0)
			return same[i][1];
	}
	return word;
}

static void
statement_word(struct data_walk *w, struct data_command *c)
{
	const char *word = plain_word(w->sql.word);

	if (w->type == 'Q')
		data_command_word(c, word, strlen(word));
	else if (w->statement.word[0] == '\0')
		snprintf(w->statement.word, sizeof(w->statement.word), "%s",
		    word);
}

/* A part of a statement's text. */
static void
statement_text(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	size_t at = 0;
	bool found;

	data_command_text(c, data, len);
	if (c->watched)
		w->statement.text = hash_bytes(w->statement.text, data, len);
	while (at < len) {
		at += sql_scan(&w->sql, data + at, len - at, &found);
		if (found)
			statement_word(w, c);
	}
}

static void
name_text(struct data_walk *w, const char *data, size_t len)
{
	w->hash = hash_bytes(w->hash, data, len);
}

static void
begin_text(struct data_walk *w)
{
	w->hash = HASH_SEED;
}

static void
execute(struct data_walk *w, struct data_command *c)
{
	const struct data_name *p =
	    data_names_find(&w->names, w->hash ^ PORTAL);
	const char *word = p != NULL && p->word[0] != '\0' ? p->word
							   : "EXECUTE";

	data_command_word(c, word, strlen(word));
}

static void
bind(struct data_walk *w, struct data_command *c)
{
	const struct data_name *of = data_names_find(&w->names, w->hash);
	struct data_name found = of != NULL ? *of : (struct data_name){0};
	struct data_name *portal =
	    data_names_add(&w->names, w->portal ^ PORTAL);

	memcpy(portal->word, found.word, sizeof(portal->word));
	portal->text = found.text;
	data_command_text(c, (const char *)&found.text, sizeof(found.text));
}

/* A text of the message's body is whole. */
static void
text_over(struct data_walk *w, struct data_command *c)
{
	if (w->type == 'E' && w->text_no == 0)
		execute(w, c);
	else if (w->type == 'B' && w->text_no == 0)
		w->portal = w->hash;
	else if (w->type == 'B' && w->text_no == 1)
		bind(w, c);
	else if (w->type == 'P' && w->text_no == 0)
		w->statement.name = w->hash;
}

void
pg_body_begin(struct data_walk *w)
{
	w->text_no = 0;
	begin_text(w);
	if (w->type != 'Q' && w->type != 'P')
		return;
	w->sql = (struct sql_scan){0};
	w->statement = (struct data_name){.text = HASH_SEED};
}

/* One text, or a part of it. */
static void
text(struct data_walk *w, struct data_command *c, const char *data, size_t len)
{
	if (w->type == 'Q' || w->text_no == 1)
		statement_text(w, c, data, len);
	else
		name_text(w, data, len);
}

/* How many texts of the body are looked at. */
static uint8_t
texts_of(unsigned char type)
{
	return type == 'Q' || type == 'E' ? 1 : type == 'P' || type == 'B' ? 2
									: 0;
}

void
pg_body(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	const char *end;
	size_t n;

	while (len > 0 && w->text_no < texts_of(w->type)) {
		end = memchr(data, '\0', len);
		n = end != NULL ? (size_t)(end - data) : len;
		if (w->type == 'B')
			name_text(w, data, n);
		else
			text(w, c, data, n);
		if (end != NULL) {
			text_over(w, c);
			begin_text(w);
			w->text_no++;
			n++;
		}
		data += n;
		len -= n;
	}
	if (w->type == 'B')
		data_command_text(c, data, len);
}

/* Requests that execute nothing have a name, too. */
static void
name_others(struct data_walk *w, struct data_command *c)
{
	static const struct {
		unsigned char type;
		const char *word;
	} names[] = {{'F', "FUNCTION"}, {'X', "TERMINATE"}, {'d', "COPY"},
	    {'c', "COPY"}, {'f', "COPY"}};

	if (c->words_count > 0)
		return;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (names[i].type == w->type)
			data_command_word(c, names[i].word,
			    strlen(names[i].word));
	}
	if (w->type == 'S')
		data_command_word(c, w->parsed ? "PARSE" : "SYNC",
		    w->parsed ? 5 : 4);
}

void
pg_body_end(struct data_walk *w, struct data_command *c)
{
	struct data_name *to;

	if ((w->type == 'Q' || w->type == 'P') && sql_scan_end(&w->sql))
		statement_word(w, c);
	if (w->type == 'P') {
		to = data_names_add(&w->names, w->statement.name);
		memcpy(to->word, w->statement.word, sizeof(to->word));
		to->text = w->statement.text;
		w->parsed = true;
	}
	name_others(w, c);
	if (w->type == 'S' || w->type == 'Q')
		w->parsed = false;
}

/* --- answers -------------------------------------------------------------- */

/* Fields of an error: a type, and a text up to a NUL. */
static void
error_byte(struct data_walk *w, struct data_command *c, char byte)
{
	if (w->field == '\0') {
		w->field = byte;
		w->code_len = 0;
	} else if (byte == '\0') {
		if (w->field == 'C')
			data_command_error(c, w->code, w->code_len);
		w->field = '\0';
	} else if (w->field == 'C' && w->code_len < sizeof(w->code)) {
		w->code[w->code_len++] = byte;
	}
}

void
pg_answer_body(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	unsigned char type = w->in[1].head[0];

	if (type == 'Z' && w->answer_at == 0 && len > 0)
		w->transaction = data[0];
	for (size_t i = 0; type == 'E' && i < len; i++)
		error_byte(w, c, data[i]);
	w->answer_at += len;
}
