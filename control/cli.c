/* SPDX-License-Identifier: Apache-2.0 */
/* The ground of the commands that talk to a running faultwire. */
#include "control/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/xalloc.h"
#include "config/source.h"

#define TOKEN_MAX 4096

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

static const char *
option_or_env(const char *option, const char *variable)
{
	const char *value = option != NULL ? option : getenv(variable);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool
find_api(struct cli *cli)
{
	const char *url = option_or_env(cli->control, "FAULTWIRE_CONTROL");
	struct error err = {0};

	if (http_client_target_init(&cli->target,
		url != NULL ? url : HTTP_CLIENT_URL, &err))
		return true;
	cli_say(cli, "%s: %s",
	    cli->control != NULL ? "--control" : "FAULTWIRE_CONTROL",
	    err.text);
	return false;
}

static bool
read_token(struct cli *cli)
{
	const char *file = option_or_env(cli->token_file,
	    "FAULTWIRE_TOKEN_FILE");
	struct str text = {0};
	struct error err = {0};

	if (file == NULL)
		return true;
	if (!source_read(file, TOKEN_MAX, &text, &err)) {
		cli_say(cli, "token file: %s", err.text);
		str_fini(&text);
		return false;
	}
	while (text.len > 0 && strchr(" \t\r\n", text.text[text.len - 1]))
		text.text[--text.len] = '\0';
	cli->token = str_take(&text);
	if (cli->token[strcspn(cli->token, "\r\n")] != '\0' ||
	    cli->token[0] == '\0') {
		cli_say(cli, "token file: %s: expected a token on one line",
		    file);
		return false;
	}
	cli->target.token = cli->token;
	return true;
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
	if (!find_api(cli))
		return -EXIT_USAGE;
	return read_token(cli) ? rest : -EXIT_FAILED;
}

int
cli_end(struct cli *cli, int code)
{
	http_client_target_fini(&cli->target);
	http_client_reply_fini(&cli->reply);
	if (cli->token != NULL)
		OPENSSL_cleanse(cli->token, strlen(cli->token));
	free(cli->token);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "faultwire: standard output took not all: %m\n");
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

/* --- calls --- */

static int
unreachable(const struct cli *cli, const struct error *err)
{
	cli_say(cli, "no control API at %s\n"
		     "Is faultwire running there? Say where it is with "
		     "--control URL or FAULTWIRE_CONTROL.", err->text);
	return EXIT_UNREACHABLE;
}

static const char *
hint_of(int status, bool has_token)
{
	if (status == 401 && has_token)
		return "\nThe token is not the one of control.token_file.";
	if (status == 401)
		return "\nSay where it is with --token-file FILE or "
		       "FAULTWIRE_TOKEN_FILE.";
	if (status == 403)
		return "\nUse the address of control.listen in --control.";
	return "";
}

/* A refusal in words: those of {"error", "field"}, or the text. */
static int
refused(const struct cli *cli)
{
	const struct http_client_reply *reply = &cli->reply;
	const char *text = reply->body.text != NULL ? reply->body.text : "";
	json_t *object = json_loads(text, 0, NULL);
	const char *hint = hint_of(reply->status, cli->token != NULL);
	const char *error = cli_text(object, "error");
	const char *field = cli_text(object, "field");

	if (error[0] == '\0')
		cli_say(cli, "refused with status %d: %.*s%s", reply->status,
		    (int)strcspn(text, "\r\n"), text, hint);
	else if (field[0] != '\0' && strstr(error, field) == NULL)
		cli_say(cli, "%s: %s%s", field, error, hint);
	else
		cli_say(cli, "%s%s", error, hint);
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

int
cli_call(struct cli *cli, const char *method, const char *path, json_t *body,
    json_t **to)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct http_client_request request = {method, path, text};
	struct error err = {0};
	int code = EXIT_DONE;

	json_decref(body);
	http_client_reply_fini(&cli->reply);
	if (!http_client_call(&cli->target, &request, &cli->reply, &err))
		code = unreachable(cli, &err);
	else if (cli->reply.status / 100 != 2)
		code = refused(cli);
	else if (to != NULL)
		code = parse(cli, to);
	free(text);
	return code;
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
	struct http_client_request request = {"GET", path, NULL};
	struct error err = {0};

	http_client_reply_fini(&cli->reply);
	if (!http_client_stream(&cli->target, &request, sink, &cli->reply,
		&err))
		return unreachable(cli, &err);
	return cli->reply.status / 100 == 2 ? EXIT_DONE : refused(cli);
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

char *
cli_path(const char *prefix, const char *name)
{
	struct str path = {0};

	str_add(&path, prefix);
	http_client_escape(&path, name);
	return str_take(&path);
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
