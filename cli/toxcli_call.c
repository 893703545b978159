/* SPDX-License-Identifier: Apache-2.0 */
/* toxiproxy-cli: calls of the API, and complaints. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/toxcli.h"

/* --- words --- */

int
toxcli_fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

bool
toxcli_has_name(const struct toxcli *cli, const char *complaint)
{
	if (cli->name != NULL && *cli->name != '\0')
		return true;
	printf("Usage: toxiproxy-cli %s\n", cli->verb->usage);
	toxcli_fail("%s", complaint);
	return false;
}

bool
toxcli_has_flag(const struct toxcli *cli, const char *value, const char *name)
{
	if (value != NULL && *value != '\0')
		return true;
	printf("Usage: toxiproxy-cli %s\n", cli->verb->usage);
	toxcli_fail("Required argument '%s' was empty.\n", name);
	return false;
}

/* --- calls --- */

/* The API's error, as Go's client words it. */
static bool
refused(struct toxcli *cli, const struct http_client_reply *reply)
{
	const char *text = reply->body.text != NULL ? reply->body.text : "";
	json_t *said = json_loads(text, 0, NULL);
	const char *error = json_string_value(json_object_get(said, "error"));

	error_set(&cli->error, 0, "HTTP %d: %.400s", reply->status,
	    error != NULL ? error : text);
	json_decref(said);
	return false;
}

bool
toxcli_call(struct toxcli *cli, const char *method, const char *const path[4],
    json_t *body, json_t **to)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct http_client_reply reply = {0};
	struct str full = {0};
	struct error why;
	bool ok;

	str_add(&full, "/proxies");
	for (size_t i = 0; path[i] != NULL; i++) {
		str_add_char(&full, '/');
		http_client_escape(&full, path[i]);
	}
	*to = NULL;
	ok = http_client_call(&cli->target, &(struct http_client_request){
	    .method = method, .path = full.text, .body = text}, &reply, &why);
	if (!ok)
		error_set(&cli->error, why.code, "fail to request: %s",
		    why.text);
	else if (reply.status / 100 != 2)
		ok = refused(cli, &reply);
	else if (reply.body.len > 0)
		*to = json_loadb(reply.body.text, reply.body.len, 0, NULL);
	json_decref(body);
	free(text);
	str_fini(&full);
	http_client_reply_fini(&reply);
	return ok;
}

json_t *
toxcli_get(struct toxcli *cli)
{
	const char *const path[4] = {cli->name};
	json_t *proxy;

	if (!toxcli_call(cli, "GET", path, NULL, &proxy))
		return NULL;
	if (proxy == NULL)
		error_set(&cli->error, 0, "the answer is no JSON");
	return proxy;
}
