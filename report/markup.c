/* SPDX-License-Identifier: Apache-2.0 */
/* Text within XML and HTML. */
#include <string.h>

#include "report/views.h"

/* What stands for the character; NULL: it stands for itself. */
static const char *
entity(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default: /* XML has no place for most controls */
		return c < 0x20 || c == 0x7f ? " " : NULL;
	}
}

void
markup_add(struct str *to, const char *text)
{
	size_t room = strlen(text);

	while (room > 0) {
		size_t len = str_utf8((const unsigned char *)text, room);
		const char *instead = entity((unsigned char)*text);

		if (instead != NULL)
			str_add(to, instead);
		else if (len > 0)
			str_add_bytes(to, text, len);
		else
			str_add(to, "\xef\xbf\xbd");
		len += len == 0;
		text += len;
		room -= len;
	}
}
