/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that talk to a running faultwire share: where it is, the
 * token, one call, and words about what went wrong. */
#ifndef CONTROL_CLI_H
#define CONTROL_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "control/http_client.h"
#include "control/options.h"

/* The first member of every such command's options. Zeroed before use. */
struct cli {
	const char *control, *token_file; /* as options say */
	bool json;
	const struct command *command;	  /* borrowed, for messages */
	struct http_client_target target;
	char *token;			  /* owned; NULL: none */
	struct http_client_reply reply;	  /* of the last call */
};

/* Rows of an option table. */
#define CLI_OPTIONS                                                            \
	{0, "control", OPTION_TEXT, offsetof(struct cli, control), "URL",      \
	    "its control API: http://HOST:PORT or unix:PATH"},                 \
	{                                                                      \
		0, "token-file", OPTION_TEXT,                                  \
		    offsetof(struct cli, token_file), "FILE",                  \
		    "where the token of its API is"                            \
	}
#define CLI_JSON                                                               \
	{                                                                      \
		0, "json", OPTION_FLAG, offsetof(struct cli, json), NULL,      \
		    "print the API's answer as JSON"                           \
	}

/* Parses the options into *cli (its command's struct), counts the arguments,
 * finds the API and reads the token. Returns the index of the first argument,
 * or, at most 0, the negative of an exit code (said on stderr). cli_end() is
 * due in any case. */
int cli_begin(struct cli *cli, const struct command *command, int argc,
    char **argv);
/* Frees what *cli owns and flushes stdout. Returns `code`, or EXIT_FAILED if
 * the output could not be written. */
int cli_end(struct cli *cli, int code);

/* One call; `body` (NULL: none) is taken. Returns EXIT_DONE with the parsed
 * reply in *to (owned; NULL if it had no body; to NULL: not wanted), or
 * another exit code after saying on stderr what went wrong. */
int cli_call(struct cli *cli, const char *method, const char *path,
    json_t *body, json_t **to);
int cli_get(struct cli *cli, const char *path, json_t **to);
/* A stream of data; the sink gets what comes. Returns an exit code. */
int cli_stream(struct cli *cli, const char *path,
    const struct http_client_sink *sink);
/* Prints the last reply's body as it came. */
void cli_print_reply(const struct cli *cli);
/* "faultwire status: …" on stderr, with a line feed. */
void cli_say(const struct cli *cli, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* "/v1/routes/" and so on with `name` escaped behind it; owned. */
char *cli_path(const char *prefix, const char *name) WARN_UNUSED;

/* Members by name; what is absent or of another type is "", 0, false. */
const char *cli_text(const json_t *object, const char *key);
double cli_number(const json_t *object, const char *key);
bool cli_bool(const json_t *object, const char *key);

#endif
