/* SPDX-License-Identifier: Apache-2.0 */
/* version "-" trace-id "-" parent-id "-" flags, in lower-case hexadecimal. A
 * version that we do not know may go on behind a further "-". */
#include "observe/trace.h"

#define LENGTH 55 /* of version 00 */

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

void
trace_id_text(
    const unsigned char trace_id[TRACE_ID_SIZE], char to[TRACE_ID_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < TRACE_ID_SIZE; i++) {
		to[2 * i] = digits[trace_id[i] >> 4];
		to[2 * i + 1] = digits[trace_id[i] & 0xf];
	}
	to[TRACE_ID_TEXT - 1] = '\0';
}
