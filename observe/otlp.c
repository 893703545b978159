/* SPDX-License-Identifier: Apache-2.0 */
/* What both forms share, and the one that goes over the wire by default. The
 * numbers of fields are those of opentelemetry/proto/trace/v1 and its
 * neighbours; a field that has its default is not written, as protobuf has
 * it. */
#include "observe/otlp.h"

#include <string.h>

#include "base/attr.h"
#include "observe/otlp_json.h"

#define SPAN_ROOM 512 /* what most take */

/* How a field is laid out. */
enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LEN = 2, WIRE_FIXED32 = 5 };

/* ExportTraceServiceRequest, ResourceSpans, ScopeSpans */
enum { REQUEST_RESOURCE_SPANS = 1 };
enum { RESOURCE_SPANS_RESOURCE = 1, RESOURCE_SPANS_SCOPE_SPANS = 2 };
enum { RESOURCE_ATTRIBUTES = 1 };
enum { SCOPE_SPANS_SCOPE = 1, SCOPE_SPANS_SPANS = 2 };
enum { SCOPE_NAME = 1, SCOPE_VERSION = 2 };
/* KeyValue, AnyValue */
enum { KEY_VALUE_KEY = 1, KEY_VALUE_VALUE = 2 };
enum { VALUE_STRING = 1, VALUE_BOOL = 2, VALUE_INT = 3, VALUE_DOUBLE = 4 };
enum {
	SPAN_TRACE_ID = 1,
	SPAN_ID = 2,
	SPAN_STATE = 3,
	SPAN_PARENT = 4,
	SPAN_NAME = 5,
	SPAN_KIND = 6,
	SPAN_START = 7,
	SPAN_END = 8,
	SPAN_ATTRIBUTES = 9,
	SPAN_EVENTS = 11,
	SPAN_EVENTS_DROPPED = 12,
	SPAN_LINKS = 13,
	SPAN_STATUS = 15,
	SPAN_FLAGS = 16,
};
enum { EVENT_TIME = 1, EVENT_NAME = 2, EVENT_ATTRIBUTES = 3 };
enum { LINK_TRACE_ID = 1, LINK_SPAN_ID = 2 };
enum { STATUS_CODE = 3 };
/* ExportTraceServiceResponse, ExportTracePartialSuccess */
enum { RESPONSE_PARTIAL = 1, PARTIAL_REJECTED = 1 };

void
otlp_add(struct otlp_attrs *to, struct otlp_attr attr)
{
	if ((attr.type == OTLP_STRING && attr.s == NULL) ||
	    to->count == OTLP_ATTRS_MAX)
		return;
	to->items[to->count++] = attr;
}

/* --- protobuf --- */

#define VARINT_MAX 10

/* Returns its length. */
static size_t
make_varint(char text[VARINT_MAX], uint64_t value)
{
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		text[len++] = (char)(value | 0x80);
	text[len++] = (char)value;
	return len;
}

static void
put_varint(struct str *to, uint64_t value)
{
	str_reserve(to, VARINT_MAX);
	to->len += make_varint(to->text + to->len, value);
	to->text[to->len] = '\0';
}

static void
put_tag(struct str *to, unsigned field, enum wire wire)
{
	put_varint(to, field << 3 | (unsigned)wire);
}

static void
put_fixed(struct str *to, uint64_t value, size_t bytes)
{
	char text[8];

	for (size_t i = 0; i < bytes; i++)
		text[i] = (char)(value >> (8 * i));
	str_add_bytes(to, text, bytes);
}

static void
put_bytes(struct str *to, unsigned field, const void *data, size_t len)
{
	put_tag(to, field, WIRE_LEN);
	put_varint(to, len);
	str_add_bytes(to, data, len);
}

/* Begins a message, or a string, inside of another: what is added until
 * end_inner(), whose length is not known before. Returns where. */
static size_t
begin_inner(struct str *to, unsigned field)
{
	put_tag(to, field, WIRE_LEN);
	put_varint(to, 0);
	return to->len;
}

/* Its length goes before it: one byte nearly always, which is there. */
static void
end_inner(struct str *to, size_t begin)
{
	size_t len = to->len - begin, room;
	char length[VARINT_MAX];

	if (len < 0x80) {
		to->text[begin - 1] = (char)len;
		return;
	}
	room = make_varint(length, len);
	str_add_bytes(to, length + 1, room - 1);
	memmove(to->text + begin + room - 1, to->text + begin, len);
	memcpy(to->text + begin - 1, length, room);
}

/* A string that is there, be it empty: values of attributes are. */
static void
put_string(struct str *to, unsigned field, const char *text)
{
	size_t begin = begin_inner(to, field);

	otlp_clean(to, text);
	end_inner(to, begin);
}

static void
put_number(struct str *to, unsigned field, uint64_t value)
{
	if (value == 0)
		return;
	put_tag(to, field, WIRE_VARINT);
	put_varint(to, value);
}

static void
put_time(struct str *to, unsigned field, int64_t time_us)
{
	put_tag(to, field, WIRE_FIXED64);
	put_fixed(to, (uint64_t)time_us * 1000, 8);
}

static void
put_value(struct str *to, const struct otlp_attr *attr)
{
	uint64_t bits;

	switch (attr->type) {
	case OTLP_STRING:
		put_string(to, VALUE_STRING, attr->s);
		return;
	case OTLP_BOOL:
		put_tag(to, VALUE_BOOL, WIRE_VARINT);
		put_varint(to, attr->b);
		return;
	case OTLP_INT:
		put_tag(to, VALUE_INT, WIRE_VARINT);
		put_varint(to, (uint64_t)attr->i);
		return;
	case OTLP_DOUBLE:
		memcpy(&bits, &attr->d, sizeof(bits));
		put_tag(to, VALUE_DOUBLE, WIRE_FIXED64);
		put_fixed(to, bits, 8);
		return;
	}
}

static void
put_attrs(struct str *to, unsigned field, const struct otlp_attrs *attrs)
{
	for (size_t i = 0; i < attrs->count; i++) {
		size_t pair = begin_inner(to, field), value;

		put_string(to, KEY_VALUE_KEY, attrs->items[i].key);
		value = begin_inner(to, KEY_VALUE_VALUE);
		put_value(to, &attrs->items[i]);
		end_inner(to, value);
		end_inner(to, pair);
	}
}

static void
put_events(struct str *to, const struct otlp_span *span)
{
	for (size_t i = 0; i < span->events_count; i++) {
		size_t event = begin_inner(to, SPAN_EVENTS);

		put_time(to, EVENT_TIME, span->events[i].time_us);
		put_string(to, EVENT_NAME, span->events[i].name);
		put_attrs(to, EVENT_ATTRIBUTES, &span->events[i].attrs);
		end_inner(to, event);
	}
	put_number(to, SPAN_EVENTS_DROPPED, span->events_dropped);
}

static void
put_link(struct str *to, const struct otlp_span *span)
{
	size_t link;

	if (!span_id_is_set(span->link_id))
		return;
	link = begin_inner(to, SPAN_LINKS);
	put_bytes(to, LINK_TRACE_ID, span->trace_id, TRACE_ID_SIZE);
	put_bytes(to, LINK_SPAN_ID, span->link_id, SPAN_ID_SIZE);
	end_inner(to, link);
}

static void
put_span(struct str *to, const struct otlp_span *span)
{
	size_t status;

	str_reserve(to, SPAN_ROOM);
	put_bytes(to, SPAN_TRACE_ID, span->trace_id, TRACE_ID_SIZE);
	put_bytes(to, SPAN_ID, span->span_id, SPAN_ID_SIZE);
	if (span->state != NULL)
		put_string(to, SPAN_STATE, span->state);
	if (span_id_is_set(span->parent_id))
		put_bytes(to, SPAN_PARENT, span->parent_id, SPAN_ID_SIZE);
	put_string(to, SPAN_NAME, span->name);
	put_number(to, SPAN_KIND, (uint64_t)span->kind);
	put_time(to, SPAN_START, span->start_us);
	put_time(to, SPAN_END, span->end_us);
	put_attrs(to, SPAN_ATTRIBUTES, &span->attrs);
	put_events(to, span);
	put_link(to, span);
	if (span->status != OTLP_UNSET) {
		status = begin_inner(to, SPAN_STATUS);
		put_number(to, STATUS_CODE, (uint64_t)span->status);
		end_inner(to, status);
	}
	put_tag(to, SPAN_FLAGS, WIRE_FIXED32);
	put_fixed(to, otlp_flags(span), 4);
}

static void
put_request(struct str *to, const struct otlp_source *source,
    const struct str *spans, size_t count)
{
	size_t all = begin_inner(to, REQUEST_RESOURCE_SPANS), part, scope;

	part = begin_inner(to, RESOURCE_SPANS_RESOURCE);
	put_attrs(to, RESOURCE_ATTRIBUTES, source->resource);
	end_inner(to, part);
	part = begin_inner(to, RESOURCE_SPANS_SCOPE_SPANS);
	scope = begin_inner(to, SCOPE_SPANS_SCOPE);
	put_string(to, SCOPE_NAME, source->scope);
	put_string(to, SCOPE_VERSION, source->version);
	end_inner(to, scope);
	for (size_t i = 0; i < count; i++)
		put_bytes(to, SCOPE_SPANS_SPANS, spans[i].text,
		    spans[i].len);
	end_inner(to, part);
	end_inner(to, all);
}

/* --- reading an answer --- */

static bool
take_varint(struct view *from, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; from->len > 0 && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)*from->at;

		from->at++;
		from->len--;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* The next field: its number, and its number or bytes. */
static bool
take_field(struct view *from, unsigned *field, uint64_t *value,
    struct view *bytes)
{
	uint64_t tag;
	size_t fixed;

	*bytes = (struct view){"", 0};
	if (!take_varint(from, &tag))
		return false;
	*field = (unsigned)(tag >> 3);
	if ((tag & 7) == WIRE_VARINT)
		return take_varint(from, value);
	fixed = (tag & 7) == WIRE_FIXED64 ? 8 : 4;
	if ((tag & 7) == WIRE_LEN) {
		if (!take_varint(from, value))
			return false;
	} else if ((tag & 7) == WIRE_FIXED64 || (tag & 7) == WIRE_FIXED32) {
		*value = fixed;
	} else {
		return false;
	}
	if (*value > from->len)
		return false;
	*bytes = (struct view){from->at, (size_t)*value};
	from->at += bytes->len;
	from->len -= bytes->len;
	return true;
}

static int64_t
read_rejected(struct view body)
{
	struct view partial, none;
	unsigned field;
	uint64_t value;

	while (take_field(&body, &field, &value, &partial)) {
		if (field != RESPONSE_PARTIAL)
			continue;
		while (take_field(&partial, &field, &value, &none)) {
			if (field == PARTIAL_REJECTED && none.len == 0)
				return (int64_t)value;
		}
	}
	return 0;
}

/* --- either form --- */

void
otlp_span(struct str *to, enum otlp_form form, const struct otlp_span *span)
{
	if (form == OTLP_JSON)
		otlp_json_span(to, span);
	else
		put_span(to, span);
}

void
otlp_request(struct str *to, enum otlp_form form,
    const struct otlp_source *source, const struct str *spans, size_t count)
{
	if (form == OTLP_JSON)
		otlp_json_request(to, source, spans, count);
	else
		put_request(to, source, spans, count);
}

int64_t
otlp_rejected(enum otlp_form form, struct view body)
{
	int64_t rejected = form == OTLP_JSON ? otlp_json_rejected(body)
					     : read_rejected(body);

	return MAX(rejected, 0);
}
