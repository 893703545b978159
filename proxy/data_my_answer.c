/* SPDX-License-Identifier: Apache-2.0 */
/* What the server of MySQL's protocol says: where an answer ends, whether it
 * is an error, and what it tells of the transaction.
 *
 *	greeting  10 version NUL … what it can, its status
 *	OK	  0 changed rows, a number, status …
 *	EOF	  0xfe warnings status; or an OK that begins with 0xfe, as both
 *		  sides agreed
 *	error	  0xff code '#' SQLSTATE text; code 0xffff: no error, but how
 *		  far the server is
 *	result	  number of columns; the columns; EOF, unless OKs stand for
 *		  them; rows; EOF; again, if its status says so */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "proxy/data_my.h"

#define SAYS_OK	  0x00
#define SAYS_FILE 0xfb
#define SAYS_EOF  0xfe
#define SAYS_ERR  0xff

#define STATUS_IN_TRANSACTION 0x0001u
#define STATUS_AUTOCOMMIT     0x0002u
#define STATUS_MORE_RESULTS   0x0008u
#define STATUS_CURSOR	      0x0040u

#define VERSION	     10
#define GREETING_MIN 21 /* bytes kept of it; MariaDB's own are behind */
#define PROGRESS     0xffffu
#define COLUMNS_MAX  65535u
#define EOF_MAX	     8 /* longer ones are rows that begin so */

const char *
my_transaction(const struct data_walk *w)
{
	return !w->greeted || (w->status & STATUS_AUTOCOMMIT &&
				  !(w->status & STATUS_IN_TRANSACTION))
	    ? "none"
	    : "open";
}

/* --- single messages ------------------------------------------------------ */

static uint8_t
first_byte(const struct my_side *in)
{
	/* An empty message is nothing that has a meaning. */
	return in->kept_len > 0 ? in->kept[0] : 1;
}

static bool
is_progress(const struct my_side *in)
{
	return first_byte(in) == SAYS_ERR && in->kept_len >= 3 &&
	    my_number(in->kept + 1, 2) == PROGRESS;
}

/* An SQLSTATE; where it says nothing (HY000), E and the error's number. */
static void
take_error(struct data_walk *w, struct data_command *c)
{
	const struct my_side *in = &w->in[1];
	const char *state = (const char *)in->kept + 4;
	char code[DATA_CODE] = "HY000";

	if (w->phase == MY_CONNECTED) /* no connection for this client */
		memcpy(code, "08004", 5);
	else if (in->kept_len >= 9 && in->kept[3] == '#' &&
	    memcmp(state, "HY000", 5) != 0)
		memcpy(code, state, 5);
	else if (in->kept_len >= 3)
		snprintf(code, sizeof(code), "E%u",
		    (unsigned)my_number(in->kept + 1, 2));
	data_command_error(c, code, strlen(code));
	/* The server has rolled it back. */
	if (memcmp(code, "40", 2) == 0)
		w->status &= (uint16_t)~STATUS_IN_TRANSACTION;
}

/* The status of an OK, or of an EOF. */
static void
take_status(struct data_walk *w)
{
	const struct my_side *in = &w->in[1];
	size_t at = 1, n = 1;
	uint64_t skipped;

	if (first_byte(in) == SAYS_EOF && !(w->can & MY_CAN_OK_AS_EOF)) {
		at = 3;
	} else {
		for (int i = 0; i < 2 && n > 0; i++) {
			n = my_sized_number(in->kept + at,
			    in->kept_len - at, &skipped);
			at += n;
		}
	}
	if (n > 0 && at + 2u <= in->kept_len)
		w->status = (uint16_t)my_number(in->kept + at, 2);
}

/* Ends rows. */
static bool
is_end(const struct data_walk *w)
{
	const struct my_side *in = &w->in[1];

	return first_byte(in) == SAYS_EOF &&
	    (w->can & MY_CAN_OK_AS_EOF ? !in->full : in->len <= EOF_MAX);
}

/* The server speaks first. */
static void
greeting(struct data_walk *w, struct data_command *c)
{
	const struct my_side *in = &w->in[1];
	const unsigned char *at = in->kept;

	w->greeted = true;
	w->status = STATUS_AUTOCOMMIT;
	if (first_byte(in) == SAYS_ERR) {
		take_error(w, c);
		return;
	}
	if (first_byte(in) != VERSION || in->kept_len < GREETING_MIN) {
		c->opaque = "version";
		return;
	}
	w->server_can = my_number(at + 14, 2) | my_number(at + 19, 2) << 16;
	w->status = (uint16_t)my_number(at + 17, 2);
	if (!(w->server_can & MY_CAN_OLD_ONLY) && in->kept_len == MY_KEPT)
		w->server_can |= my_number(at + 28, 4) << 32;
	if (!(w->server_can & MY_CAN_41))
		c->opaque = "version";
}

/* --- answers -------------------------------------------------------------- */

/* True if with that message the user is in, or is not let in. */
static bool
logged_in(struct data_walk *w, struct data_command *c)
{
	uint8_t first = first_byte(&w->in[1]);

	if (first != SAYS_OK && first != SAYS_ERR)
		return false;
	w->phase = MY_READY;
	if (first == SAYS_ERR) {
		take_error(w, c);
		return true;
	}
	take_status(w);
	data_names_fini(&w->names);
	w->can &= w->server_can;
	if (w->can & MY_CAN_COMPRESS)
		c->opaque = "compressed";
	return true;
}

static bool
one(struct data_walk *w, struct data_command *c, enum my_answer answer)
{
	uint8_t first = first_byte(&w->in[1]);

	if (first == SAYS_ERR)
		take_error(w, c);
	else if (first == SAYS_OK || first == SAYS_EOF)
		take_status(w);
	if (answer == MY_FORGETS && first == SAYS_OK)
		data_names_fini(&w->names);
	return true;
}

/* A result is over: does another follow? */
static bool
result_over(struct data_walk *w, enum my_answer answer)
{
	take_status(w);
	w->place = MY_FIRST;
	return answer != MY_RESULTS || !(w->status & STATUS_MORE_RESULTS);
}

static void
behind_columns(struct data_walk *w)
{
	w->place = w->can & MY_CAN_OK_AS_EOF ? MY_ROW : MY_COLUMNS_END;
}

/* The number of columns, and perhaps whether they are told. */
static void
result_head(struct data_walk *w, struct data_command *c)
{
	const struct my_side *in = &w->in[1];
	size_t n = my_sized_number(in->kept, in->kept_len, &w->left);

	if (n == 0 || w->left == 0 || w->left > COLUMNS_MAX) {
		c->opaque = "malformed";
		return;
	}
	w->place = MY_COLUMNS;
	if (w->can & MY_CAN_NO_COLUMNS && n < in->kept_len &&
	    in->kept[n] == 0)
		behind_columns(w);
}

/* The first message of a result. True if it is the only one, and the last. */
static bool
result_begin(struct data_walk *w, struct data_command *c)
{
	switch (first_byte(&w->in[1])) {
	case SAYS_OK:
	case SAYS_EOF:
		return result_over(w, MY_RESULTS);
	case SAYS_FILE:
		w->file = true;
		return false;
	default:
		result_head(w, c);
		return false;
	}
}

/* A message of a result. */
static bool
result(struct data_walk *w, struct data_command *c, enum my_answer answer)
{
	if (first_byte(&w->in[1]) == SAYS_ERR) {
		take_error(w, c);
		return true;
	}
	if (w->place == MY_FIRST && answer == MY_RESULTS)
		return result_begin(w, c);
	switch ((enum my_place)w->place) {
	case MY_FIRST:
	case MY_ROW:
		return is_end(w) && result_over(w, answer);
	case MY_COLUMNS:
		if (--w->left == 0)
			behind_columns(w);
		return false;
	case MY_COLUMNS_END:
		if (first_byte(&w->in[1]) != SAYS_EOF)
			c->opaque = "malformed";
		take_status(w);
		w->place = MY_ROW;
		return w->status & STATUS_CURSOR;
	case MY_REST:
		break;
	}
	return false;
}

/* What was prepared has its number. Returns how many messages follow: what
 * goes in and what comes out, each with an end of its own. */
static uint64_t
prepared(struct data_walk *w, const struct my_owed *owed)
{
	const struct my_side *in = &w->in[1];
	struct data_name *to =
	    data_names_add(&w->names, my_number(in->kept + 1, 4) + 1);
	uint64_t columns = my_number(in->kept + 5, 2);
	uint64_t parameters = my_number(in->kept + 7, 2);
	uint64_t end = w->can & MY_CAN_OK_AS_EOF ? 0 : 1;

	memcpy(to->word, owed->statement.word, sizeof(to->word));
	to->text = owed->statement.text;
	if (w->can & MY_CAN_NO_COLUMNS & UINT32_MAX && in->kept_len >= 13 &&
	    in->kept[12] == 0)
		return 0;
	return (columns > 0 ? columns + end : 0) +
	    (parameters > 0 ? parameters + end : 0);
}

static bool
preparing(struct data_walk *w, struct data_command *c,
    const struct my_owed *owed)
{
	const struct my_side *in = &w->in[1];

	if (w->place == MY_REST)
		return --w->left == 0;
	if (first_byte(in) == SAYS_ERR) {
		take_error(w, c);
		return true;
	}
	if (first_byte(in) != SAYS_OK || in->kept_len < 9) {
		c->opaque = "malformed";
		return false;
	}
	w->place = MY_REST;
	w->left = prepared(w, owed);
	return w->left == 0;
}

/* A message of an answer that is owed. True if with it the answer is. */
static bool
answer_message(struct data_walk *w, struct data_command *c,
    const struct my_owed *owed)
{
	enum my_answer answer = (enum my_answer)owed->answer;

	if (is_progress(&w->in[1]))
		return false;
	switch (answer) {
	case MY_LOGGED_IN:
		return logged_in(w, c);
	case MY_ONE:
	case MY_FORGETS:
		return one(w, c, answer);
	case MY_RESULTS:
	case MY_ROWS:
		return result(w, c, answer);
	case MY_PREPARED:
		return preparing(w, c, owed);
	case MY_NOTHING:
	case MY_STREAM:
		break;
	}
	return true;
}

/* The oldest command has its answer. */
static void
answered(struct data_walk *w, struct data_command *c)
{
	struct my_queue *q = &w->owed;

	q->first = (q->first + 1) & (q->room - 1);
	q->count--;
	w->place = MY_FIRST;
	c->answered++;
	if (c->open && c->answered >= c->asked && !w->file) {
		c->request_done = true;
		c->open = false;
	}
}

/* The command whose answer comes, or NULL: the server is asked for nothing. */
static struct my_owed *
first_owed(const struct my_queue *q)
{
	return q->count > 0 ? &q->slots[q->first] : NULL;
}

/* A message of the server is over. True if with it the answer is. */
static bool
message_over(struct data_walk *w, struct data_command *c)
{
	const struct my_owed *owed = first_owed(&w->owed);

	if (!w->greeted) {
		greeting(w, c);
		return c->push;
	}
	if (c->push || owed == NULL) {
		if (first_byte(&w->in[1]) == SAYS_ERR)
			take_error(w, c);
		return c->push;
	}
	if (c->transaction == NULL)
		c->transaction = my_transaction(w);
	if (!answer_message(w, c, owed))
		return false;
	answered(w, c);
	return true;
}

/* The greeting's version is of any length, and not kept. */
static void
greeting_bytes(struct data_walk *w, const char *data, size_t len)
{
	struct my_side *in = &w->in[1];

	for (size_t i = 0; i < len; i++) {
		if (in->kept_len == 1 && in->kept[0] == VERSION &&
		    !w->versioned)
			w->versioned = data[i] == '\0';
		else
			my_keep(in, data + i, 1);
	}
}

size_t
my_answer(struct data_walk *w, struct data_command *c, const char *data,
    size_t len, bool *over)
{
	struct my_side *in = &w->in[1];
	size_t at = 0, n;
	bool in_packet, whole;

	*over = false;
	while (at < len && c->opaque == NULL && !*over) {
		in_packet = in->in_packet;
		n = my_take(in, data + at, len - at, &whole);
		if (in_packet && !w->greeted)
			greeting_bytes(w, data + at, n);
		else if (in_packet)
			my_keep(in, data + at, n);
		if (whole)
			*over = message_over(w, c) && c->opaque == NULL;
		at += n;
	}
	return c->opaque != NULL ? len : at;
}
