/* SPDX-License-Identifier: Apache-2.0 */
/* Spans as JSON: for people who look, and receivers that know no protobuf. */
#include "observe/otlp_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* Of Span.flags, beside those of the trace. */
#define FLAG_KNOWS_REMOTE 0x100u
#define FLAG_REMOTE	  0x200u

uint32_t
otlp_flags(const struct otlp_span *span)
{
	return span->flags | FLAG_KNOWS_REMOTE |
	    (span->remote ? FLAG_REMOTE : 0);
}

/* How many bytes from the front are ASCII, at least; by words. */
static size_t
ascii_len(const char *text, size_t len)
{
	size_t at = 0;
	uint64_t word;

	for (; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	return at;
}

void
otlp_clean(struct str *to, const char *text)
{
	size_t len = strlen(text), good = 0, at = ascii_len(text, len);

	while (at < len) {
		size_t n = (unsigned char)text[at] < 0x80
		    ? 1
		    : str_utf8((const unsigned char *)text + at, len - at);

		if (n == 0) {
			str_add_bytes(to, text + good, at - good);
			str_add(to, "\xef\xbf\xbd");
			good = at + 1;
		}
		at += n > 0 ? n : 1;
	}
	str_add_bytes(to, text + good, len - good);
}

static void
put_long(struct jsonw *w, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, value);
	jsonw_put_string(w, key, text);
}

static void
put_time(struct jsonw *w, const char *key, int64_t time_us)
{
	put_long(w, key, time_us * 1000);
}

static void
put_id(struct jsonw *w, const char *key, const unsigned char *id, size_t size)
{
	char text[TRACE_ID_TEXT];

	trace_hex(id, size, text);
	jsonw_put_string(w, key, text);
}

static void
put_value(struct jsonw *w, const struct otlp_attr *attr)
{
	jsonw_key(w, "value");
	jsonw_object(w);
	switch (attr->type) {
	case OTLP_STRING:
		jsonw_put_string(w, "stringValue", attr->s);
		break;
	case OTLP_BOOL:
		jsonw_put_bool(w, "boolValue", attr->b);
		break;
	case OTLP_INT:
		put_long(w, "intValue", attr->i);
		break;
	case OTLP_DOUBLE:
		jsonw_put_double(w, "doubleValue", attr->d);
		break;
	}
	jsonw_object_end(w);
}

static void
put_attrs(struct jsonw *w, const struct otlp_attrs *attrs)
{
	if (attrs->count == 0)
		return;
	jsonw_key(w, "attributes");
	jsonw_array(w);
	for (size_t i = 0; i < attrs->count; i++) {
		jsonw_object(w);
		jsonw_put_string(w, "key", attrs->items[i].key);
		put_value(w, &attrs->items[i]);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void
put_events(struct jsonw *w, const struct otlp_span *span)
{
	if (span->events_count == 0)
		return;
	jsonw_key(w, "events");
	jsonw_array(w);
	for (size_t i = 0; i < span->events_count; i++) {
		jsonw_object(w);
		put_time(w, "timeUnixNano", span->events[i].time_us);
		jsonw_put_string(w, "name", span->events[i].name);
		put_attrs(w, &span->events[i].attrs);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	if (span->events_dropped > 0)
		jsonw_put_uint(w, "droppedEventsCount", span->events_dropped);
}

static void
put_link(struct jsonw *w, const struct otlp_span *span)
{
	if (!span_id_is_set(span->link_id))
		return;
	jsonw_key(w, "links");
	jsonw_array(w);
	jsonw_object(w);
	put_id(w, "traceId", span->trace_id, TRACE_ID_SIZE);
	put_id(w, "spanId", span->link_id, SPAN_ID_SIZE);
	jsonw_object_end(w);
	jsonw_array_end(w);
}

void
otlp_json_span(struct str *to, const struct otlp_span *span)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	put_id(&w, "traceId", span->trace_id, TRACE_ID_SIZE);
	put_id(&w, "spanId", span->span_id, SPAN_ID_SIZE);
	if (span->state != NULL)
		jsonw_put_string(&w, "traceState", span->state);
	if (span_id_is_set(span->parent_id))
		put_id(&w, "parentSpanId", span->parent_id, SPAN_ID_SIZE);
	jsonw_put_string(&w, "name", span->name);
	jsonw_put_int(&w, "kind", span->kind);
	put_time(&w, "startTimeUnixNano", span->start_us);
	put_time(&w, "endTimeUnixNano", span->end_us);
	put_attrs(&w, &span->attrs);
	put_events(&w, span);
	put_link(&w, span);
	if (span->status != OTLP_UNSET) {
		jsonw_key(&w, "status");
		jsonw_object(&w);
		jsonw_put_int(&w, "code", span->status);
		jsonw_object_end(&w);
	}
	jsonw_put_uint(&w, "flags", otlp_flags(span));
	jsonw_object_end(&w);
}

static void
put_scope_spans(struct jsonw *w, const struct otlp_source *source,
    const struct str *spans, size_t count)
{
	jsonw_object(w);
	jsonw_key(w, "scope");
	jsonw_object(w);
	jsonw_put_string(w, "name", source->scope);
	jsonw_put_string(w, "version", source->version);
	jsonw_object_end(w);
	jsonw_key(w, "spans");
	jsonw_array(w);
	for (size_t i = 0; i < count; i++)
		jsonw_raw(w, (struct view){spans[i].text, spans[i].len});
	jsonw_array_end(w);
	jsonw_object_end(w);
}

void
otlp_json_request(struct str *to, const struct otlp_source *source,
    const struct str *spans, size_t count)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_key(&w, "resourceSpans");
	jsonw_array(&w);
	jsonw_object(&w);
	jsonw_key(&w, "resource");
	jsonw_object(&w);
	put_attrs(&w, source->resource);
	jsonw_object_end(&w);
	jsonw_key(&w, "scopeSpans");
	jsonw_array(&w);
	put_scope_spans(&w, source, spans, count);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}

int64_t
otlp_json_rejected(struct view body)
{
	const struct view key = VIEW("\"rejectedSpans\"");
	const char *end = body.at + body.len;
	const char *at = body.len > 0
	    ? memmem(body.at, body.len, key.at, key.len)
	    : NULL;
	int64_t value = 0;

	if (at == NULL)
		return 0;
	at += key.len;
	while (at < end && strchr(" \t\r\n:\"", *at) != NULL && *at != '\0')
		at++;
	for (; at < end && *at >= '0' && *at <= '9' && value < 1000000; at++)
		value = value * 10 + *at - '0';
	return value;
}
