/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything to the reader of ClientHellos. One that is accepted must be
 * so at its last byte, not before, and whatever follows it. */
#include "proxy/client_hello.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static enum client_hello_result
parse(const unsigned char *data, size_t len, struct client_hello *to)
{
	/* A copy of just that size shows a read beyond the end. */
	void *copy = xmemdup0(data, len);
	void *exact = xrealloc(copy, len > 0 ? len : 1);
	enum client_hello_result result = client_hello_parse(exact, len, to);

	free(exact);
	return result;
}

static void
must(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct client_hello whole, other;
	enum client_hello_result result = parse(data, len, &whole), part;
	bool done = false;

	must((result == CLIENT_HELLO_BAD) == (whole.error != NULL));
	must(strlen(whole.sni) < sizeof(whole.sni));
	must(strlen(whole.alpn) < sizeof(whole.alpn));
	if (result == CLIENT_HELLO_MORE)
		must(len < CLIENT_HELLO_MAX);
	/* Once it is decided, more bytes change nothing. */
	for (size_t n = 0; n <= len && n < 2000; n++) {
		part = parse(data, n, &other);
		must(!done || part == CLIENT_HELLO_DONE);
		done = part == CLIENT_HELLO_DONE;
		if (part != CLIENT_HELLO_MORE && part != CLIENT_HELLO_DONE)
			must(part == result);
	}
	return 0;
}
