/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL, protocol 3.
 *
 *	at first  length code …      SSLRequest, GSSENCRequest, CancelRequest,
 *				     StartupMessage; an answer of one byte to
 *				     the first two
 *	then	  type length …	     Q: a simple query; P B D E C H … S: the
 *				     extended protocol, up to Sync
 *	answer	  type length …	     up to Z (ReadyForQuery), in which the state
 *				     of the transaction stands
 *
 * Logging in is a command of its own, STARTUP, up to the first Z. Messages of
 * COPY belong to the newest command, which stays open for them. What the
 * messages hold is read in data_pg_body.c. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/data_pg.h"

#define LENGTH_MAX     0x3fffffffu
#define STARTUP_MAX    10000u /* as the server has it */
#define HEAD_UNTYPED   8      /* length and code */
#define HEAD	       5      /* type and length */
#define LENGTH	       4      /* counts itself */

#define CODE_CANCEL 80877102u
#define CODE_SSL    80877103u
#define CODE_GSSENC 80877104u

/* What clients may send: each type, and what it means for the command. */
#define ENDS	  0x1u /* a request; the server owes a Z for it */
#define COPIES	  0x2u /* data of COPY, or its end */
#define LAST	  0x4u /* nothing is answered */
#define KNOWN	  0x8u

static unsigned
client_type(unsigned char type)
{
	static const struct {
		unsigned char type;
		unsigned char flags;
	} types[] = {{'Q', ENDS}, {'S', ENDS}, {'F', ENDS}, {'P', 0},
	    {'B', 0}, {'D', 0}, {'E', 0}, {'C', 0}, {'H', 0}, {'p', 0},
	    {'d', COPIES}, {'c', COPIES}, {'f', COPIES}, {'X', LAST}};

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (types[i].type == type)
			return types[i].flags | KNOWN;
	}
	return 0;
}

static uint32_t
number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

static struct data_walk *
pg_new(void)
{
	struct data_walk *w = xcalloc(1, sizeof(*w));

	w->phase = PG_FIRST;
	w->transaction = 'I';
	return w;
}

static void
pg_free(struct data_walk *w)
{
	data_names_fini(&w->names);
	free(w);
}

/* --- heads ---------------------------------------------------------------- */

/* Gathers the head of a message. Returns how many bytes it took. */
static size_t
take_head(struct pg_side *in, size_t want, const char *data, size_t len)
{
	size_t n = MIN(want - in->head_len, len);

	memcpy(in->head + in->head_len, data, n);
	in->head_len = (uint8_t)(in->head_len + n);
	return n;
}

static void
unknown(struct data_command *c, const char *why)
{
	c->opaque = why;
	c->request_done = true;
}

/* Before TLS clients ask whether it is there, and perhaps for Kerberos, which
 * is not. */
static size_t
pg_offer(const char *data, size_t len, char *answer)
{
	const unsigned char *at = (const unsigned char *)data;
	uint32_t code;

	if (len > 0 && at[0] != 0)
		return 0;
	if (len < HEAD_UNTYPED)
		return SIZE_MAX;
	code = number(at + LENGTH);
	*answer = code == CODE_SSL ? 'S' : 'N';
	return number(at) == HEAD_UNTYPED &&
		(code == CODE_SSL || code == CODE_GSSENC)
	    ? HEAD_UNTYPED
	    : 0;
}

/* --- requests ------------------------------------------------------------- */

/* Length and code of what comes before there are types. */
static void
first_head(struct data_walk *w, struct data_command *c)
{
	struct pg_side *in = &w->in[0];
	uint32_t len = number(in->head), code = number(in->head + LENGTH);

	if (code == CODE_CANCEL)
		data_command_word(c, "CANCEL", 6);
	else
		data_command_word(c, "STARTUP", 7);
	if (len < HEAD_UNTYPED || len > STARTUP_MAX) {
		/* 22: a TLS record, for clients that begin with it. */
		unknown(c, in->head[0] == 22 ? "tls" : "malformed");
		return;
	}
	in->left = len - HEAD_UNTYPED;
	in->in_body = true;
	w->type = '\0';
	c->open = true;
	if (code == CODE_SSL || code == CODE_GSSENC) {
		w->phase = PG_OFFERED;
	} else if (code != CODE_CANCEL) {
		w->phase = PG_LOGIN;
		if (code >> 16 != 3)
			unknown(c, "version");
	}
}

/* A message that begins another command than the one that is open. */
static bool
is_another(const struct data_walk *w, const struct data_command *c,
    unsigned flags)
{
	if (!c->open)
		return false;
	if (w->phase == PG_LOGIN)
		return w->in[0].head[0] != 'p';
	/* Behind COPY a Sync still belongs to it. */
	return c->asked > 0 && !(flags & COPIES) && w->in[0].head[0] != 'S' &&
	    w->in[0].head[0] != 'H';
}

/* Type and length. */
static void
typed_head(struct data_walk *w, struct data_command *c)
{
	struct pg_side *in = &w->in[0];
	unsigned flags = client_type(in->head[0]);
	uint32_t len = number(in->head + 1);

	if (!(flags & KNOWN) || len < LENGTH || len > LENGTH_MAX) {
		unknown(c, "malformed");
		return;
	}
	if (w->phase == PG_LOGIN && in->head[0] != 'p')
		w->phase = PG_READY;
	in->left = len - LENGTH;
	in->in_body = true;
	w->type = in->head[0];
	pg_body_begin(w);
}

/* A message of the client is over. */
static void
message_over(struct data_walk *w, struct data_command *c)
{
	unsigned flags = client_type(w->type);

	w->in[0].in_body = false;
	w->in[0].head_len = 0;
	if (w->type == '\0')
		return;
	pg_body_end(w, c);
	if (flags & LAST) {
		c->request_done = true;
	} else if (flags & COPIES) {
		/* Nobody waits for them: the server has given up. */
		c->request_done = !c->open && c->asked == 0;
	} else if (flags & ENDS) {
		if (c->asked == 0 || !c->open)
			c->asked++;
		c->open |= data_command_has(c, "COPY");
		c->request_done = !c->open;
	}
}

static size_t
request_body(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct pg_side *in = &w->in[0];
	size_t n = (size_t)MIN(in->left, len);

	in->left -= (uint32_t)n;
	if (w->type != '\0')
		pg_body(w, c, data, n);
	if (in->left == 0)
		message_over(w, c);
	return n;
}

/* Returns how many bytes are the command's. */
static size_t
pg_request(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct pg_side *in = &w->in[0];
	size_t at = 0, head;

	while (at < len && !c->request_done) {
		bool untyped = w->phase <= PG_OFFERED;

		if (in->in_body) {
			at += request_body(w, c, data + at, len - at);
			continue;
		}
		head = untyped ? HEAD_UNTYPED : HEAD;
		/* The type alone tells whose message it is, so that no part
		 * of a head goes to another command. */
		if (!untyped && in->head_len == 0) {
			in->head[0] = (unsigned char)data[at];
			if (is_another(w, c, client_type(in->head[0]))) {
				c->request_done = true;
				break;
			}
		}
		at += take_head(in, head, data + at, len - at);
		if (in->head_len < head)
			break;
		if (untyped)
			first_head(w, c);
		else
			typed_head(w, c);
		if (c->opaque == NULL && in->left == 0)
			message_over(w, c);
	}
	return c->opaque != NULL ? len : at;
}

/* --- answers -------------------------------------------------------------- */

/* The one byte to an offer of encryption. */
static bool
offer_answered(struct data_walk *w, struct data_command *c, char byte)
{
	w->phase = PG_FIRST;
	if (byte == 'S' || byte == 'G')
		c->opaque = byte == 'S' ? "tls" : "gssenc";
	return byte != 'E';
}

/* "none", "open", "failed". */
static const char *
transaction_state(const struct data_walk *w)
{
	return w->transaction == 'T' ? "open"
	    : w->transaction == 'E'  ? "failed"
				     : "none";
}

/* ReadyForQuery: the command is answered. */
static void
ready(struct data_walk *w, struct data_command *c)
{
	if (w->phase != PG_READY) {
		w->phase = PG_READY;
		c->request_done = true;
	}
	if (c->push)
		return;
	c->answered++;
	if (c->open && c->answered >= c->asked)
		c->request_done = true;
	c->open &= !c->request_done;
}

static void
answer_head(struct data_walk *w, struct data_command *c)
{
	struct pg_side *in = &w->in[1];
	uint32_t len = number(in->head + 1);
	unsigned char type = in->head[0], lower = type | 0x20;

	if (((lower < 'a' || lower > 'z') && (type < '1' || type > '3')) ||
	    len < LENGTH || len > LENGTH_MAX) {
		c->opaque = "malformed";
		return;
	}
	in->left = len - LENGTH;
	in->in_body = true;
	w->answer_at = 0;
	w->field = '\0';
	w->code_len = 0;
	if (!c->push && c->transaction == NULL)
		c->transaction = transaction_state(w);
	if (type == 'W')
		c->opaque = "stream";
}

/* A message of the server is over. True if with it the answer is. */
static bool
answer_message_over(struct data_walk *w, struct data_command *c)
{
	struct pg_side *in = &w->in[1];
	bool is_ready = in->head[0] == 'Z';

	in->in_body = false;
	in->head_len = 0;
	if (is_ready)
		ready(w, c);
	else if (in->head[0] == 'E')
		data_command_error(c, "", 0);
	return is_ready || c->push;
}

static size_t
pg_answer(struct data_walk *w, struct data_command *c, const char *data,
    size_t len, bool *over)
{
	struct pg_side *in = &w->in[1];
	size_t at = 0, n;

	*over = false;
	if (w->phase == PG_OFFERED && !in->in_body && in->head_len == 0 &&
	    offer_answered(w, c, data[0]))
		return c->opaque != NULL ? len : 1;
	while (at < len && c->opaque == NULL && !*over) {
		if (in->in_body) {
			n = (size_t)MIN(in->left, len - at);
			pg_answer_body(w, c, data + at, n);
			in->left -= (uint32_t)n;
			at += n;
		} else {
			at += take_head(in, HEAD, data + at, len - at);
			if (in->head_len == HEAD)
				answer_head(w, c);
		}
		if (in->in_body && in->left == 0)
			*over = answer_message_over(w, c);
	}
	return c->opaque != NULL ? len : at;
}

static const char *const methods[] = {"ALTER", "ANALYZE", "BEGIN", "CALL",
    "CANCEL", "CHECKPOINT", "CLOSE", "CLUSTER", "COMMENT", "COMMIT", "COPY",
    "CREATE", "DEALLOCATE", "DECLARE", "DELETE", "DESCRIBE", "DISCARD", "DO",
    "DROP", "EXECUTE", "EXPLAIN", "FETCH", "FUNCTION", "GRANT", "IMPORT",
    "INSERT", "LISTEN", "LOAD", "LOCK", "MERGE", "MOVE", "NOTIFY", "PARSE",
    "PREPARE", "REFRESH", "REINDEX", "RELEASE", "RESET", "REVOKE", "ROLLBACK",
    "SAVEPOINT", "SELECT", "SET", "SHOW", "STARTUP", "SYNC", "TABLE",
    "TERMINATE", "TRUNCATE", "UNLISTEN", "UPDATE", "VACUUM", "VALUES",
    "WITH"};

/* A SELECT may call what stores something; that is not looked into. */
static const char *const reads[] = {"ANALYZE", "BEGIN", "CANCEL",
    "CHECKPOINT", "CLOSE", "DEALLOCATE", "DECLARE", "DESCRIBE", "DISCARD",
    "EXPLAIN", "FETCH", "LISTEN", "LOAD", "LOCK", "MOVE", "NOTIFY", "PARSE",
    "PREPARE", "RELEASE", "RESET", "ROLLBACK", "SAVEPOINT", "SELECT", "SET",
    "SHOW", "STARTUP", "SYNC", "TABLE", "TERMINATE", "UNLISTEN", "VACUUM",
    "VALUES"};

static const char question[] = {0, 0, 0, 8, 0x04, (char)0xd2, 0x16, 0x2f};

const struct data_ops data_postgres = {
    .new = pg_new,
    .free = pg_free,
    .request = pg_request,
    .answer = pg_answer,
    .offer = pg_offer,
    .question = question,
    .question_len = sizeof(question),
    .transaction = transaction_state,
    .commit = "COMMIT",
    .methods = methods,
    .methods_count = COUNT_OF(methods),
    .reads = reads,
    .reads_count = COUNT_OF(reads),
};
