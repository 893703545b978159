/* SPDX-License-Identifier: Apache-2.0 */
/* Text within XML and HTML. */
#include "report/views.h"

void
markup_add(struct str *to, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		switch (c) {
		case '&':
			str_add(to, "&amp;");
			break;
		case '<':
			str_add(to, "&lt;");
			break;
		case '>':
			str_add(to, "&gt;");
			break;
		case '"':
			str_add(to, "&quot;");
			break;
		case '\'':
			str_add(to, "&#39;");
			break;
		default: /* XML has no place for most controls */
			str_add_char(to, c < 0x20 || c == 0x7f ? ' ' : (char)c);
		}
	}
}
