/* SPDX-License-Identifier: Apache-2.0 */
/* Filling in a struct error. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool
error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return false;
	err->code = code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return false;
}
