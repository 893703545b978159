/* SPDX-License-Identifier: Apache-2.0 */
/* Why a call failed, for callers that must explain it to a user. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

#include "base/attr.h"

struct error {
	int code;	/* an errno, or 0 where none applies */
	char text[256]; /* one line without a final dot */
};

/* Fills `err` (NULL: nothing) and returns false, so that a function may end
 * with `return error_set(...)`. `code` is an errno or 0; its text is not
 * appended. */
bool error_set(struct error *err, int code, const char *format, ...)
    PRINTF_LIKE(3, 4);

#endif
