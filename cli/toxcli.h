/* SPDX-License-Identifier: Apache-2.0 */
/* toxiproxy-cli: what its files share. Words, columns and codes are those of
 * Toxiproxy's client, because scripts read them. */
#ifndef CLI_TOXCLI_H
#define CLI_TOXCLI_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/options.h"
#include "client/http_client.h"

enum toxcli_colour { RED, GREEN, YELLOW, BLUE, PURPLE, NONE };

/* One run of it. Texts are borrowed from argv. */
struct toxcli {
	/* flags; each verb takes some of them */
	const char *host, *listen, *upstream, *type, *toxic, *toxicity;
	struct option_texts attributes; /* "k=v", or several with commas */
	bool is_upstream, is_downstream, help, version;
	const char *name;	/* of the proxy: the first word */
	bool is_terminal;
	struct http_client_target target;
	const struct toxcli_verb *verb;
	struct error error; /* of the last call that failed */
};

struct toxcli_verb {
	const char *names[5]; /* the name, its aliases; NULL-ended */
	const char *usage;    /* behind "toxiproxy-cli"; one line */
	const struct option_row *flags; /* beside the common ones; or NULL */
	int (*run)(struct toxcli *cli); /* returns an exit code */
	const struct toxcli_verb *verbs; /* ended by an empty one; or NULL */
};

/* The verbs. Each says what it did, or what failed, and returns an exit code.
 */
int toxcli_list(struct toxcli *cli);
int toxcli_inspect(struct toxcli *cli);
int toxcli_create(struct toxcli *cli);
int toxcli_toggle(struct toxcli *cli);
int toxcli_delete(struct toxcli *cli);
int toxcli_add(struct toxcli *cli);
int toxcli_update(struct toxcli *cli);
int toxcli_remove(struct toxcli *cli);

/* --- what they share (toxcli_call.c, toxcli_print.c) --- */

/* One call on "/proxies" and what follows (three segments that are escaped;
 * NULL ends them). The body (NULL: none) is taken. Returns true and the reply
 * in *to (owned; NULL if it is empty), or false and cli->error. */
bool toxcli_call(struct toxcli *cli, const char *method,
    const char *const path[4], json_t *body, json_t **to);
/* The proxy cli->name. Returns owned, or NULL and cli->error. */
json_t *toxcli_get(struct toxcli *cli);
/* Says on stderr what failed. Returns the code for it. */
int toxcli_fail(const char *format, ...) PRINTF_LIKE(1, 2);
/* False if there is no word: said, behind the verb's usage. */
bool toxcli_has_name(const struct toxcli *cli, const char *complaint);
/* The same for a flag that must be there and not be empty. */
bool toxcli_has_flag(const struct toxcli *cli, const char *value,
    const char *name);

/* The escape sequence on a terminal, else nothing. */
const char *toxcli_colour(const struct toxcli *cli, enum toxcli_colour colour);
/* "Hint: …", on a terminal. */
void toxcli_hint(const struct toxcli *cli, const char *text);
/* A number as Go's fmt.Print writes a float64. */
void toxcli_number(struct str *to, double value);
/* One line a toxic of that array whose stream is `stream` (NULL: any). Returns
 * how many. */
size_t toxcli_print_toxics(const struct toxcli *cli, const json_t *toxics,
    const char *stream);

#endif
