/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings and borrowed views. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

void
str_reserve(struct str *s, size_t more)
{
	size_t want = s->len + more + 1;

	if (want <= s->room)
		return;
	s->room = want < 64 ? 64 : want + want / 2;
	s->text = xrealloc(s->text, s->room);
	s->text[s->len] = '\0';
}

void
str_fini(struct str *s)
{
	free(s->text);
	*s = (struct str){0};
}

void
str_clear(struct str *s)
{
	s->len = 0;
	if (s->text != NULL)
		s->text[0] = '\0';
}

void
str_add_bytes(struct str *s, const void *data, size_t len)
{
	str_reserve(s, len);
	if (len > 0)
		memcpy(s->text + s->len, data, len);
	s->len += len;
	s->text[s->len] = '\0';
}

void
str_add(struct str *s, const char *text)
{
	str_add_bytes(s, text, strlen(text));
}

void
str_add_char(struct str *s, char c)
{
	str_reserve(s, 1);
	s->text[s->len++] = c;
	s->text[s->len] = '\0';
}

void
str_add_uint(struct str *s, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	str_add_bytes(s, digits + at, sizeof(digits) - at);
}

void
str_printf(struct str *s, const char *format, ...)
{
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len > 0) {
		str_reserve(s, (size_t)len);
		vsnprintf(s->text + s->len, (size_t)len + 1, format, again);
		s->len += (size_t)len;
	}
	va_end(again);
}

char *
str_take(struct str *s)
{
	char *text = s->text != NULL ? s->text : xstrdup("");

	*s = (struct str){0};
	return text;
}

struct view
view_of(const char *text)
{
	return (struct view){text, text != NULL ? strlen(text) : 0};
}

bool
view_is(struct view v, const char *text)
{
	return view_equal(v, view_of(text));
}

bool
view_is_nocase(struct view v, const char *text)
{
	return v.len == strlen(text) &&
	    (v.len == 0 || strncasecmp(v.at, text, v.len) == 0);
}

bool
view_equal(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

struct view
view_trim(struct view v)
{
	while (v.len > 0 && (v.at[0] == ' ' || v.at[0] == '\t')) {
		v.at++;
		v.len--;
	}
	while (v.len > 0 &&
	    (v.at[v.len - 1] == ' ' || v.at[v.len - 1] == '\t'))
		v.len--;
	return v;
}

size_t
str_utf8(const unsigned char *at, size_t room)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	if (at[0] == 0xe0)
		low = 0xa0;
	else if (at[0] == 0xed)
		high = 0x9f;
	else if (at[0] == 0xf0)
		low = 0x90;
	else if (at[0] == 0xf4)
		high = 0x8f;
	if (room < len || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	}
	return len;
}
