/* SPDX-License-Identifier: Apache-2.0 */
/* Where among commands and answers the bytes of a data protocol are. Walkers
 * are pure: they look at bytes as they come, in pieces of any size, keep no
 * copy but the beginning of a text, and never wait for a whole message. What
 * they do not understand they say (`opaque`), and are not asked again. */
#ifndef PROXY_DATA_WALK_H
#define PROXY_DATA_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define DATA_WORD  20  /* room of a command's name; longer ones are cut */
#define DATA_WORDS 8   /* different names in one request; more are forgotten */
#define DATA_TEXT  512 /* bytes kept of what was asked */
#define DATA_CODE  12  /* room of an error's code */

/* One request and its answer. Zeroed memory is one that has not begun. */
struct data_command {
	char words[DATA_WORDS][DATA_WORD]; /* upper case, each once */
	uint8_t words_count;
	bool watched;	   /* hash and text are wanted */
	bool push;	   /* no request: the server speaks by itself */
	bool request_done; /* the request is over */
	bool open;	   /* what follows may still belong to the request */
	bool failed;	   /* an answer was an error */
	uint64_t asked;	   /* answers that it is owed */
	uint64_t answered; /* … and has got */
	uint64_t hash;	   /* of what was asked; 0: nothing was */
	struct str text;   /* its beginning; owned */
	const char *transaction; /* as it was when the answer began; constant */
	const char *opaque; /* why the rest of both directions is not
			       understood; constant; NULL: it is */
	char code[DATA_CODE]; /* of the first error */
};

/* Frees what it keeps; zeroed memory is accepted. */
void data_command_fini(struct data_command *c);
/* Another name, in any case of letters; len may be more than fits. */
void data_command_word(struct data_command *c, const char *word, size_t len);
/* True if it has that name, which is in upper case. */
bool data_command_has(const struct data_command *c, const char *word);
/* Bytes of what was asked; nothing unless it is watched. */
void data_command_text(struct data_command *c, const char *data, size_t len);
/* The first error counts. */
void data_command_error(struct data_command *c, const char *code, size_t len);

struct data_walk;

struct data_ops {
	/* Returned owned. */
	struct data_walk *(*new)(void);
	void (*free)(struct data_walk *);
	/* Bytes of the client: as far as the end of the request, which goes on
	 * in the next call if request_done is not set. Returns how many are
	 * its own; 0: it is over (request_done), and they belong to another
	 * one. */
	size_t (*request)(struct data_walk *, struct data_command *,
	    const char *data, size_t len);
	/* Bytes of the server for the oldest command that is not answered, or
	 * one that is a push: as far as the end of an answer or push, and then
	 * *over. Returns how many, at least 1. */
	size_t (*answer)(struct data_walk *, struct data_command *,
	    const char *data, size_t len, bool *over);
	/* As in struct protocol_ops; NULL: nothing. */
	size_t (*offer)(const char *data, size_t len, char *answer);
	const char *question; /* before TLS with the upstream; NULL: none */
	size_t question_len;
	/* The transaction now: "none", "open", "failed"; NULL: not known. */
	const char *(*transaction)(const struct data_walk *);
	/* A command that ends a transaction for good. */
	const char *commit;
	/* Names that events tell; others are "OTHER". In alphabetical order. */
	const char *const *methods;
	size_t methods_count;
	/* Those that change nothing of what is stored; likewise. */
	const char *const *reads;
	size_t reads_count;
};

extern const struct data_ops data_redis, data_postgres, data_mysql;

/* The first of its names that says most: constant. */
const char *data_method(const struct data_ops *ops,
    const struct data_command *c);
/* May it change what is stored? */
bool data_stores(const struct data_ops *ops, const struct data_command *c);

#endif
