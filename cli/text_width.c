/* SPDX-License-Identifier: Apache-2.0 */
/* The room that text takes. wcwidth(3) knows Unicode's table, in a locale of
 * UTF-8, which every system has as C.UTF-8, whatever the user's is. */
#include "cli/text_width.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define ELLIPSIS    "\xe2\x80\xa6"

/* One character of UTF-8 at `s`: its length, and what it is. 0: none. */
static size_t
decode(const char *s, unsigned *code)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2
	    : c < 0xf0						? 3
	    : c < 0xf8						? 4
								: 0;

	if (len <= 1) {
		*code = c;
		return len;
	}
	*code = c & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return len;
}

/* Controls, and marks that turn the direction of what follows. */
static bool
is_harmful(unsigned code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	    (code >= 0x200e && code <= 0x200f) ||
	    (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069);
}

static size_t
width_of(unsigned code)
{
	static locale_t utf8;
	locale_t before;
	int width;

	if (code < 0x80)
		return 1;
	if (utf8 == 0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", 0);
	if (utf8 == 0)
		return 1;
	before = uselocale(utf8);
	width = wcwidth((wchar_t)code);
	uselocale(before);
	return width < 0 ? 1 : (size_t)width;
}

size_t
text_width(const char *text)
{
	size_t width = 0, len;
	unsigned code;

	for (; *text != '\0'; text += len > 0 ? len : 1) {
		len = decode(text, &code);
		width += len > 0 ? width_of(code) : 1;
	}
	return width;
}

void
text_add_clean(struct str *to, const char *text)
{
	unsigned code;

	while (*text != '\0') {
		size_t len = decode(text, &code);

		if (len == 0 || is_harmful(code))
			str_add(to, REPLACEMENT);
		else
			str_add_bytes(to, text, len);
		text += len > 0 ? len : 1;
	}
}

void
text_add_cut(struct str *to, const char *text, size_t width)
{
	size_t used = 0, len;
	unsigned code;

	if (text_width(text) <= width) {
		str_add(to, text);
		return;
	}
	if (width == 0)
		return;
	for (; *text != '\0'; text += len) {
		len = decode(text, &code);
		if (len == 0)
			len = 1;
		used += width_of(code);
		if (used > width - 1)
			break;
		str_add_bytes(to, text, len);
	}
	str_add(to, ELLIPSIS);
}

void
text_add_blanks(struct str *to, size_t n)
{
	while (n-- > 0)
		str_add_char(to, ' ');
}
