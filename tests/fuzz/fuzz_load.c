/* SPDX-License-Identifier: Apache-2.0 */
/* What servers answer to the load driver: Redis' replies, PostgreSQL's
 * messages, a challenge of SCRAM, a template. The first byte chooses. What is
 * read does not depend on the pieces it comes in. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "load/pg_reader.h"
#include "load/resp.h"
#include "load/scram.h"
#include "load/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
take(void *arg, struct view text)
{
	str_add_bytes(arg, text.at, text.len);
}

/* Reply after reply, until one is bad. */
static void
read_resp(struct view all, size_t piece, struct str *to)
{
	struct resp r = {.sink = take, .arg = to};
	enum resp_result result = RESP_MORE;

	for (size_t at = 0; at < all.len && result != RESP_BAD; at += piece) {
		struct view data = {all.at + at, MIN(piece, all.len - at)};

		while (data.len > 0 && result != RESP_BAD) {
			result = resp_feed(&r, &data);
			if (result != RESP_DONE)
				continue;
			str_add_char(to, r.error ? '!' : '.');
			resp_reset(&r);
		}
	}
	str_add(to, result == RESP_BAD ? "bad" : "");
	resp_fini(&r);
}

static void
read_pg(struct view all, size_t piece, struct str *to)
{
	struct pg_reader r = {0};
	bool bad = false;

	for (size_t at = 0; at < all.len && !bad; at += piece) {
		struct view data = {all.at + at, MIN(piece, all.len - at)};
		enum pg_event event;
		struct view part;

		while (!bad && (event = pg_read(&r, &data, &part)) != PG_MORE) {
			if (event == PG_PIECE)
				str_add_bytes(to, part.at, part.len);
			else if (event == PG_MESSAGE)
				str_add_char(to, r.type);
			bad = event == PG_BAD;
		}
	}
	str_add(to, bad ? "bad" : "");
	pg_reader_fini(&r);
}

static void
check_pieces(void (*read)(struct view, size_t, struct str *), struct view all)
{
	struct str whole = {0}, pieces = {0};

	read(all, MAX(all.len, 1), &whole);
	read(all, 3, &pieces);
	require(whole.len == pieces.len &&
	    (whole.len == 0 ||
		memcmp(whole.text, pieces.text, whole.len) == 0));
	str_fini(&whole);
	str_fini(&pieces);
}

static void
check_scram(struct view server)
{
	struct scram_cache cache = {.password = "pencil"};
	struct str out = {0};
	struct error err;
	struct scram s;

	require(scram_init(&s, ""));
	strcpy(s.nonce, "n");
	/* More would only take its time. */
	if (memmem(server.at, server.len, "i=1,", 4) != NULL &&
	    scram_final(&s, &cache, server, &out, &err))
		require(out.len > 0);
	require(!scram_verify(&s, server));
	str_fini(&out);
}

static void
check_template(struct view all)
{
	char *text = xmemdup0(all.at, all.len);
	struct load_vars vars = load_vars_of(1, "fuzz", 2);
	struct str out = {0};
	struct template t;

	template_init(&t, text);
	template_render(&t, &vars, &out);
	require(strchr(text, '{') != NULL || out.len == strlen(text));
	template_fini(&t);
	str_fini(&out);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view all = {(const char *)data + 1, size - 1};

	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'r':
		check_pieces(read_resp, all);
		break;
	case 'p':
		check_pieces(read_pg, all);
		break;
	case 's':
		check_scram(all);
		break;
	default:
		check_template(all);
	}
	return 0;
}
