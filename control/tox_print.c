/* SPDX-License-Identifier: Apache-2.0 */
/* What Toxiproxy's API answers, in its shapes and orders. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/tox.h"

/* The attributes that clients of the classic toxics decode strictly. Kinds
 * that stand in no row are ours and show every parameter. */
static const struct {
	const char *type, *attributes[4];
} classic[] = {
    {"bandwidth", {"rate"}},
    {"latency", {"latency", "jitter"}},
    {"limit_data", {"bytes"}},
    {"noop", {NULL}},
    {"reset_peer", {"timeout"}},
    {"slicer", {"average_size", "size_variation", "delay"}},
    {"slow_close", {"delay"}},
    {"timeout", {"timeout"}},
};

/* Go's encoder writes < > & as escapes. */
static void
escape(struct str *body)
{
	struct str out = {0};

	for (size_t i = 0; i < body->len; i++) {
		switch (body->text[i]) {
		case '<':
			str_add(&out, "\\u003c");
			break;
		case '>':
			str_add(&out, "\\u003e");
			break;
		case '&':
			str_add(&out, "\\u0026");
			break;
		default:
			str_add_char(&out, body->text[i]);
		}
	}
	str_fini(body);
	*body = out;
}

bool
tox_error(struct tox_call *call, int status, const char *format, ...)
{
	struct web_reply *reply = call->reply;
	char text[1024];
	struct jsonw w;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	str_clear(&reply->body);
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	str_add(&reply->headers, "X-Content-Type-Options: nosniff\r\n");
	jsonw_init(&w, &reply->body);
	jsonw_object(&w);
	jsonw_put_string(&w, "error", text);
	jsonw_put_int(&w, "status", status);
	jsonw_object_end(&w);
	escape(&reply->body);
	str_add_char(&reply->body, '\n');
	return false;
}

void
tox_json(struct tox_call *call, int status)
{
	call->reply->status = status;
	call->reply->type = "application/json";
	escape(&call->reply->body);
}

/* The shortest text that reads back as the same float32. */
static void
print_float32(struct jsonw *w, double value)
{
	char text[40];

	value = (double)(float)value;
	for (int digits = 1; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtof(text, NULL) == (float)value)
			break;
	}
	jsonw_double(w, strtod(text, NULL));
}

static void
print_integer(struct jsonw *w, const struct conf_field *field,
    const void *params)
{
	const void *at = (const char *)params + field->offset;
	double bare = field->bare > 0 ? (double)field->bare : 1;

	if (field->type == CONF_RATE)
		jsonw_int(w, (int64_t)llround(*(const double *)at / bare));
	else
		jsonw_int(w, *(const int64_t *)at /
			(field->bare > 0 ? field->bare : 1));
}

/* A parameter that Toxiproxy does not know: numbers as numbers, the rest as
 * the configuration writes it. */
static void
print_other(struct jsonw *w, const struct conf_field *field,
    const void *params)
{
	const void *at = (const char *)params + field->offset;
	struct str text = {0};

	if (field->type == CONF_BOOL) {
		jsonw_bool(w, *(const bool *)at);
	} else if (field->type == CONF_INT) {
		jsonw_int(w, *(const int64_t *)at);
	} else if (field->type == CONF_FLOAT || field->type == CONF_FRACTION) {
		jsonw_double(w, *(const double *)at);
	} else if (field->type == CONF_STRING) {
		jsonw_string(w, *(char *const *)at);
	} else {
		conf_field_print(field, params, &text);
		if (text.len >= 2 && text.text[0] == '"')
			jsonw_raw(w, (struct view){text.text, text.len});
		else
			jsonw_string(w, text.text != NULL ? text.text : "");
	}
	str_fini(&text);
}

static void
print_attributes(struct jsonw *w, const struct conf_fault *fault)
{
	const struct conf_field *table = fault->kind->fields;

	if (tox_is_packet_loss(fault)) {
		jsonw_key(w, "loss_rate");
		print_other(w, conf_field_find(table, "rate"), fault->params);
		jsonw_key(w, "correlation");
		jsonw_double(w, tox_correlation(fault));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(classic); i++) {
		if (strcmp(classic[i].type, fault->kind->name) != 0)
			continue;
		for (size_t k = 0; classic[i].attributes[k] != NULL; k++) {
			jsonw_key(w, classic[i].attributes[k]);
			print_integer(w,
			    conf_field_find(table, classic[i].attributes[k]),
			    fault->params);
		}
		return;
	}
	for (; table->name != NULL; table++) {
		if (table->flags & CONF_HIDDEN)
			continue;
		jsonw_key(w, table->name);
		print_other(w, table, fault->params);
	}
}

static void
print_toxic(struct jsonw *w, const struct conf_fault *fault)
{
	static const char *const streams[] = {"upstream", "downstream", "both"};

	jsonw_object(w);
	jsonw_key(w, "attributes");
	jsonw_object(w);
	print_attributes(w, fault);
	jsonw_object_end(w);
	jsonw_put_string(w, "name", fault->name);
	jsonw_put_string(w, "type", fault->type_shown != NULL
		? fault->type_shown
		: fault->kind->name);
	jsonw_put_string(w, "stream", fault->stream_shown != NULL
		? fault->stream_shown
		: streams[fault->stream]);
	jsonw_key(w, "toxicity");
	print_float32(w, fault->conditions.probability);
	jsonw_object_end(w);
}

/* The upstream chain first, then the downstream one, each in order. A fault
 * that is not enabled is no toxic. */
static void
print_toxics(struct jsonw *w, const struct conf_route *route)
{
	jsonw_array(w);
	for (int down = 0; down <= 1; down++) {
		for (size_t i = 0; i < route->faults_count; i++) {
			const struct conf_fault *f = &route->faults[i];

			if (f->enabled &&
			    (f->stream == STREAM_DOWNSTREAM) == (down == 1))
				print_toxic(w, f);
		}
	}
	jsonw_array_end(w);
}

void
tox_print_toxic(struct str *to, const struct conf_fault *fault)
{
	struct jsonw w;

	jsonw_init(&w, to);
	print_toxic(&w, fault);
}

void
tox_print_toxics(struct str *to, const struct conf_route *route)
{
	struct jsonw w;

	jsonw_init(&w, to);
	print_toxics(&w, route);
}

const char *
tox_upstream(const struct conf_route *r)
{
	return r->upstream_shown != NULL ? r->upstream_shown
					 : r->upstream_text;
}

void
tox_print_proxy(struct str *to, const struct conf_route *route)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_put_string(&w, "name", route->name);
	jsonw_put_string(&w, "listen",
	    strcmp(route->listen_text, TOX_ANY_PORT) == 0 && !route->enabled
		? "" : route->listen_text);
	jsonw_put_string(&w, "upstream", tox_upstream(route));
	jsonw_put_bool(&w, "enabled", route->enabled);
	jsonw_key(&w, "toxics");
	print_toxics(&w, route);
	jsonw_object_end(&w);
}
