/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that cannot fail; the only place that gives up for memory. */
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
xalloc_refused(const char *whom)
{
	fprintf(stderr, "faultwire: out of memory: %s\n", whom);
	abort();
}

static void *
must(void *ptr, size_t size)
{
	char text[64];

	if (ptr == NULL) {
		snprintf(text, sizeof(text), "%zu bytes were asked for", size);
		xalloc_refused(text);
	}
	return ptr;
}

void *
xcalloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1), count * size);
}

void *
xcalloc_aligned(size_t align, size_t size)
{
	void *ptr;

	size = (size + align - 1) / align * align;
	ptr = must(aligned_alloc(align, size), size);
	memset(ptr, 0, size);
	return ptr;
}

void *
xmalloc(size_t size)
{
	return must(malloc(size ? size : 1), size);
}

void *
xrealloc(void *ptr, size_t size)
{
	return must(realloc(ptr, size ? size : 1), size);
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
	return s == NULL ? NULL : xmemdup0(s, strlen(s));
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
	size_t size;
	char *text;

	va_start(args, format);
	size = (size_t)vsnprintf(NULL, 0, format, args) + 1;
	va_end(args);
	text = xmalloc(size);
	va_start(args, format);
	vsnprintf(text, size, format, args);
	va_end(args);
	return text;
}
