/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of server-sent events. */
#include "client/sse.h"

#include <string.h>

#define EVENT_MAX (1024 * 1024)

/* An empty line ends an event; one without data is none. */
static bool
end_event(struct sse *s)
{
	bool more = true;

	if (s->has_data) {
		str_add(&s->data, "");
		more = s->on_event(s->arg,
		    s->type.len > 0 ? s->type.text : "message", s->data.text);
	}
	str_clear(&s->type);
	str_clear(&s->data);
	s->has_data = false;
	return more;
}

/* "name: value"; one blank behind the colon is no part of the value. */
static bool
end_line(struct sse *s)
{
	char *value = memchr(s->line.text, ':', s->line.len);

	if (value == NULL)
		value = s->line.text + s->line.len;
	else
		*value++ = '\0';
	value += *value == ' ';
	if (strcmp(s->line.text, "data") == 0) {
		if (s->has_data)
			str_add_char(&s->data, '\n');
		str_add(&s->data, value);
		s->has_data = true;
	} else if (strcmp(s->line.text, "event") == 0) {
		str_clear(&s->type);
		str_add(&s->type, value);
	}
	str_clear(&s->line);
	return s->data.len <= EVENT_MAX;
}

bool
sse_feed(struct sse *s, struct view bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.at[i];
		bool skip = s->skip_lf && c == '\n';

		s->skip_lf = c == '\r';
		if (skip)
			continue;
		if (c != '\n' && c != '\r')
			str_add_char(&s->line, c);
		else if (s->line.len == 0 ? !end_event(s) : !end_line(s))
			return false;
		if (s->line.len > EVENT_MAX)
			return false;
	}
	return true;
}

void
sse_restart(struct sse *s)
{
	str_clear(&s->line);
	str_clear(&s->type);
	str_clear(&s->data);
	s->has_data = s->skip_lf = false;
}

void
sse_fini(struct sse *s)
{
	str_fini(&s->line);
	str_fini(&s->type);
	str_fini(&s->data);
}
