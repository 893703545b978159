/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of requests, or of responses, cut into pieces. What passes is
 * exactly what came, the pieces do not matter, and a head that was let
 * through means the same to a second, naive reader. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "proxy/http1_parser.h"

#define HEAD_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
	const char *data;
	size_t size, piece;
	bool requests;
};

/* What passed, and the ends of messages in it. */
struct passed {
	struct str bytes;
	size_t ends[64], ends_count;
	bool bad;
};

static void
begin(struct http1_parser *p, const struct source *s)
{
	if (s->requests)
		http1_parser_request(p, HEAD_MAX);
	else
		http1_parser_response(p, VIEW("GET"), HEAD_MAX);
}

/* No two readers may differ about a request's body. */
static void
check_head(const struct http1_parser *p, const char *data)
{
	struct view head = {data, p->head.len}, v;
	bool length = http1_head_find(head, "Content-Length", 0, &v);
	bool coding = http1_head_find(head, "Transfer-Encoding", 0, &v);

	if (p->head.len < 4 || p->head.len > HEAD_MAX ||
	    memcmp(data + p->head.len - 4, "\r\n\r\n", 4) != 0)
		abort();
	if ((length && coding) ||
	    http1_head_find(head, "Content-Length", 1, &v))
		abort();
	for (size_t i = 1; i < head.len; i++) {
		if (data[i] == '\n' && data[i - 1] != '\r')
			abort();
	}
	if (p->head.is_request && coding && p->framing != HTTP1_CHUNKED)
		abort();
}

/* One piece arrives: everything in `in` may be looked at. */
static void
look(struct http1_parser *p, const struct source *s, struct str *in,
    struct passed *to)
{
	while (in->len > 0 && !to->bad) {
		size_t used;
		ssize_t n = 0;

		if (p->head.len == 0) {
			enum http1_result r =
			    http1_parser_head(p, in->text, in->len);

			to->bad = r == HTTP1_BAD;
			if (r != HTTP1_DONE)
				return;
			check_head(p, in->text);
			used = p->head.len;
		} else {
			n = http1_parser_body(p, in->text, in->len);
			to->bad = n < 0;
			if (n < 0)
				return;
			used = (size_t)n;
		}
		str_add_bytes(&to->bytes, in->text, used);
		memmove(in->text, in->text + used, in->len - used);
		in->len -= used;
		if (!p->done)
			continue;
		if (to->ends_count == 64)
			return;
		to->ends[to->ends_count++] = to->bytes.len;
		begin(p, s);
	}
}

static void
run(const struct source *s, struct passed *to)
{
	struct http1_parser p;
	struct str in = {0};

	begin(&p, s);
	for (size_t at = 0; at < s->size && !to->bad && to->ends_count < 64;) {
		size_t n = s->piece < s->size - at ? s->piece : s->size - at;

		str_add_bytes(&in, s->data + at, n);
		at += n;
		look(&p, s, &in, to);
	}
	if (to->bytes.len > s->size ||
	    (to->bytes.len > 0 &&
		memcmp(to->bytes.text, s->data, to->bytes.len) != 0))
		abort();
	str_fini(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct passed whole = {0}, pieces = {0};
	struct source s;

	if (size < 2)
		return 0;
	s = (struct source){.data = (const char *)data + 2, .size = size - 2,
	    .piece = SIZE_MAX, .requests = data[0] & 1};
	run(&s, &whole);
	s.piece = 1 + data[1] % 32;
	run(&s, &pieces);
	/* Bounds are looked at once a read: only what is far below them must
	 * come out the same however it arrives. */
	if (size < 1024 && (whole.ends_count != pieces.ends_count ||
	    memcmp(whole.ends, pieces.ends,
		whole.ends_count * sizeof(whole.ends[0])) != 0 ||
	    (whole.ends_count < 64 && whole.bad != pieces.bad)))
		abort();
	str_fini(&whole.bytes);
	str_fini(&pieces.bytes);
	return 0;
}
