/* SPDX-License-Identifier: Apache-2.0 */
/* Header lines as users write them in parameters: "Name: value". */
#include "faults/header.h"

#include <ctype.h>
#include <string.h>

/* Hosts frame messages themselves; a fault that lies about it is malform. */
static const char *const framing[] = {"Content-Length", "Transfer-Encoding"};

static bool
is_token_char(char c)
{
	return isalnum((unsigned char)c) ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (!is_token_char(v.at[i]))
			return false;
	}
	return v.len > 0;
}

/* A line break would let a value forge further headers. */
static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 && *text != '\t')
			return true;
		if (*text == 0x7f)
			return true;
	}
	return false;
}

struct view
header_name(const char *line)
{
	return (struct view){line, strcspn(line, ":")};
}

const char *
header_value(const char *line)
{
	line += strcspn(line, ":");
	if (*line == ':')
		line++;
	return line + strspn(line, " \t");
}

bool
header_listed(const struct conf_strings *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (view_is_nocase(header_name(list->items[i]), name))
			return true;
	}
	return false;
}

static void
check_framing(struct view name, const char *field,
    const struct conf_where *where, struct conf_diag *diag)
{
	for (size_t i = 0; i < COUNT_OF(framing); i++) {
		if (view_is_nocase(name, framing[i]))
			conf_error(diag, where,
			    "%s: \"%s\" frames the message; expected another "
			    "header (the kind \"malform\" sends wrong lengths)",
			    field, framing[i]);
	}
}

void
header_check_lines(const struct conf_strings *list, const char *field,
    const struct conf_where *where, struct conf_diag *diag)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *line = list->items[i];
		struct view name = header_name(line);

		if (has_control(line)) {
			conf_error(diag, where,
			    "%s: line break or control character; expected "
			    "text on one line",
			    field);
		} else if (name.at[name.len] != ':' || !is_token(name)) {
			conf_error(diag, where,
			    "%s: \"%s\" is not a header; expected "
			    "\"Name: value\"",
			    field, line);
		} else {
			check_framing(name, field, where, diag);
		}
	}
}

void
header_check_names(const struct conf_strings *list, const char *field,
    const struct conf_where *where, struct conf_diag *diag)
{
	for (size_t i = 0; i < list->count; i++) {
		struct view name = view_of(list->items[i]);

		if (!is_token(name))
			conf_error(diag, where,
			    "%s: not the name of a header; expected \"Name\"",
			    field);
		else
			check_framing(name, field, where, diag);
	}
}
