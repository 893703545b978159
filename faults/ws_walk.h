/* SPDX-License-Identifier: Apache-2.0 */
/* How the ws_ kinds go over the messages of one direction of a WebSocket: they
 * choose some, and say what becomes of their bytes. All others pass.
 *
 * The parameters of such a kind begin with a struct ws_choice, its state with
 * a struct ws_walk. What is no WebSocket passes; so does everything once the
 * bytes are no frames: the peer is the one to object. A message may come in
 * frames with control frames of others in between. */
#ifndef FAULTS_WS_WALK_H
#define FAULTS_WS_WALK_H

#include "faults/fault.h"
#include "faults/ws.h"

/* Which messages. */
struct ws_choice {
	int opcode;	  /* enum ws_sort */
	int64_t messages; /* that pass before the first */
	double rate;
	int64_t most; /* 0: no limit */
};

enum ws_sort {
	WS_SORT_DATA,
	WS_SORT_TEXT,
	WS_SORT_BINARY,
	WS_SORT_PING,
	WS_SORT_PONG,
	WS_SORT_CLOSE,
	WS_SORT_ANY,
};
extern const char *const ws_sorts[];

/* The fields of a struct ws_choice at the beginning of parameters. */
#define WS_CHOICE_FIELDS                                                       \
	{.name = "opcode",                                                     \
	    .type = CONF_ENUM,                                                 \
	    .offset = offsetof(struct ws_choice, opcode),                      \
	    .def = "data",                                                     \
	    .choices = ws_sorts,                                               \
	    .help = "Which messages it is about; data: text and binary; any: " \
		    "control frames as well"},                                 \
	    {.name = "messages",                                               \
		.type = CONF_INT,                                              \
		.offset = offsetof(struct ws_choice, messages),                \
		.def = "0",                                                    \
		.max = 1e9,                                                    \
		.help = "Of those, so many pass at first"},                    \
	    {.name = "rate",                                                   \
		.type = CONF_FRACTION,                                         \
		.offset = offsetof(struct ws_choice, rate),                    \
		.def = "1",                                                    \
		.max = 1,                                                      \
		.help = "Share of the others that is chosen, drawn for each"}, \
	{                                                                      \
		.name = "most", .type = CONF_INT,                              \
		.offset = offsetof(struct ws_choice, most), .def = "0",        \
		.max = 1e9,                                                    \
		.help = "So many are chosen at most, per direction of a "      \
			"connection; 0: no limit"                              \
	}

struct ws_walk {
	struct ws_scan scan; /* before the frame under way, or (joining) where
				the bytes behind `ahead` stand */
	struct ws_head frame; /* under way */
	uint64_t left;	/* bytes of it that are still to come, head included */
	size_t ahead;	/* bytes that come before those the scan knows */
	uint64_t seen, chosen; /* messages */
	bool joined, live, lost;
	bool message_chosen; /* the message whose fragments go on */
	bool is_chosen;	     /* the frame under way belongs to a chosen one */
};

struct ws_walk_ops {
	/* A chosen message begins. May be NULL. */
	void (*begin)(struct stage *);
	/* The first n held bytes belong to a chosen message. Passes or drops
	 * some, returns how many; 0: it waits, or ended the flow. */
	size_t (*bytes)(struct stage *, size_t n);
	/* It is complete. May be NULL. */
	void (*end)(struct stage *);
};

/* The attach slot of such a kind. */
void ws_walk_attach(struct stage *s);
/* Goes over what is held. */
void ws_walk(struct stage *s, const struct ws_walk_ops *ops);

#endif
