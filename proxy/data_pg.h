/* SPDX-License-Identifier: Apache-2.0 */
/* The walker over PostgreSQL's messages, for its own files. */
#ifndef PROXY_DATA_PG_H
#define PROXY_DATA_PG_H

#include "proxy/data_names.h"
#include "proxy/data_sql.h"
#include "proxy/data_walk.h"

enum pg_phase {
	PG_FIRST,   /* no message has a type yet */
	PG_OFFERED, /* encryption was asked for */
	PG_LOGIN,   /* up to the first ReadyForQuery */
	PG_READY,
};

/* One direction. */
struct pg_side {
	unsigned char head[8];
	uint8_t head_len;
	bool in_body;
	uint32_t left; /* of the body */
};

struct data_walk {
	struct pg_side in[2]; /* requests, answers */
	uint8_t phase;	      /* enum pg_phase */
	unsigned char type;   /* of the client's message */
	char transaction;     /* as the last ReadyForQuery has it */
	/* The body of a client's message: texts that end by NUL. */
	uint8_t text_no;
	bool parsed;	      /* the request had a Parse */
	uint64_t hash;	      /* of a name so far */
	uint64_t portal;      /* of Bind */
	struct data_name statement; /* of Parse or Query */
	struct sql_scan sql;
	/* The body of a server's message. */
	size_t answer_at; /* bytes of it seen */
	char field;	  /* of an error: its type; NUL: that comes next */
	char code[DATA_CODE];
	uint8_t code_len;
	struct data_names names; /* statements and portals */
};

/* Of the client: a message begins, goes on and ends. What it names goes to the
 * command. */
void pg_body_begin(struct data_walk *w);
void pg_body(struct data_walk *w, struct data_command *c, const char *data,
    size_t len);
void pg_body_end(struct data_walk *w, struct data_command *c);
/* Of the server: the code of an error, the state of the transaction. */
void pg_answer_body(struct data_walk *w, struct data_command *c,
    const char *data, size_t len);

#endif
