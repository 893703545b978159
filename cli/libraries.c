/* SPDX-License-Identifier: Apache-2.0 */
/* The allocators that libraries let one choose. nghttp2 takes its own for each
 * session (proxy/http2_peer.c, load/http2.c); libconfig has none. */
#include "cli/libraries.h"

#include <event2/event.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* Nothing is NULL to OpenSSL, and no failure. */
static void *
openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size == 0 ? NULL : xmalloc(size);
}

static void
openssl_free(void *ptr, const char *file, int line)
{
	(void)file;
	(void)line;
	free(ptr);
}

static void *
openssl_realloc(void *ptr, size_t size, const char *file, int line)
{
	if (size > 0)
		return xrealloc(ptr, size);
	openssl_free(ptr, file, line);
	return NULL;
}

void
libraries_share_memory(void)
{
	event_set_mem_functions(xmalloc, xrealloc, free);
	json_set_alloc_funcs(xmalloc, free);
	if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc,
				     openssl_free) != 1)
		abort();
}
