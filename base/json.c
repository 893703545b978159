/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON: nesting is two bit sets, one bit a level. */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t
top(const struct jsonw *w)
{
	return UINT64_C(1) << w->depth;
}

/* Puts the comma, if one is due, before a member or its key. */
static void
separate(struct jsonw *w)
{
	if (w->filled & top(w))
		str_add_char(w->out, ',');
	w->filled |= top(w);
}

static void
begin_value(struct jsonw *w)
{
	if (w->depth == 0) {
		assert(!(w->filled & 1)); /* one value a document */
		w->filled |= 1;
	} else if (w->objects & top(w)) {
		assert(w->keyed);
		w->keyed = false;
	} else {
		separate(w);
	}
}

void
jsonw_init(struct jsonw *w, struct str *out)
{
	*w = (struct jsonw){.out = out};
}

bool
jsonw_done(const struct jsonw *w)
{
	return w->depth == 0 && (w->filled & 1);
}

static void
open_level(struct jsonw *w, bool object)
{
	begin_value(w);
	str_add_char(w->out, object ? '{' : '[');
	w->depth++;
	assert(w->depth <= JSONW_DEPTH);
	w->filled &= ~top(w);
	if (object)
		w->objects |= top(w);
	else
		w->objects &= ~top(w);
}

static void
close_level(struct jsonw *w, bool object)
{
	assert(w->depth > 0 && !w->keyed);
	assert(((w->objects & top(w)) != 0) == object);
	str_add_char(w->out, object ? '}' : ']');
	w->depth--;
}

void
jsonw_object(struct jsonw *w)
{
	open_level(w, true);
}

void
jsonw_object_end(struct jsonw *w)
{
	close_level(w, true);
}

void
jsonw_array(struct jsonw *w)
{
	open_level(w, false);
}

void
jsonw_array_end(struct jsonw *w)
{
	close_level(w, false);
}

void
jsonw_key(struct jsonw *w, const char *key)
{
	assert(w->depth > 0 && (w->objects & top(w)) && !w->keyed);
	separate(w);
	jsonw_quote(w->out, view_of(key));
	str_add_char(w->out, ':');
	w->keyed = true;
}

void
jsonw_string(struct jsonw *w, const char *text)
{
	if (text == NULL)
		jsonw_null(w);
	else
		jsonw_view(w, view_of(text));
}

void
jsonw_view(struct jsonw *w, struct view text)
{
	begin_value(w);
	jsonw_quote(w->out, text);
}

void
jsonw_int(struct jsonw *w, int64_t value)
{
	begin_value(w);
	if (value < 0)
		str_add_char(w->out, '-');
	str_add_uint(w->out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void
jsonw_uint(struct jsonw *w, uint64_t value)
{
	begin_value(w);
	str_add_uint(w->out, value);
}

void
jsonw_double(struct jsonw *w, double value)
{
	if (!isfinite(value)) {
		jsonw_null(w);
		return;
	}
	begin_value(w);
	jsonw_number(w->out, value);
}

void
jsonw_bool(struct jsonw *w, bool value)
{
	begin_value(w);
	str_add(w->out, value ? "true" : "false");
}

void
jsonw_null(struct jsonw *w)
{
	begin_value(w);
	str_add(w->out, "null");
}

void
jsonw_raw(struct jsonw *w, struct view json)
{
	begin_value(w);
	str_add_bytes(w->out, json.at, json.len);
}

void
jsonw_put_string(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_string(w, text);
}

void
jsonw_put_view(struct jsonw *w, const char *key, struct view text)
{
	jsonw_key(w, key);
	jsonw_view(w, text);
}

void
jsonw_put_int(struct jsonw *w, const char *key, int64_t value)
{
	jsonw_key(w, key);
	jsonw_int(w, value);
}

void
jsonw_put_uint(struct jsonw *w, const char *key, uint64_t value)
{
	jsonw_key(w, key);
	jsonw_uint(w, value);
}

void
jsonw_put_double(struct jsonw *w, const char *key, double value)
{
	jsonw_key(w, key);
	jsonw_double(w, value);
}

void
jsonw_put_bool(struct jsonw *w, const char *key, bool value)
{
	jsonw_key(w, key);
	jsonw_bool(w, value);
}

/* Appends the escape of one character that must not stand for itself. */
static void
add_escape(struct str *out, unsigned code)
{
	static const char letters[] = "\b\f\n\r\t\"\\";
	static const char names[] = "bfnrt\"\\";
	const char *found = code != 0 ? strchr(letters, (int)code) : NULL;

	if (code < 0x80 && found != NULL)
		str_printf(out, "\\%c", names[found - letters]);
	else
		str_printf(out, "\\u%04x", code);
}

/* Of ASCII, and stands for itself. */
static bool
is_plain(unsigned code)
{
	return code >= 0x20 && code < 0x7f && code != '"' && code != '\\';
}

void
jsonw_quote(struct str *out, struct view text)
{
	const unsigned char *at = (const unsigned char *)text.at;
	size_t plain = 0, i = 0; /* [plain, i): to be copied as it is */

	str_reserve(out, text.len + 2);
	str_add_char(out, '"');
	while (i < text.len) {
		size_t len;
		unsigned code = at[i];

		if (is_plain(code)) {
			i++;
			continue;
		}
		len = str_utf8(at + i, text.len - i);
		if (len == 2 && at[i] == 0xc2 && at[i + 1] < 0xa0)
			code = at[i + 1]; /* C1 */
		else if (len > 1) {
			i += len;
			continue;
		}
		str_add_bytes(out, at + plain, i - plain);
		if (len == 0)
			str_add(out, "\xef\xbf\xbd");
		else
			add_escape(out, code);
		i += len > 0 ? len : 1;
		plain = i;
	}
	str_add_bytes(out, at + plain, i - plain);
	str_add_char(out, '"');
}

void
jsonw_number(struct str *out, double value)
{
	char text[32];

	assert(isfinite(value));
	/* What is whole and exact needs no search. */
	if (value > 0 && value < 1e15 && value == floor(value)) {
		str_add_uint(out, (uint64_t)value);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	str_add(out, text);
}
