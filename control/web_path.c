/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries of requests. */
#include "control/web_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

/* The byte that "%XY" at `in` stands for; -1: it is no escape. */
static int
escape(struct view in, size_t at)
{
	int high, low;

	if (at + 2 >= in.len)
		return -1;
	high = hex(in.at[at + 1]);
	low = hex(in.at[at + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static char *
decode(struct view in, bool plus, bool *broken)
{
	char *out = xmalloc(in.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int byte = in.at[i] == '%' ? escape(in, i) : -1;

		if (in.at[i] == '%' && byte <= 0)
			*broken = true;
		if (byte >= 0)
			i += 2;
		else
			byte = plus && in.at[i] == '+' ? ' ' : in.at[i];
		if (byte == '\0')
			break;
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return out;
}

void
web_path_split(struct web_path *to, struct view path)
{
	const char *at = path.at, *end = path.at + path.len;

	*to = (struct web_path){0};
	while (at < end) {
		const char *next;

		at++; /* the slash */
		next = memchr(at, '/', (size_t)(end - at));
		if (next == NULL)
			next = end;
		if (next == at && next < end)
			to->doubled = true;
		if (to->count < WEB_PATH_SEGMENTS)
			to->segments[to->count] =
			    decode((struct view){at, (size_t)(next - at)},
				   false, &to->broken);
		to->count++;
		at = next;
	}
}

void
web_path_fini(struct web_path *p)
{
	for (size_t i = 0; i < WEB_PATH_SEGMENTS; i++)
		free(p->segments[i]);
	*p = (struct web_path){0};
}

bool
web_path_match(const struct web_path *p, const char *pattern,
	       const char **names)
{
	size_t named = 0;

	if (p->count > WEB_PATH_SEGMENTS)
		return false;
	memset(names, 0, WEB_PATH_NAMES * sizeof(*names));
	for (size_t i = 0; i < p->count; i++) {
		const char *segment = p->segments[i];
		struct view wanted;

		if (*pattern != '/')
			return false;
		pattern++;
		wanted = (struct view){pattern, strcspn(pattern, "/")};
		pattern += wanted.len;
		if (wanted.at[0] != '{') {
			if (!view_is(wanted, segment))
				return false;
		} else if (*segment == '\0' || named == WEB_PATH_NAMES) {
			return false;
		} else {
			names[named++] = segment;
		}
	}
	return *pattern == '\0';
}

bool
web_query_next(struct view *query, char **name, char **value, bool *broken)
{
	struct view item = *query;
	const char *end, *equals;

	while (item.len > 0 && item.at[0] == '&')
		item = (struct view){item.at + 1, item.len - 1};
	if (item.len == 0)
		return false;
	end = memchr(item.at, '&', item.len);
	*query = end == NULL
		     ? (struct view){0}
		     : (struct view){end, item.len - (size_t)(end - item.at)};
	if (end != NULL)
		item.len = (size_t)(end - item.at);
	equals = memchr(item.at, '=', item.len);
	if (equals == NULL) {
		*name = decode(item, true, broken);
		*value = xstrdup("");
		return true;
	}
	*name = decode((struct view){item.at, (size_t)(equals - item.at)}, true,
		       broken);
	*value =
	    decode((struct view){equals + 1,
				 item.len - (size_t)(equals + 1 - item.at)},
		   true, broken);
	return true;
}
