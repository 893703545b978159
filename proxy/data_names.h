/* SPDX-License-Identifier: Apache-2.0 */
/* What was prepared on a connection, by a number that stands for its name. */
#ifndef PROXY_DATA_NAMES_H
#define PROXY_DATA_NAMES_H

#include "proxy/data_walk.h"

struct data_name {
	uint64_t name; /* 0: free */
	uint64_t text; /* hash of the statement */
	char word[DATA_WORD]; /* with which it begins; "": none yet */
};

/* Zeroed memory is an empty set. Where there are very many names all are
 * forgotten: their commands are called EXECUTE then. */
struct data_names {
	struct data_name *slots; /* owned */
	size_t room, count;
};

/* Frees all; the set is empty then. */
void data_names_fini(struct data_names *n);
/* The entry of that name; NULL: there is none. Borrowed until the next one is
 * made or dropped. */
struct data_name *data_names_find(const struct data_names *n, uint64_t name);
/* The same, made if need be. */
struct data_name *data_names_add(struct data_names *n, uint64_t name);
/* Forgets it, if it is known. */
void data_names_drop(struct data_names *n, uint64_t name);

#endif
