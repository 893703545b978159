/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that talk to a running faultwire share: where it is, the
 * token, one call, and words about what went wrong. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/options.h"
#include "cli/table.h"
#include "client/http_client.h"

/* The first member of every such command's options. Zeroed before use. */
struct cli {
	const char *control, *token_file; /* as options say */
	bool json;
	bool dry_run;			  /* of changes */
	const char *lease;		  /* of changes; NULL: none */
	bool quiet;			  /* calls that fail say nothing */
	const struct command *command;	  /* borrowed, for messages */
	struct http_client_target target;
	char *token;			  /* owned; NULL: none */
	struct http_client_reply reply;	  /* of the last call */
	json_t *answer;			  /* of the last change; owned */
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
/* Of commands that change something. */
#define CLI_CHANGE                                                             \
	{0, "dry-run", OPTION_FLAG, offsetof(struct cli, dry_run), NULL,       \
	    "change nothing, tell what would change"}
#define CLI_LEASE                                                              \
	{0, "lease", OPTION_TEXT, offsetof(struct cli, lease), "LEASE",        \
	    "what is made ends with this lease"}

/* Parses the options into *cli (its command's struct), counts the arguments,
 * finds the API and reads the token. Returns the index of the first argument,
 * or, at most 0, the negative of an exit code (said on stderr). cli_end() is
 * due in any case. */
int cli_begin(struct cli *cli, const struct command *command, int argc,
    char **argv);
/* The part of it that finds the API and reads the token, as the members
 * control and token_file say. False: said on stderr. cli_end() is due. */
bool cli_open(struct cli *cli, const struct command *command);
/* The option's value, else that of the variable; NULL: neither, or empty. */
const char *cli_setting(const char *option, const char *variable);
/* Reads a token, owned, from the file that `key` names; file NULL: there is
 * none, *to is NULL. False: said on stderr, by the command of that name. */
bool cli_read_token(const char *name, const char *key, const char *file,
    char **to);
/* Frees what *cli owns. Returns `code`. */
int cli_end(struct cli *cli, int code);

/* A whole command: begins, lets `work` do it with the arguments, and ends.
 * Returns an exit code. */
int cli_run(struct cli *cli, const struct command *command, int argc,
    char **argv, int (*work)(struct cli *cli, int argc, char **args));

/* One call; `body` (NULL: none) is taken. Returns EXIT_DONE with the parsed
 * reply in *to (owned; NULL if it had no body; to NULL: not wanted), or
 * another exit code after saying on stderr what went wrong. */
int cli_call(struct cli *cli, const char *method, const char *path,
    json_t *body, json_t **to);
/* A call of GET without a body; likewise. */
int cli_get(struct cli *cli, const char *path, json_t **to);
/* A change, as --dry-run and --lease say; `body` (NULL: none) is taken. Prints
 * what the API answered (--json, --dry-run), else what `done` gives; NULL:
 * the caller prints cli->answer, if cli_talks(). Returns an exit code. */
int cli_change(struct cli *cli, const char *method, const char *path,
    json_t *body, const char *done);
/* Was a change made that people are to be told of? */
bool cli_talks(const struct cli *cli, int code);
/* A read: *to as of cli_call(), or, with --json, the answer is printed and *to
 * is NULL. */
int cli_read(struct cli *cli, const char *path, json_t **to);
/* A stream of data; the sink gets what comes. Returns an exit code. */
int cli_stream(struct cli *cli, const char *path,
    const struct http_client_sink *sink);
/* Prints a table on stdout, as wide as it wants to be; frees it. */
void cli_print_table(struct table *table);
/* May stdout be coloured? */
bool cli_colour(void);
/* Prints the last reply's body as it came. */
void cli_print_reply(const struct cli *cli);
/* "faultwire status: …" on stderr, with a line feed. */
void cli_say(const struct cli *cli, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* A path, owned: every "%" of `format` stands for the next argument, a const
 * char * that is escaped: "/v1/routes/%/faults/%". */
char *cli_path(const char *format, ...) WARN_UNUSED;
/* Appends "?key=value", or with "&", the value escaped; nothing if it is
 * NULL. */
void cli_query(struct str *path, const char *key, const char *value);

/* Members by name; what is absent or of another type is "", 0, false. Text is
 * borrowed. */
const char *cli_text(const json_t *object, const char *key);
double cli_number(const json_t *object, const char *key);
bool cli_bool(const json_t *object, const char *key);

#endif
