/* SPDX-License-Identifier: Apache-2.0 */
/* The ground of the commands that talk to a running faultwire. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/xalloc.h"
#include "cli/text_width.h"
#include "config/token.h"

#define LEASE_CHARACTERS                                                       \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

void
cli_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "faultwire %s: ", cli->command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* --- begin and end --- */

const char *
cli_setting(const char *option, const char *variable)
{
	const char *value = option != NULL ? option : getenv(variable);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool
find_api(struct cli *cli)
{
	const char *url = cli_setting(cli->control, "FAULTWIRE_CONTROL");
	struct error err = {0};

	if (http_client_target_init(&cli->target,
		url != NULL ? url : HTTP_CLIENT_URL, &err))
		return true;
	cli_say(cli, "%s: %s",
	    cli->control != NULL ? "--control" : "FAULTWIRE_CONTROL",
	    err.text);
	return false;
}

bool
cli_read_token(const char *name, const char *key, const char *file, char **to)
{
	struct str text = {0};
	struct error err = {0};

	*to = NULL;
	if (file == NULL)
		return true;
	if (conf_token_read(file, key, &text, &err)) {
		*to = str_take(&text);
		return true;
	}
	fprintf(stderr, "faultwire %s: %s\n", name, err.text);
	if (text.len > 0)
		OPENSSL_cleanse(text.text, text.len);
	str_fini(&text);
	return false;
}

static bool
read_token(struct cli *cli)
{
	bool ok = cli_read_token(cli->command->name,
	    cli->token_file != NULL ? "--token-file" : "FAULTWIRE_TOKEN_FILE",
	    cli_setting(cli->token_file, "FAULTWIRE_TOKEN_FILE"), &cli->token);

	cli->target.token = cli->token;
	return ok;
}

int
cli_begin(struct cli *cli, const struct command *command, int argc,
    char **argv)
{
	int rest = options_parse(command, argc, argv, cli);

	cli->command = command;
	if (rest < 0)
		return rest == -2 ? -EXIT_DONE : -EXIT_USAGE;
	if (argc - rest < command->args_min ||
	    argc - rest > command->args_max) {
		cli_say(cli, "expected \"faultwire %s %s\"\n"
			     "Try \"faultwire %s --help\".",
		    command->name, command->usage, command->name);
		return -EXIT_USAGE;
	}
	if (cli->lease != NULL &&
	    cli->lease[strspn(cli->lease, LEASE_CHARACTERS)] != '\0') {
		cli_say(cli, "--lease: expected the id that POST /v1/leases "
			     "answered");
		return -EXIT_USAGE;
	}
	if (!find_api(cli))
		return -EXIT_USAGE;
	return read_token(cli) ? rest : -EXIT_FAILED;
}

bool
cli_open(struct cli *cli, const struct command *command)
{
	cli->command = command;
	return find_api(cli) && read_token(cli);
}

int
cli_end(struct cli *cli, int code)
{
	http_client_target_fini(&cli->target);
	http_client_reply_fini(&cli->reply);
	json_decref(cli->answer);
	if (cli->token != NULL)
		OPENSSL_cleanse(cli->token, strlen(cli->token));
	free(cli->token);
	return code;
}

int
cli_run(struct cli *cli, const struct command *command, int argc,
    char **argv, int (*work)(struct cli *cli, int argc, char **args))
{
	int rest = cli_begin(cli, command, argc, argv), code = -rest;

	if (rest > 0)
		code = work(cli, argc - rest, argv + rest);
	return cli_end(cli, code);
}

/* --- calls --- */

static int
unreachable(const struct cli *cli, const struct error *err)
{
	if (!cli->quiet)
		cli_say(cli, "no control API at %s\n"
			     "Is faultwire running there? Say where it is "
			     "with --control URL or FAULTWIRE_CONTROL.",
		    err->text);
	return EXIT_UNREACHABLE;
}

/* A name is taken: what people would type then. */
static const struct {
	const char *command, *hint;
} taken[] = {
    {"fault add", "\nTo change it: faultwire fault set"},
    {"partition add", "\nTo remove it: faultwire partition remove"},
    {"route add", "\nTo change it: faultwire route set"},
};

static const char *
hint_of(const struct cli *cli, const json_t *said)
{
	int status = cli->reply.status;
	bool has_token = cli->token != NULL;

	for (size_t i = 0; i < COUNT_OF(taken); i++) {
		if (status == 409 &&
		    strcmp(cli_text(said, "field"), "name") == 0 &&
		    strcmp(cli->command->name, taken[i].command) == 0)
			return taken[i].hint;
	}
	if (status == 401 && has_token)
		return "\nThe token is not the one of control.token_file.";
	if (status == 401)
		return "\nSay where it is with --token-file FILE or "
		       "FAULTWIRE_TOKEN_FILE.";
	if (status == 403)
		return "\nUse the address of control.listen in --control.";
	return "";
}

/* What is wrong, behind where it is unless that is said anyhow. */
static void
say_error(const struct cli *cli, const json_t *finding, const char *hint)
{
	const char *where = cli_text(finding, "where");
	struct str line = {0};

	if (where[0] == '\0')
		where = cli_text(finding, "field");
	if (strncmp(cli_text(finding, "error"), where, strlen(where)) != 0) {
		text_add_clean(&line, where);
		str_add(&line, ": ");
	}
	text_add_clean(&line, cli_text(finding, "error"));
	cli_say(cli, "%s%s", line.text, hint);
	str_fini(&line);
}

/* A refusal in words: those of {"error", "field", "errors"}, or the text. */
static int
refused(const struct cli *cli)
{
	const struct http_client_reply *reply = &cli->reply;
	const char *text = reply->body.text != NULL ? reply->body.text : "";
	json_t *object = json_loads(text, 0, NULL);
	const json_t *errors = json_object_get(object, "errors");
	const char *hint = hint_of(cli, object);
	struct str line = {0};
	char *plain = xmemdup0(text, strcspn(text, "\r\n"));

	text_add_clean(&line, plain);
	str_add(&line, "");
	free(plain);
	if (cli->quiet) {
		/* The caller tells it, or tries again. */
	} else if (json_array_size(errors) > 1) {
		for (size_t i = 0; i < json_array_size(errors); i++)
			say_error(cli, json_array_get(errors, i), "");
	} else if (cli_text(object, "error")[0] != '\0') {
		say_error(cli, object, hint);
	} else {
		cli_say(cli, "refused with status %d: %.300s%s",
		    reply->status, line.text, hint);
	}
	str_fini(&line);
	json_decref(object);
	return EXIT_FAILED;
}

static int
parse(const struct cli *cli, json_t **to)
{
	const struct str *body = &cli->reply.body;
	json_error_t why;

	*to = NULL;
	if (body->len == 0)
		return EXIT_DONE;
	*to = json_loadb(body->text, body->len, 0, &why);
	if (*to != NULL)
		return EXIT_DONE;
	cli_say(cli, "the answer is no JSON: %s", why.text);
	return EXIT_FAILED;
}

/* One request; `reply` is cli->reply then. Returns an exit code. */
static int
send_request(struct cli *cli, const struct http_client_request *request)
{
	struct error err = {0};

	http_client_reply_fini(&cli->reply);
	if (!http_client_call(&cli->target, request, &cli->reply, &err))
		return unreachable(cli, &err);
	return cli->reply.status / 100 == 2 ? EXIT_DONE : refused(cli);
}

int
cli_call(struct cli *cli, const char *method, const char *path, json_t *body,
    json_t **to)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct http_client_request request = {method, path, text, cli->lease};
	int code = send_request(cli, &request);

	json_decref(body);
	free(text);
	if (to == NULL)
		return code;
	*to = NULL;
	return code == EXIT_DONE ? parse(cli, to) : code;
}

int
cli_get(struct cli *cli, const char *path, json_t **to)
{
	return cli_call(cli, "GET", path, NULL, to);
}

int
cli_stream(struct cli *cli, const char *path,
    const struct http_client_sink *sink)
{
	struct http_client_request request = {"GET", path, NULL, NULL};
	struct error err = {0};

	http_client_reply_fini(&cli->reply);
	if (http_client_stream(&cli->target, &request, sink, &cli->reply,
		&err))
		return cli->reply.status / 100 == 2 ? EXIT_DONE
						    : refused(cli);
	return err.code == ECANCELED ? EXIT_DONE : unreachable(cli, &err);
}

int
cli_read(struct cli *cli, const char *path, json_t **to)
{
	int code = cli_get(cli, path, to);

	if (code != EXIT_DONE || !cli->json)
		return code;
	cli_print_reply(cli);
	json_decref(*to);
	*to = NULL;
	return code;
}

/* --- printing --- */

bool
cli_colour(void)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

void
cli_print_table(struct table *table)
{
	struct table_look look = {.colour = cli_colour()};
	struct str out = {0};

	table_print(table, &look, &out);
	fputs(out.text, stdout);
	str_fini(&out);
	table_fini(table);
}

void
cli_print_reply(const struct cli *cli)
{
	const struct str *body = &cli->reply.body;

	if (body->len == 0)
		return;
	fwrite(body->text, 1, body->len, stdout);
	if (body->text[body->len - 1] != '\n')
		putchar('\n');
}

/* --- paths --- */

char *
cli_path(const char *format, ...)
{
	struct str path = {0};
	va_list args;

	va_start(args, format);
	for (; *format != '\0'; format++) {
		if (*format == '%')
			http_client_escape(&path, va_arg(args, const char *));
		else
			str_add_char(&path, *format);
	}
	va_end(args);
	return str_take(&path);
}

void
cli_query(struct str *path, const char *key, const char *value)
{
	if (value == NULL)
		return;
	str_add_char(path, strchr(path->text, '?') != NULL ? '&' : '?');
	str_add(path, key);
	str_add_char(path, '=');
	http_client_escape(path, value);
}

/* --- members --- */

const char *
cli_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

double
cli_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool
cli_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
