/* SPDX-License-Identifier: Apache-2.0 */
/* What the /v1 API answers: bodies, headers, and errors that name the place.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "control/v1_call.h"

/* Findings without a place have this one (config/diag.h). */
#define NOWHERE "configuration"

bool
v1_fail(struct v1_call *call, int status, const char *field, const char *format,
	...)
{
	struct str place = {0};
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = xstrdup(format);
	va_end(args);
	str_add(&place, call->at != NULL ? call->at : "");
	if (field != NULL)
		str_printf(&place, "%s%s", place.len > 0 ? "." : "", field);
	conf_error(call->diag,
		   place.len > 0 ? &(struct conf_where){.file = place.text}
				 : NULL,
		   "%s", text);
	call->status = status;
	str_fini(&place);
	free(text);
	return false;
}

bool
v1_unknown(struct v1_call *call, const char *what, const char *name,
	   const char *hint)
{
	return v1_fail(call, 404, NULL, "there is no %s \"%.80s\"%s%s", what,
		       name, hint != NULL ? "; " : "",
		       hint != NULL ? hint : "");
}

static void
put_finding(struct jsonw *w, const struct conf_message *m)
{
	jsonw_put_string(w, "error", m->text);
	if (strcmp(m->where, NOWHERE) != 0)
		jsonw_put_string(w, "field", m->where);
}

void
v1_put_findings(struct str *to, const struct conf_diag *diag)
{
	const struct conf_message *first = conf_diag_first(diag);
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	if (first != NULL)
		put_finding(&w, first);
	else
		jsonw_put_string(&w, "error", conf_diag_text(diag));
	if (diag->errors > 1) {
		jsonw_key(&w, "errors");
		jsonw_array(&w);
		for (size_t i = 0; i < diag->count; i++) {
			if (diag->messages[i].warning)
				continue;
			jsonw_object(&w);
			put_finding(&w, &diag->messages[i]);
			jsonw_object_end(&w);
		}
		jsonw_array_end(&w);
	}
	jsonw_object_end(&w);
}

void
v1_put_seconds(struct jsonw *w, const char *key, int64_t us)
{
	char text[40];
	int len =
	    snprintf(text, sizeof(text), "%lld.%03d", (long long)(us / 1000000),
		     (int)(us % 1000000 / 1000));

	jsonw_key(w, key);
	jsonw_raw(w, (struct view){text, (size_t)len});
}

static void
add_location(struct v1_call *call)
{
	struct str *to = &call->reply->headers;

	str_add(to, "Location: ");
	for (size_t i = 0; i < call->request->path.len; i++)
		str_add_char(to, call->request->path.at[i]);
	str_add_char(to, '/');
	for (const char *p = call->made; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c) != NULL)
			str_add_char(to, (char)c);
		else
			str_printf(to, "%%%02X", c);
	}
	str_add(to, "\r\n");
}

void
v1_reply(struct v1_call *call, bool ok)
{
	struct web_reply *reply = call->reply;

	str_printf(&reply->headers, "ETag: \"%llu\"\r\n",
		   (unsigned long long)state_generation(call->v1->parts.state));
	str_add(&reply->headers, "Cache-Control: no-store\r\n"
				 "X-Content-Type-Options: nosniff\r\n");
	reply->status = call->status;
	if (!ok) {
		str_clear(&call->out);
		v1_put_findings(&call->out, call->diag);
	}
	if (ok && call->made != NULL && call->status == 201)
		add_location(call);
	if (call->out.len > 0 && reply->type == NULL)
		reply->type = "application/json";
	if (call->out.len > 0 && !reply->stream &&
	    strcmp(reply->type, "application/json") == 0)
		str_add_char(&call->out, '\n');
	str_add_bytes(&reply->body,
		      call->out.text != NULL ? call->out.text : "",
		      call->out.len);
}

bool
v1_dry_action(struct v1_call *call)
{
	str_add(
	    &call->out,
	    "{\"dry_run\":true,\"changes\":[],\"sessions\":0,\"matches\":[]}");
	call->status = 200;
	return true;
}
