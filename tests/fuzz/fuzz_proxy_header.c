/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything to the reader of PROXY headers. A header that is accepted
 * must be so at its last byte, not before, and whatever follows it. */
#include "proxy/proxy_header.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static enum proxy_header_result
parse(const unsigned char *data, size_t len, struct proxy_header *to)
{
	/* A copy of just that size shows a read beyond the end. */
	void *copy = xmemdup0(data, len);
	void *exact = xrealloc(copy, len > 0 ? len : 1);
	enum proxy_header_result result = proxy_header_parse(exact, len, to);

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
	struct proxy_header whole, other;

	switch (parse(data, len, &whole)) {
	case PROXY_HEADER_MORE:
		must(len < PROXY_HEADER_READ_MAX);
		break;
	case PROXY_HEADER_BAD:
		must(whole.error != NULL && !whole.has_addresses);
		break;
	case PROXY_HEADER_DONE:
		must(whole.consumed > 0 && whole.consumed <= len);
		must(parse(data, whole.consumed, &other) ==
		    PROXY_HEADER_DONE);
		must(memcmp(&whole, &other, sizeof(whole)) == 0);
		for (size_t n = 0; n < whole.consumed; n++)
			must(parse(data, n, &other) == PROXY_HEADER_MORE);
		break;
	}
	return 0;
}
