/* SPDX-License-Identifier: Apache-2.0 */
/* What clients send to the control server. The first byte says how the rest is
 * cut into reads. However they fall, the same requests are seen, none beyond
 * its bounds, and a refusal ends them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "control/web_conn.h"

#define MUST(condition)                                                        \
	do {                                                                   \
		if (!(condition))                                              \
			abort();                                               \
	} while (0)

/* Everything about a request that a handler can see, one after the other. */
static void
record(struct str *to, const struct web_conn *c)
{
	const char *head = c->head.text != NULL ? c->head.text : "";
	struct view target = {head + c->target.at, c->target.len};
	struct view authority, path;

	MUST(c->head_done && c->head.len <= WEB_HEAD_MAX);
	MUST(c->body.len <= WEB_BODY_MAX);
	MUST(c->headers_count <= WEB_HEADERS_MAX);
	MUST(c->target.at + c->target.len <= c->head.len);
	web_parse_target(target, &authority, &path);
	MUST(authority.len + path.len <= target.len + 1);
	str_printf(to, "%d %zu ", c->parser.method, c->target.len);
	str_add_bytes(to, target.at, target.len);
	str_add_bytes(to, authority.at, authority.len);
	str_add_bytes(to, path.at, path.len);
	for (size_t i = 0; i < c->headers_count; i++) {
		MUST(c->names[i].at + c->names[i].len <= c->head.len);
		MUST(c->values[i].at + c->values[i].len <= c->head.len);
		str_add_bytes(to, head + c->names[i].at, c->names[i].len);
		str_add_char(to, ':');
		str_add_bytes(to, head + c->values[i].at, c->values[i].len);
		str_add_char(to, '\n');
	}
	str_printf(to, "body %zu ", c->body.len);
	if (c->body.len > 0)
		str_add_bytes(to, c->body.text, c->body.len);
}

/* All requests of a connection that is read `piece` bytes at a time. */
static struct str
requests_of(const uint8_t *data, size_t size, size_t piece)
{
	struct web_conn *c = xcalloc(1, sizeof(*c));
	struct str seen = {0};

	web_parse_init(c);
	for (size_t at = 0; at < size && c->refused == 0; at += piece) {
		str_add_bytes(&c->in, data + at, MIN(piece, size - at));
		web_parse(c);
		while (c->complete && c->refused == 0) {
			record(&seen, c);
			web_parse_next(c);
			web_parse(c);
		}
	}
	/* Which of two mistakes is met first depends on where reads fall. */
	str_add(&seen, c->refused != 0 ? "refused" : "end");
	str_fini(&c->head);
	str_fini(&c->body);
	str_fini(&c->in);
	free(c);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str whole, parts;

	if (size < 2)
		return 0;
	whole = requests_of(data + 1, size - 1, size);
	parts = requests_of(data + 1, size - 1, (size_t)data[0] + 1);
	MUST(strcmp(whole.text, parts.text) == 0 && whole.len == parts.len);
	str_fini(&whole);
	str_fini(&parts);
	return 0;
}
