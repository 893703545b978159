/* SPDX-License-Identifier: Apache-2.0 */
/* version "-" trace-id "-" parent-id "-" flags, in lower-case hexadecimal. A
 * version that we do not know may go on behind a further "-". */
#include "observe/trace.h"

#include <string.h>

#define LENGTH 55 /* of version 00 */

/* Of a tracestate. */
#define KEY_MAX	    256
#define VALUE_MAX   256
#define MEMBERS_MAX 32

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads n bytes at 2 digits each; false: something else stands there. */
static bool
bytes(const char *at, unsigned char *to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int high = digit(at[2 * i]), low = digit(at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool
is_zero(const unsigned char *at, size_t n)
{
	while (n > 0 && at[n - 1] == 0)
		n--;
	return n == 0;
}

bool
trace_parse(struct view value, struct trace_context *to)
{
	struct view v = view_trim(value);
	unsigned char version;

	if (v.len < LENGTH || v.at[2] != '-' || v.at[35] != '-' ||
	    v.at[52] != '-' || !bytes(v.at, &version, 1) ||
	    !bytes(v.at + 3, to->trace_id, sizeof(to->trace_id)) ||
	    !bytes(v.at + 36, to->parent_id, sizeof(to->parent_id)) ||
	    !bytes(v.at + 53, &to->flags, 1))
		return false;
	if (version == 0xff || (version == 0 && v.len > LENGTH) ||
	    (v.len > LENGTH && v.at[LENGTH] != '-'))
		return false;
	return !is_zero(to->trace_id, sizeof(to->trace_id)) &&
	       !is_zero(to->parent_id, sizeof(to->parent_id));
}

static char
digit_of(unsigned value)
{
	return (char)(value + (value < 10 ? '0' : 'a' - 10));
}

/* Writes n bytes at 2 digits each; returns what is behind them. Computed, not
 * looked up, so that compilers do many at once. */
static char *
put_bytes(char *restrict to, const unsigned char *restrict from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = digit_of(from[i] >> 4);
		to[2 * i + 1] = digit_of(from[i] & 0xf);
	}
	return to + 2 * n;
}

void
trace_hex(const unsigned char *id, size_t size, char *to)
{
	*put_bytes(to, id, size) = '\0';
}

void
trace_id_text(
    const unsigned char trace_id[TRACE_ID_SIZE], char to[TRACE_ID_TEXT])
{
	trace_hex(trace_id, TRACE_ID_SIZE, to);
}

bool
span_id_is_set(const unsigned char id[SPAN_ID_SIZE])
{
	return !is_zero(id, SPAN_ID_SIZE);
}

void
trace_print(const struct trace_context *from, char to[TRACE_PARENT_TEXT])
{
	const unsigned char version = 0;
	const unsigned char flags =
	    from->flags & (TRACE_SAMPLED | TRACE_RANDOM);

	to = put_bytes(to, &version, 1);
	*to++ = '-';
	to = put_bytes(to, from->trace_id, TRACE_ID_SIZE);
	*to++ = '-';
	to = put_bytes(to, from->parent_id, SPAN_ID_SIZE);
	*to++ = '-';
	*put_bytes(to, &flags, 1) = '\0';
}

/* --- tracestate --- */

/* key = ( lower-case letter or digit ) and up to 255 of a few more. */
static bool
is_key(struct view key)
{
	if (key.len == 0 || key.len > KEY_MAX ||
	    strchr("_-*/@", key.at[0]) != NULL)
		return false;
	for (size_t i = 0; i < key.len; i++) {
		char c = key.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			(c != '\0' && strchr("_-*/@", c) != NULL)))
			return false;
	}
	return true;
}

/* Printable, neither comma nor equals sign, and no blank at its end. */
static bool
is_value(struct view value)
{
	if (value.len == 0 || value.len > VALUE_MAX ||
	    value.at[value.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c < ' ' || c > '~' || c == ',' || c == '=')
			return false;
	}
	return true;
}

/* The members that were gathered: how many, and is one of that key there? */
static bool
has_key(const struct str *list, struct view key, size_t *count)
{
	const char *at = list->len > 0 ? list->text : NULL;
	bool found = false;

	*count = 0;
	while (at != NULL) {
		found |= strlen(at) > key.len && at[key.len] == '=' &&
		    memcmp(at, key.at, key.len) == 0;
		(*count)++;
		at = strchr(at, ',');
		at = at != NULL ? at + 1 : NULL;
	}
	return found;
}

static bool
add_member(struct str *to, struct view member)
{
	const char *equals = memchr(member.at, '=', member.len);
	struct view key, value;
	size_t count;

	if (equals == NULL)
		return false;
	key = (struct view){member.at, (size_t)(equals - member.at)};
	value = (struct view){equals + 1,
	    (size_t)(member.at + member.len - equals - 1)};
	if (!is_key(key) || !is_value(value))
		return false;
	/* The first of its name is the newest. */
	if (has_key(to, key, &count))
		return true;
	if (count == MEMBERS_MAX)
		return false;
	if (count > 0)
		str_add_char(to, ',');
	str_add_bytes(to, member.at, member.len);
	return true;
}

bool
trace_state_add(struct str *to, struct view value)
{
	while (value.len > 0) {
		const char *comma = memchr(value.at, ',', value.len);
		size_t len = comma != NULL ? (size_t)(comma - value.at)
					   : value.len;
		struct view member = view_trim((struct view){value.at, len});

		if (member.len > 0 && !add_member(to, member))
			return false;
		len += comma != NULL;
		value.at += len;
		value.len -= len;
	}
	return true;
}
