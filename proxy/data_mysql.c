/* SPDX-License-Identifier: Apache-2.0 */
/* MySQL and MariaDB, the client/server protocol with its version 10.
 *
 *	packet	length (3, the lowest byte first) sequence (1) bytes; a full
 *		one (16 MiB less one byte) goes on in the next
 *	server	the greeting: version, what it can
 *	client	what it can, and who it is; up to OK or an error both say what
 *		the plugin for it wants
 *	then	a command by its number, and its answer, if it is owed one
 *
 * The greeting is a push. Logging in is a command of its own, STARTUP. A
 * file that the server wants (LOAD DATA LOCAL) belongs to the command that
 * loads it, which stays open for it. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/data_my.h"

#define TLS_HANDSHAKE 22
#define SAYS_TLS      32 /* bytes of a wish for TLS */
#define OWED_MAX      16384

/* --- who waits for an answer ---------------------------------------------- */

/* False: there are too many. */
static bool
owe(struct my_queue *q, enum my_answer answer)
{
	struct my_queue old = *q;

	if (q->count == OWED_MAX)
		return false;
	if (q->count == q->room) {
		q->room = old.room > 0 ? 2 * old.room : 2;
		q->slots = xcalloc(q->room, sizeof(*q->slots));
		for (size_t i = 0; i < old.count; i++)
			q->slots[i] = old.slots[(old.first + i) &
			    (old.room - 1)];
		q->first = 0;
		free(old.slots);
	}
	q->slots[(q->first + q->count++) & (q->room - 1)] =
	    (struct my_owed){.answer = (uint8_t)answer};
	return true;
}

static struct data_walk *
my_new(void)
{
	return xcalloc(1, sizeof(struct data_walk));
}

static void
my_free(struct data_walk *w)
{
	data_names_fini(&w->names);
	free(w->owed.slots);
	free(w);
}

/* --- requests ------------------------------------------------------------- */

/* Commands by their numbers. */
static const struct command {
	uint8_t number;
	uint8_t answer; /* enum my_answer */
	uint8_t body;	/* enum my_body */
	const char *name; /* NULL: by what it holds */
} commands[] = {
    {0x01, MY_NOTHING, MY_ANYTHING, "QUIT"},
    {0x02, MY_ONE, MY_ANYTHING, "INIT_DB"},
    {0x03, MY_RESULTS, MY_SQL, NULL},
    {0x04, MY_ROWS, MY_ANYTHING, "FIELD_LIST"},
    {0x05, MY_ONE, MY_ANYTHING, "CREATE_DB"},
    {0x06, MY_ONE, MY_ANYTHING, "DROP_DB"},
    {0x07, MY_ONE, MY_ANYTHING, "REFRESH"},
    {0x08, MY_ONE, MY_ANYTHING, "SHUTDOWN"},
    {0x09, MY_ONE, MY_ANYTHING, "STATISTICS"},
    {0x0a, MY_RESULTS, MY_ANYTHING, "PROCESS_INFO"},
    {0x0c, MY_ONE, MY_ANYTHING, "PROCESS_KILL"},
    {0x0d, MY_ONE, MY_ANYTHING, "DEBUG"},
    {0x0e, MY_ONE, MY_ANYTHING, "PING"},
    {0x11, MY_LOGGED_IN, MY_ANYTHING, "CHANGE_USER"},
    {0x12, MY_STREAM, MY_ANYTHING, "BINLOG_DUMP"},
    {0x13, MY_STREAM, MY_ANYTHING, "TABLE_DUMP"},
    {0x15, MY_ONE, MY_ANYTHING, "REGISTER_SLAVE"},
    {0x16, MY_PREPARED, MY_TEXT, "PREPARE"},
    {0x17, MY_RESULTS, MY_STATEMENT, NULL},
    {0x18, MY_NOTHING, MY_ANYTHING, "SEND_LONG_DATA"},
    {0x19, MY_NOTHING, MY_CLOSED, "CLOSE"},
    {0x1a, MY_ONE, MY_ANYTHING, "STMT_RESET"},
    {0x1b, MY_ONE, MY_ANYTHING, "SET_OPTION"},
    {0x1c, MY_ROWS, MY_ANYTHING, "FETCH"},
    {0x1e, MY_STREAM, MY_ANYTHING, "BINLOG_DUMP"}, /* by GTID */
    {0x1f, MY_FORGETS, MY_ANYTHING, "RESET_CONNECTION"},
    {0x20, MY_STREAM, MY_ANYTHING, "CLONE"},
    {0xfa, MY_RESULTS, MY_STATEMENT, NULL}, /* many rows of values */
};

static void
unknown(struct data_command *c, const char *why)
{
	c->opaque = why;
	c->request_done = true;
}

static void
add_word(struct data_command *c, const char *word)
{
	data_command_word(c, word, strlen(word));
}

/* An answer is owed for it. */
static void
ask(struct data_walk *w, struct data_command *c, enum my_answer answer)
{
	if (!owe(&w->owed, answer))
		unknown(c, "ahead");
	c->asked++;
}

/* The first byte of a command's message. */
static void
command_begin(struct data_walk *w, struct data_command *c, uint8_t number)
{
	const struct command *found = NULL;

	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (commands[i].number == number)
			found = &commands[i];
	}
	if (found == NULL) {
		unknown(c, "malformed");
		return;
	}
	w->answer = found->answer;
	w->body = found->body;
	if (found->name != NULL)
		add_word(c, found->name);
	if (found->answer == MY_STREAM)
		unknown(c, "stream");
	else if (found->answer != MY_NOTHING)
		ask(w, c, (enum my_answer)found->answer);
	my_body_begin(w);
}

/* The head of a message's first packet is whole. */
static void
message_begin(struct data_walk *w, struct data_command *c)
{
	const struct my_side *in = &w->in[0];

	if (w->phase == MY_CONNECTED) {
		w->message = MY_SAYS_WHO;
		w->phase = MY_LOGIN;
		add_word(c, "STARTUP");
		c->open = true;
		ask(w, c, MY_LOGGED_IN);
		if (in->head[0] == TLS_HANDSHAKE && in->head[1] == 3)
			unknown(c, "tls");
	} else if (w->phase == MY_LOGIN) {
		w->message = MY_PROVES;
	} else if (w->file) {
		w->message = MY_FILE;
	} else {
		w->message = MY_COMMAND;
		if (in->head[3] != 0 || in->len == 0)
			unknown(c, "malformed");
	}
}

/* What the client can, and whether it goes on in the clear. */
static void
who_over(struct data_walk *w, struct data_command *c)
{
	const struct my_side *in = &w->in[0];
	uint64_t can = my_number(in->kept, 4);

	if (in->kept_len < MY_KEPT || !(can & MY_CAN_41)) {
		unknown(c, "version");
		return;
	}
	if (can & MY_CAN_TLS && in->len == SAYS_TLS)
		unknown(c, "tls");
	if (!(can & MY_CAN_OLD_ONLY))
		can |= my_number(in->kept + 28, 4) << 32;
	w->can = can;
}

static void
command_over(struct data_walk *w, struct data_command *c)
{
	my_body_end(w, c);
	if (w->answer == MY_LOGGED_IN) {
		w->phase = MY_LOGIN;
		c->open = true;
	} else {
		c->open = w->loads;
	}
	c->request_done = !c->open;
}

/* A message is over that began before another command was. */
static void
file_over(struct data_walk *w, struct data_command *c)
{
	if (c->words_count == 0)
		add_word(c, "LOAD");
	if (w->in[0].len > 0)
		return;
	w->file = false;
	/* The answer may have come before the end of the file. */
	if (!c->open || c->answered >= c->asked) {
		c->request_done = true;
		c->open = false;
	}
}

static void
message_over(struct data_walk *w, struct data_command *c)
{
	switch ((enum my_message)w->message) {
	case MY_SAYS_WHO:
		who_over(w, c);
		break;
	case MY_PROVES:
		if (c->words_count == 0)
			add_word(c, "STARTUP");
		/* Nobody waits for it: the server has decided. */
		c->request_done = !c->open;
		break;
	case MY_FILE:
		file_over(w, c);
		break;
	case MY_COMMAND:
		command_over(w, c);
		break;
	}
}

static void
message_bytes(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct my_side *in = &w->in[0];

	if (w->message == MY_SAYS_WHO) {
		my_keep(in, data, len);
	} else if (w->message == MY_COMMAND && len > 0) {
		size_t n = in->kept_len == 0 ? 1 : 0;

		my_keep(in, data, n);
		if (n > 0)
			command_begin(w, c, in->kept[0]);
		if (c->opaque == NULL)
			my_body(w, c, data + n, len - n);
	}
}

/* What begins here belongs to another command than the one that is open. */
static bool
is_another(const struct data_walk *w, const struct data_command *c)
{
	const struct my_side *in = &w->in[0];

	return c->open && !in->in_packet && in->head_len == 0 && !in->more &&
	    w->phase == MY_READY && !w->file;
}

static size_t
my_request(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct my_side *in = &w->in[0];
	size_t at = 0, n;
	bool goes_on, in_packet, whole;

	while (at < len && !c->request_done) {
		if (is_another(w, c)) {
			c->request_done = true;
			break;
		}
		goes_on = in->more;
		in_packet = in->in_packet;
		n = my_take(in, data + at, len - at, &whole);
		if (in_packet)
			message_bytes(w, c, data + at, n);
		else if ((in->in_packet || whole) && !goes_on)
			message_begin(w, c);
		if (whole && c->opaque == NULL)
			message_over(w, c);
		at += n;
	}
	return c->opaque != NULL ? len : at;
}

static const char *const methods[] = {"ALTER", "ANALYZE", "BEGIN", "BINLOG",
    "BINLOG_DUMP", "CALL", "CHANGE", "CHANGE_USER", "CHECK", "CHECKSUM",
    "CLONE", "CLOSE", "COMMIT", "CREATE", "CREATE_DB", "DEALLOCATE", "DEBUG",
    "DELETE", "DESC", "DESCRIBE", "DO", "DROP", "DROP_DB", "EXECUTE",
    "EXPLAIN", "FETCH", "FIELD_LIST", "FLUSH", "GRANT", "HANDLER", "INIT_DB",
    "INSERT", "KILL", "LOAD", "LOCK", "OPTIMIZE", "PING", "PREPARE",
    "PROCESS_INFO", "PROCESS_KILL", "PURGE", "QUERY", "QUIT", "REFRESH",
    "REGISTER_SLAVE", "RELEASE", "RENAME", "REPAIR", "REPLACE", "RESET",
    "RESET_CONNECTION", "REVOKE", "ROLLBACK", "SAVEPOINT", "SELECT",
    "SEND_LONG_DATA", "SET", "SET_OPTION", "SHOW", "SHUTDOWN", "STARTUP",
    "STATISTICS", "STMT_RESET", "STOP", "TABLE", "TABLE_DUMP", "TRUNCATE",
    "UNLOCK", "UPDATE", "USE", "VALUES", "WITH", "XA"};

/* A SELECT may call what stores something; that is not looked into. */
static const char *const reads[] = {"ANALYZE", "BEGIN", "BINLOG_DUMP",
    "CHANGE_USER", "CHECK", "CHECKSUM", "CLONE", "CLOSE", "DEALLOCATE",
    "DEBUG", "DESC", "DESCRIBE", "EXPLAIN", "FETCH", "FIELD_LIST", "FLUSH",
    "HELP", "INIT_DB", "KILL", "LOCK", "PING", "PREPARE", "PROCESS_INFO",
    "PROCESS_KILL", "QUIT", "REFRESH", "REGISTER_SLAVE", "RELEASE",
    "RESET_CONNECTION", "ROLLBACK", "SAVEPOINT", "SELECT", "SEND_LONG_DATA",
    "SET", "SET_OPTION", "SHOW", "SHUTDOWN", "STARTUP", "STATISTICS",
    "STMT_RESET", "TABLE", "TABLE_DUMP", "UNLOCK", "USE", "VALUES"};

const struct data_ops data_mysql = {
    .new = my_new,
    .free = my_free,
    .request = my_request,
    .answer = my_answer,
    .transaction = my_transaction,
    .commit = "COMMIT",
    .methods = methods,
    .methods_count = COUNT_OF(methods),
    .reads = reads,
    .reads_count = COUNT_OF(reads),
};
