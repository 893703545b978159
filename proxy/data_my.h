/* SPDX-License-Identifier: Apache-2.0 */
/* The walker over the packets of MySQL and MariaDB, for its own files.
 *
 *	data_mysql.c	    requests, and what they are called
 *	data_my_packet.c    packets, and the numbers in them
 *	data_my_body.c	    what requests hold: SQL, numbers of statements
 *	data_my_attributes.c  what may stand before SQL
 *	data_my_answer.c    the greeting, answers, the transaction */
#ifndef PROXY_DATA_MY_H
#define PROXY_DATA_MY_H

#include "proxy/data_names.h"
#include "proxy/data_sql.h"
#include "proxy/data_walk.h"

#define MY_HEAD 4  /* length and sequence number */
#define MY_KEPT 32 /* bytes kept of a message's beginning */

/* One direction. A message is the packets up to the first that is not full. */
struct my_side {
	unsigned char head[MY_HEAD];
	uint8_t head_len;
	bool in_packet; /* its head is whole */
	bool more;	/* the message goes on in the next packet */
	bool full;	/* its first packet is full */
	uint32_t left;	/* of the packet */
	uint64_t len;	/* of the message so far */
	unsigned char kept[MY_KEPT];
	uint8_t kept_len;
};

/* What the client may send next, beside commands. */
enum my_phase {
	MY_CONNECTED, /* what it can, and who it is */
	MY_LOGIN,     /* whatever the server's plugin asks for */
	MY_READY,
};

/* What a message of the client is. */
enum my_message { MY_SAYS_WHO, MY_PROVES, MY_FILE, MY_COMMAND };

/* How a command is answered. */
enum my_answer {
	MY_NOTHING,
	MY_LOGGED_IN, /* after any number of messages OK, or an error */
	MY_ONE,	      /* one message */
	MY_FORGETS,   /* likewise; with OK what was prepared is gone */
	MY_RESULTS,   /* OK, or rows, or a wish for a file; perhaps several */
	MY_ROWS,      /* rows without a head */
	MY_PREPARED,  /* a number, and what goes in and comes out */
	MY_STREAM,    /* without end */
};

/* What stands behind the number of a command. */
enum my_body {
	MY_ANYTHING,
	MY_SQL,	      /* perhaps behind attributes */
	MY_TEXT,      /* SQL that is prepared */
	MY_STATEMENT, /* the number of what was prepared, to execute it */
	MY_CLOSED,    /* … to forget it */
};

/* A command whose answer has not come. */
struct my_owed {
	uint8_t answer; /* enum my_answer */
	struct data_name statement; /* MY_PREPARED: once it is known */
};

/* They are answered in their order. Zeroed memory is empty. */
struct my_queue {
	struct my_owed *slots; /* owned */
	size_t room, first, count;
};

/* Where among the messages of an answer. */
enum my_place {
	MY_FIRST,
	MY_COLUMNS, /* `left` of them are still to come */
	MY_COLUMNS_END,
	MY_ROW,
	MY_REST, /* `left` messages that say nothing */
};

/* Attributes of a query: how many, their types and names, their values. */
struct my_attributes {
	uint8_t place; /* of a fixed list */
	uint8_t number[9], have;
	uint8_t count, at;
	uint8_t types[64];
	uint64_t nulls;
	uint64_t skip; /* bytes that matter to nobody */
};

struct data_walk {
	struct my_side in[2]; /* requests, answers */
	/* Capabilities: the server's; the client's, logged in both sides'. */
	uint64_t server_can, can;
	uint16_t status; /* as the last OK has it */
	bool greeted;	 /* the server has spoken */
	bool versioned;	 /* … and told its version */
	uint8_t phase;	 /* enum my_phase */
	bool file;	 /* the server wants one; an empty message ends it */
	/* The client's message. */
	uint8_t message; /* enum my_message */
	uint8_t body;	 /* enum my_body */
	uint8_t answer;	 /* enum my_answer */
	bool loads;	 /* a file may follow it */
	struct sql_scan sql;
	struct my_attributes attributes;
	struct data_name statement; /* the newest that was prepared */
	/* The server's answer. */
	uint8_t place; /* enum my_place */
	uint64_t left;
	struct my_queue owed;
	struct data_names names; /* prepared statements */
};

/* --- data_my_packet.c --- */

#define MY_CAN_COMPRESS	 (1ULL << 5 | 1ULL << 26) /* zlib, zstd */
#define MY_CAN_41	 (1ULL << 9)
#define MY_CAN_TLS	 (1ULL << 11)
#define MY_CAN_OK_AS_EOF (1ULL << 24) /* CLIENT_DEPRECATE_EOF */
/* Heads of results say whether columns follow: MySQL's, MariaDB's. */
#define MY_CAN_NO_COLUMNS (1ULL << 25 | 1ULL << 36)
#define MY_CAN_ATTRIBUTES (1ULL << 27)
/* Its absence, on both sides, says that there are more than 32. */
#define MY_CAN_OLD_ONLY (1ULL << 0)

/* A number of that many bytes, the lowest first. */
uint64_t my_number(const unsigned char *at, size_t size);
/* One with its size before it. Returns how many bytes it has; 0: more than
 * there are. NULL and what is none count as 0. */
size_t my_sized_number(const unsigned char *at, size_t len, uint64_t *to);
/* Takes bytes of a head or of a body (in_packet, before the call). Returns how
 * many; *whole: with them the message is. */
size_t my_take(struct my_side *in, const char *data, size_t len, bool *whole);
/* Keeps them, as far as there is room. */
void my_keep(struct my_side *in, const char *data, size_t len);

/* --- data_my_body.c --- */

/* Behind the number of a command: the body begins, goes on and ends. What it
 * names goes to the command. */
void my_body_begin(struct data_walk *w);
void my_body(struct data_walk *w, struct data_command *c, const char *data,
    size_t len);
void my_body_end(struct data_walk *w, struct data_command *c);

/* --- data_my_attributes.c --- */

/* Takes what stands before SQL. Returns how many bytes; all, if it is more
 * than can be followed. Zeroed memory is one at the beginning. */
size_t my_attributes_take(struct my_attributes *a, const char *data,
    size_t len);

/* --- data_my_answer.c --- */

/* Bytes of the server (struct data_ops: answer). */
size_t my_answer(struct data_walk *w, struct data_command *c, const char *data,
    size_t len, bool *over);
/* "none" or "open". */
const char *my_transaction(const struct data_walk *w);

#endif
