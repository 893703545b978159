/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that cannot fail; the only place that gives up for memory. */
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
must(void *ptr)
{
	if (ptr == NULL) {
		fputs("faultwire: out of memory\n", stderr);
		abort();
	}
	return ptr;
}

void *
xcalloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1));
}

void *
xcalloc_aligned(size_t align, size_t size)
{
	void *ptr;

	size = (size + align - 1) / align * align;
	ptr = must(aligned_alloc(align, size));
	memset(ptr, 0, size);
	return ptr;
}

void *
xmalloc(size_t size)
{
	return must(malloc(size ? size : 1));
}

void *
xrealloc(void *ptr, size_t size)
{
	return must(realloc(ptr, size ? size : 1));
}

void *
xgrow(void *items, size_t *count, size_t size)
{
	char *array = items;

	if ((*count & (*count - 1)) == 0)
		array = xrealloc(array, (*count == 0 ? 1 : *count * 2) * size);
	memset(array + *count * size, 0, size);
	(*count)++;
	return array;
}

char *
xstrdup(const char *s)
{
	return s == NULL ? NULL : must(strdup(s));
}

char *
xmemdup0(const void *data, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

char *
xasprintf(const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	return must(text);
}
