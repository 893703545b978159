/* SPDX-License-Identifier: Apache-2.0 */
/* cut: the connection ends at a chosen place of the stream: after a number of
 * bytes, or where a pattern stands. */
#include <string.h>

#include "base/deadline.h"
#include "faults/chunk.h"
#include "faults/fault.h"
#include "faults/grpc.h"
#include "faults/registry.h"

#define PATTERN_MAX 64
#define PATIENCE_US 50000 /* how long the start of a pattern is held */

enum cut_place { PLACE_BEFORE, PLACE_AFTER };

struct cut_params {
	int64_t bytes, messages;
	char *pattern;
	int place; /* enum cut_place */
	int how;   /* enum flow_end, by how_ends */
};

/* The pattern is sought by Knuth, Morris and Pratt's automaton, so that it is
 * found wherever reads part it. */
struct cut_state {
	uint64_t head;	 /* bytes of an HTTP head, which do not count */
	struct grpc_scan grpc;
	size_t scanned;	 /* held bytes that the automaton has seen */
	size_t matched;	 /* pattern bytes that stand at their end */
	int64_t seen_us; /* when the automaton last moved */
	size_t len;	 /* of pattern; 0: none */
	unsigned char pattern[PATTERN_MAX];
	unsigned char fall[PATTERN_MAX]; /* the automaton's way back */
};

static const char *const place_choices[] = {"before", "after", NULL};
static const char *const how_choices[] = {"fin", "rst", "silent", NULL};
static const enum flow_end how_ends[] = {END_FIN, END_RST_AFTER, END_SILENT};

static const struct conf_field fields[] = {
    {
	.name = "bytes",
	.type = CONF_SIZE,
	.offset = offsetof(struct cut_params, bytes),
	.def = "0",
	.max = 9007199254740992.0,
	.help = "Bytes that pass before the cut, or before the pattern is "
		"sought",
    },
    {
	.name = "messages",
	.type = CONF_INT,
	.offset = offsetof(struct cut_params, messages),
	.def = "0",
	.max = 1e9,
	.help = "Messages of gRPC that pass before the cut; 0: they are not "
		"counted",
    },
    {
	.name = "pattern",
	.type = CONF_STRING,
	.offset = offsetof(struct cut_params, pattern),
	.help = "Cut where these bytes stand, 64 at most; \\n, \\r, \\t, "
		"\\\\ and \\xNN are understood",
    },
    {
	.name = "place",
	.type = CONF_ENUM,
	.offset = offsetof(struct cut_params, place),
	.def = "before",
	.choices = place_choices,
	.help = "Cut before or after the pattern",
    },
    {
	.name = "how",
	.type = CONF_ENUM,
	.offset = offsetof(struct cut_params, how),
	.def = "fin",
	.choices = how_choices,
	.help = "How the connection ends: closed, reset, or dead without a "
		"word",
    },
    CONF_FIELD_END,
};

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads one escape behind a backslash; NULL if it is none. */
static const char *
unescape_one(const char *at, unsigned char *to)
{
	static const char names[] = "nrt\\", values[] = "\n\r\t\\";
	const char *name = *at != '\0' ? strchr(names, *at) : NULL;
	int high, low;

	if (name != NULL) {
		*to = (unsigned char)values[name - names];
		return at + 1;
	}
	if (*at != 'x' || (high = hex_digit(at[1])) < 0 ||
	    (low = hex_digit(at[2])) < 0)
		return NULL;
	*to = (unsigned char)(high << 4 | low);
	return at + 3;
}

/* The bytes that `text` stands for: 1 … PATTERN_MAX of them, or 0 if it is
 * none. */
static size_t
unescape(const char *text, unsigned char *to)
{
	size_t len = 0;

	while (text != NULL && *text != '\0' && len < PATTERN_MAX) {
		if (*text != '\\')
			to[len] = (unsigned char)*text++;
		else if ((text = unescape_one(text + 1, &to[len])) == NULL)
			return 0;
		len++;
	}
	return text != NULL && *text == '\0' ? len : 0;
}

static void
cut_check(
    const void *params, const struct conf_where *where, struct conf_diag *diag)
{
	const struct cut_params *p = params;
	unsigned char pattern[PATTERN_MAX];

	if (p->pattern != NULL && unescape(p->pattern, pattern) == 0)
		conf_error(diag, where,
		    "pattern \"%s\" is not understood; expected 1 to %d bytes "
		    "with \\n, \\r, \\t, \\\\ and \\xNN",
		    p->pattern, PATTERN_MAX);
	if (p->messages > 0 && (p->pattern != NULL || p->bytes > 0))
		conf_error(diag, where,
		    "messages beside bytes or pattern; expected one way to "
		    "say where");
}

static void
learn(struct cut_state *st, const struct cut_params *p)
{
	size_t k = 0;

	st->scanned = st->matched = 0;
	st->len = unescape(p->pattern, st->pattern);
	for (size_t i = 1; i < st->len; i++) {
		while (k > 0 && st->pattern[i] != st->pattern[k])
			k = st->fall[k - 1];
		if (st->pattern[i] == st->pattern[k])
			k++;
		st->fall[i] = (unsigned char)k;
	}
}

static void
cut_attach(struct stage *s)
{
	learn(stage_state(s), stage_params(s));
}

static void
cut_update(struct stage *s, const void *old_params)
{
	(void)old_params;
	learn(stage_state(s), stage_params(s));
}

/* The first `n` held bytes pass, then the connection ends. */
static void
cut_here(struct stage *s, size_t n)
{
	const struct cut_params *p = stage_params(s);
	struct cut_state *st = stage_state(s);

	stage_pass(s, n, -1);
	stage_acted(s, "cut", (double)(stage_offset(s) - st->head), "bytes");
	stage_end(s, how_ends[p->how]);
}

/* Moves the automaton over the bytes not seen yet. True if the pattern ended
 * at offset *end of the input. */
static bool
scan(const struct bytes *in, struct cut_state *st, size_t *end)
{
	size_t base = 0;

	for (const struct seg *seg = in->head; seg != NULL;
	     base += seg->len, seg = seg->next) {
		const unsigned char *data = seg->slab->data + seg->off;

		while (st->scanned < base + seg->len) {
			unsigned char c = data[st->scanned++ - base];

			while (st->matched > 0 && c != st->pattern[st->matched])
				st->matched = st->fall[st->matched - 1];
			if (c == st->pattern[st->matched])
				st->matched++;
			if (st->matched == st->len) {
				*end = st->scanned;
				return true;
			}
		}
	}
	return false;
}

/* Passes bytes until the pattern is met. The start of a pattern that may go
 * on is held for a moment, lest it be delivered. */
static void
seek(struct stage *s)
{
	const struct cut_params *p = stage_params(s);
	struct cut_state *st = stage_state(s);
	const struct bytes *in = stage_in(s);
	int64_t now = stage_now(s);
	size_t keep, end = 0;

	if (st->scanned < in->len)
		st->seen_us = now;
	if (scan(in, st, &end)) {
		size_t back = p->place == PLACE_BEFORE ? st->len : 0;

		cut_here(s, end - MIN(back, end));
		return;
	}
	keep = p->place == PLACE_BEFORE ? MIN(st->matched, in->len) : 0;
	if (stage_at_eof(s) || now >= st->seen_us + PATIENCE_US)
		keep = 0;
	stage_pass(s, in->len - keep, -1);
	st->scanned = keep;
	if (keep > 0)
		stage_wake_at(s, st->seen_us + PATIENCE_US);
}

/* Passes messages; what is behind the last one is cut off. */
static void
count_messages(struct stage *s, uint64_t messages)
{
	struct cut_state *st = stage_state(s);
	size_t n = grpc_find(&st->grpc, stage_in(s), messages);

	if (n != SIZE_MAX) {
		cut_here(s, n);
		return;
	}
	grpc_passed(&st->grpc, stage_in(s)->len);
	stage_pass_all(s);
}

static void
cut_data(struct stage *s)
{
	const struct cut_params *p = stage_params(s);
	struct cut_state *st = stage_state(s);
	const struct bytes *in = stage_in(s);
	uint64_t passed, left;

	st->head += chunk_pass_head(s);
	if (p->messages > 0) {
		count_messages(s, (uint64_t)p->messages);
		return;
	}
	passed = stage_offset(s) - st->head;
	left = passed < (uint64_t)p->bytes ? (uint64_t)p->bytes - passed : 0;
	if (in->len < left) {
		stage_pass_all(s);
		return;
	}
	if (st->len == 0) {
		if (passed + in->len > 0)
			cut_here(s, (size_t)left);
		return;
	}
	if (left > 0)
		stage_pass(s, (size_t)left, -1);
	if (in->len > 0)
		seek(s);
}

const struct fault_ops cut_ops = {
    .kind =
	{
	    .name = "cut",
	    .summary = "Ends the connection at a byte count or a byte pattern",
	    .details =
		"Without `pattern` exactly `bytes` bytes of this direction "
		"pass "
		"and then the connection ends; with 0 it ends at the first "
		"byte. "
		"With `pattern` it ends where those bytes first stand behind "
		"the "
		"first `bytes`, however reads part them, just before them or "
		"(`place = \"after\"`) just behind. All that stands before the "
		"cut is delivered first. `how`: `fin` closes both sides, `rst` "
		"resets them, `silent` tells nobody: no FIN, no RST, nothing "
		"is "
		"acknowledged any more. With `messages` so many messages of "
		"gRPC (each with its length in front) pass whole, on HTTP/2 "
		"routes and on byte streams that carry them bare.\n\n"
		"With `place = \"before\"` bytes at the end of a read that may "
		"begin the pattern are held up to 50 ms for the rest; if it "
		"comes later still, its start has been delivered. On an HTTP "
		"route only the body counts and is searched, as it is on the "
		"wire. On HTTP/2 `fin` ends the stream by END_STREAM without "
		"trailers (where no head was delivered, by RST_STREAM), "
		"`rst` by RST_STREAM with INTERNAL_ERROR. Strings of a "
		"configuration file read escapes "
		"themselves: write `\\\\x00` there for a zero byte.",
	    .example = "{ type = \"cut\"; pattern = \"COMMIT\"; "
		       "stream = \"upstream\"; how = \"rst\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct cut_params),
	    .flags = KIND_STREAM_ONLY,
	    .check = cut_check,
	},
    .state_size = sizeof(struct cut_state),
    .attach = cut_attach,
    .data = cut_data,
    .update = cut_update,
};
