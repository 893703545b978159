/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything to the readers of CONNECT and SOCKS 5 (the first byte says
 * which, and whether whole URLs are taken; the second in which pieces). Pieces
 * must not matter, and what is taken for a wish is one. */
#include "config/model.h"
#include "proxy/asking.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* `first` is the first byte. */
static enum asking_result
feed(struct asking *a, unsigned char first, struct view text, size_t step,
    struct str *reply)
{
	enum asking_result result = ASKING_MORE;
	size_t at = 0, have = 0;

	asking_init(a, first & 1 ? ACCEPT_SOCKS5 : ACCEPT_CONNECT,
	    (first & 3) == 2, 4096);
	while (result == ASKING_MORE && have < text.len) {
		char *copy;

		have += MIN(step, text.len - have);
		copy = xmemdup0(text.at + at, have - at);
		copy = xrealloc(copy, have - at > 0 ? have - at : 1);
		result = asking_look(a, copy, have - at);
		free(copy);
		must(a->used <= have - at);
		at += a->used;
		str_add_bytes(reply, a->reply.text, a->reply.len);
		str_clear(&a->reply);
	}
	must((result == ASKING_DONE) == (a->host != NULL));
	must((result == ASKING_BAD) == (a->why != NULL));
	must(result != ASKING_DONE || (a->port > 0 && a->host[0] != '\0'));
	a->used = at;
	return result;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct str whole_reply = {0}, reply = {0};
	struct asking whole, pieces;
	enum asking_result result;
	struct view text;

	if (len < 2)
		return 0;
	text = (struct view){(const char *)data + 2, len - 2};
	result = feed(&whole, data[0], text, text.len, &whole_reply);
	must(feed(&pieces, data[0], text, 1 + data[1], &reply) == result);
	if (result == ASKING_DONE) {
		must(whole.used == pieces.used && whole.port == pieces.port);
		must(strcmp(whole.host, pieces.host) == 0);
		must(whole_reply.len == reply.len);
	}
	asking_fini(&whole);
	asking_fini(&pieces);
	str_fini(&whole_reply);
	str_fini(&reply);
	return 0;
}
