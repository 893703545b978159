/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of a PostgreSQL server's messages (its documentation,
 * Frontend/Backend Protocol 3.0, Message Formats), fed with pieces of any
 * size. Rows and copied data come in pieces and are never kept; other
 * messages come whole. */
#ifndef LOAD_PG_READER_H
#define LOAD_PG_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define PG_MESSAGE_MAX (1024 * 1024) /* of those that come whole */

enum pg_event {
	PG_MORE,    /* all was taken */
	PG_PIECE,   /* of a column or of copied data */
	PG_MESSAGE, /* `type` and `text` hold one that came whole */
	PG_BAD,	    /* no message has that length: nothing more can be read */
};

/* Zeroed memory is ready. */
struct pg_reader {
	unsigned char head[5];
	uint8_t head_len;
	char type;
	uint32_t left; /* of the message */
	struct str text;
	/* Within a row: */
	unsigned char length[4];
	uint8_t length_len;
	bool in_row; /* the count of columns was read */
	uint32_t column_left;
};

/* Reads on until something is to be told; what was taken is cut off `data`.
 * `piece` borrows from it; r->text holds until the next message begins. */
enum pg_event pg_read(struct pg_reader *r, struct view *data,
		      struct view *piece);
void pg_reader_fini(struct pg_reader *r);

#endif
