/* SPDX-License-Identifier: Apache-2.0 */
/* Responses that no server should send. The message becomes raw bytes of our
 * own making, and the connection ends behind them. */
#include <stdio.h>

#include "base/str.h"
#include "faults/message.h"
#include "faults/registry.h"

#define GARBAGE_MAX (64 * 1024)

enum {
	FLAW_EMPTY,
	FLAW_GARBAGE,
	FLAW_BAD_CHUNK,
	FLAW_WRONG_LENGTH,
	FLAW_CUT_HEAD,
};
enum { HOW_FIN, HOW_RST };

struct malform {
	int flaw;
	int how;
	int64_t bytes;
};

static const char *const flaw_words[] = {"empty", "garbage", "bad_chunk",
    "wrong_length", "cut_head", NULL};
static const char *const how_words[] = {"fin", "rst", NULL};

static const struct conf_field fields[] = {
    {.name = "flaw",
	.type = CONF_ENUM,
	.offset = offsetof(struct malform, flaw),
	.choices = flaw_words,
	.flags = CONF_REQUIRED,
	.help = "What is wrong with the response"},
    {.name = "bytes",
	.type = CONF_SIZE,
	.offset = offsetof(struct malform, bytes),
	.def = "64",
	.min = 1,
	.max = GARBAGE_MAX,
	.help = "Bytes of garbage, or bytes that a wrong length is short of"},
    {.name = "how",
	.type = CONF_ENUM,
	.offset = offsetof(struct malform, how),
	.def = "fin",
	.choices = how_words,
	.help = "How the client's connection ends behind it: closed in good "
		"order, or reset"},
    CONF_FIELD_END,
};

/* Random bytes, the first of them never that of "HTTP" nor of a hexadecimal
 * number. The same in every replay. */
static void
add_garbage(struct stage *s, struct str *to, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		uint64_t bits = stage_bits(s, STAGE_DRAW + (uint64_t)i / 8);
		unsigned char c = (unsigned char)(bits >> (i % 8 * 8));

		str_add_char(to, (char)(i == 0 ? c | 0x80 : c));
	}
}

static void
add_head(struct str *to, int status, const char *framing)
{
	str_printf(to,
	    "HTTP/1.1 %d \r\n"
	    "Content-Type: text/plain\r\n"
	    "%s\r\n"
	    "\r\n",
	    status, framing);
}

static void
build(struct stage *s, const struct message *m, struct str *raw)
{
	static const char text[] = "This body is cut short.";
	const struct malform *p = stage_params(s);

	switch (p->flaw) {
	case FLAW_EMPTY:
		break;
	case FLAW_GARBAGE:
		add_garbage(s, raw, p->bytes);
		break;
	case FLAW_BAD_CHUNK:
		add_head(raw, m->status, "Transfer-Encoding: chunked");
		add_garbage(s, raw, p->bytes);
		break;
	case FLAW_WRONG_LENGTH: {
		char length[64];

		snprintf(length, sizeof(length), "Content-Length: %lld",
		    (long long)p->bytes + (long long)sizeof(text) - 1);
		add_head(raw, m->status, length);
		str_add(raw, text);
		break;
	}
	case FLAW_CUT_HEAD:
		str_add_bytes(raw, m->head.at, m->head.len / 2);
		break;
	}
}

static void
malform_message(struct stage *s, struct message *m)
{
	const struct malform *p = stage_params(s);
	struct str raw = {0};

	/* Frames that are wrong would hit all streams of the connection. */
	if (!m->on_wire && p->flaw != FLAW_EMPTY &&
	    p->flaw != FLAW_WRONG_LENGTH) {
		stage_powerless(s, "not_on_http2");
		return;
	}
	build(s, m, &raw);
	stage_acted(s, flaw_words[p->flaw], (double)raw.len,
	    "bytes");
	m->ops->set_raw(m, raw.len > 0 ? raw.text : "", raw.len,
	    p->how == HOW_FIN ? END_FIN : END_RST_AFTER);
	str_fini(&raw);
}

const struct fault_ops malform_ops = {
    .kind =
	{
	    .name = "malform",
	    .summary = "The response breaks the rules of HTTP",
	    .details =
		"The server gets the request and does its work. What the "
		"client gets in the place of the answer is one of these, and "
		"behind it the end of its connection:"
		"\n\n"
		"`empty`: nothing at all, just the end."
		"\n\n"
		"`garbage`: random bytes where a status line should be."
		"\n\n"
		"`bad_chunk`: a head that announces chunks, then random bytes "
		"where the first chunk's size should be."
		"\n\n"
		"`wrong_length`: a head with a Content-Length that is `bytes` "
		"more than the body that follows."
		"\n\n"
		"`cut_head`: the first half of the bytes of the server's own "
		"head."
		"\n\n"
		"The heads of `bad_chunk` and `wrong_length` carry the "
		"server's status and a plain text content type, no other "
		"headers of the server. Garbage is drawn and the same in "
		"every replay; its first byte has the high bit set, so that "
		"it never passes for a status line or a size. Answers that "
		"have no body by rule (to HEAD, 204, 304) are malformed by "
		"`empty`, `garbage` and `cut_head` only: to a client, "
		"`wrong_length` may look right there."
		"\n\n"
		"On HTTP/2 only the stream ends: `empty` by RST_STREAM with "
		"INTERNAL_ERROR, `wrong_length` by END_STREAM too soon (with "
		"`how = \"rst\"` by RST_STREAM). The other flaws would break "
		"the whole connection: there the fault does nothing, and an "
		"event says so.",
	    .example = "{ type = \"malform\"; flaw = \"bad_chunk\"; "
		       "probability = \"2%\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct malform),
	    .flags = KIND_HTTP_ONLY | KIND_NO_STREAM,
	},
    .links = LINK_MASK_DOWN,
    .message = malform_message,
};
