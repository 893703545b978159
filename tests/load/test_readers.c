/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of Redis' and PostgreSQL's answers, fed in all pieces. */
#include <string.h>

#include "base/attr.h"
#include "load/pg_reader.h"
#include "load/resp.h"
#include "tests/harness/check_run.h"

static void
take(void *arg, struct view text)
{
	str_add_bytes(arg, text.at, text.len);
}

/* What came of it, as text: the values, and then done, error, bad or more. */
static void
read_resp(const char *wire, size_t len, size_t piece, struct str *to)
{
	struct resp r = {.sink = take, .arg = to};
	enum resp_result result = RESP_MORE;
	size_t used = 0;

	for (size_t at = 0; at < len && result == RESP_MORE; at += piece) {
		struct view data = {wire + at, MIN(piece, len - at)};

		result = resp_feed(&r, &data);
		used = at + MIN(piece, len - at) - data.len;
	}
	str_add(to, result == RESP_BAD	  ? "|bad"
		    : result == RESP_MORE ? "|more"
		    : r.error		  ? "|error"
					  : "|done");
	if (result == RESP_DONE && used < len)
		str_printf(to, " %zu left", len - used);
	resp_fini(&r);
}

static const struct {
	const char *wire, *result;
} replies[] = {
    {"+OK\r\n", "OK|done"},
    {"-ERR no\r\n", "ERR no|error"},
    {":12\r\n", "12|done"},
    {"$5\r\nhello\r\n", "hello|done"},
    {"$0\r\n\r\n", "|done"},
    {"$-1\r\n", "|done"},
    {"*-1\r\n", "|done"},
    {"*0\r\n", "|done"},
    {"*2\r\n$1\r\na\r\n:7\r\n", "a7|done"},
    {"*2\r\n*2\r\n+a\r\n+b\r\n*1\r\n*0\r\n", "ab|done"},
    {"*1\r\n-ERR within\r\n", "ERR within|done"},
    {"$4\r\na\r\nb\r\n", "a\r\nb|done"},
    {"%1\r\n+k\r\n#t\r\n", "kt|done"},
    {"~2\r\n,1.5\r\n(123\r\n", "1.5123|done"},
    {"_\r\n", "|done"},
    {"=7\r\ntxt:abc\r\n", "txt:abc|done"},
    {"!5\r\nERR x\r\n", "ERR x|error"},
    {">2\r\n+message\r\n+x\r\n+OK\r\n", "OK|done"},
    {"|1\r\n+ttl\r\n:3\r\n*1\r\n|1\r\n+a\r\n+b\r\n:9\r\n", "9|done"},
    {"*2\r\n+a\r\n", "a|more"},
    {"$5\r\nhel", "hel|more"},
    {"hello\r\n", "|bad"},
    {"\r\n", "|bad"},
    {"+OK\n", "|bad"},
    {"$x\r\n", "|bad"},
    {"$-2\r\n", "|bad"},
    {"$99999999999\r\n", "|bad"},
    {"$\r\n", "|bad"},
    {"$1\r\nabc", "a|bad"},
};

START_TEST(replies_of_redis_are_read_in_any_pieces)
{
	for (size_t i = 0; i < COUNT_OF(replies); i++) {
		size_t len = strlen(replies[i].wire);

		for (size_t piece = 1; piece <= len; piece++) {
			struct str out = {0};

			read_resp(replies[i].wire, len, piece, &out);
			ck_assert_msg(strcmp(out.text, replies[i].result) == 0,
				      "%s by %zu: %s, expected %s",
				      replies[i].wire, piece, out.text,
				      replies[i].result);
			str_fini(&out);
		}
	}
}
END_TEST

START_TEST(what_follows_a_reply_is_left)
{
	struct str out = {0};

	read_resp("+a\r\n+b\r\n", 8, 8, &out);
	ck_assert_str_eq(out.text, "a|done 4 left");
	str_fini(&out);
}
END_TEST

START_TEST(nesting_and_lines_have_bounds)
{
	struct str deep = {0}, out = {0};

	for (int i = 0; i < RESP_DEPTH; i++)
		str_add(&deep, "*1\r\n");
	str_add(&deep, "+x\r\n");
	read_resp(deep.text, deep.len, 3, &out);
	ck_assert_str_eq(out.text, "x|done");
	str_clear(&out);
	str_clear(&deep);
	for (int i = 0; i <= RESP_DEPTH; i++)
		str_add(&deep, "*1\r\n");
	read_resp(deep.text, deep.len, 3, &out);
	ck_assert_str_eq(out.text, "|bad");
	str_clear(&out);
	str_clear(&deep);
	str_add_char(&deep, '+');
	for (int i = 0; i < RESP_LINE_MAX; i++)
		str_add_char(&deep, 'x');
	read_resp(deep.text, deep.len, 1000, &out);
	ck_assert_str_eq(out.text, "|bad");
	str_fini(&out);
	str_fini(&deep);
}
END_TEST

/* Messages as text: type(text), and pieces as they are. */
static void
read_pg(const char *wire, size_t len, size_t piece, struct str *to)
{
	struct pg_reader r = {0};
	bool bad = false;

	str_add(to, "");
	for (size_t at = 0; at < len && !bad; at += piece) {
		struct view data = {wire + at, MIN(piece, len - at)}, part;
		enum pg_event event;

		while ((event = pg_read(&r, &data, &part)) != PG_MORE && !bad) {
			if (event == PG_PIECE)
				str_add_bytes(to, part.at, part.len);
			else if (event == PG_MESSAGE)
				str_printf(to, "%c(%s)", r.type, r.text.text);
			bad = event == PG_BAD;
		}
	}
	if (bad)
		str_add(to, "|bad");
	pg_reader_fini(&r);
}

#define WIRE(text) text, sizeof(text) - 1

static const struct {
	const char *wire;
	size_t len;
	const char *result;
} messages[] = {
    {WIRE("Z\0\0\0\5I"), "Z(I)"},
    {WIRE("I\0\0\0\4"), "I()"},
    {WIRE("C\0\0\0\15SELECT 1\0"), "C(SELECT 1)"},
    {WIRE("D\0\0\0\24\0\2\0\0\0\3abc\0\0\0\3def"), "abcdef"},
    {WIRE("D\0\0\0\22\0\3\0\0\0\0\377\377\377\377\0\0\0\0"), ""},
    {WIRE("D\0\0\0\6\0\0"), ""},
    {WIRE("D\0\0\0\13\0\1\0\0\0\1xZ\0\0\0\5I"), "xZ(I)"},
    {WIRE("d\0\0\0\10copy"), "copy"},
    {WIRE("Z\0\0\0\3"), "|bad"},
    {WIRE("Z\377\377\377\377"), "|bad"},
    {WIRE("C\1\0\0\0"), "|bad"},
    {WIRE("D\0\0\0\13\0\1\0\0\0\11x"), "|bad"},
};

START_TEST(messages_of_postgresql_are_read_in_any_pieces)
{
	for (size_t i = 0; i < COUNT_OF(messages); i++) {
		for (size_t piece = 1; piece <= messages[i].len; piece++) {
			struct str out = {0};

			read_pg(messages[i].wire, messages[i].len, piece, &out);
			ck_assert_msg(strcmp(out.text, messages[i].result) == 0,
				      "case %zu by %zu: %s, expected %s", i,
				      piece, out.text, messages[i].result);
			str_fini(&out);
		}
	}
}
END_TEST

int
main(void)
{
	return check_run("readers",
			 (const TTest *const[]){
			     replies_of_redis_are_read_in_any_pieces,
			     what_follows_a_reply_is_left,
			     nesting_and_lines_have_bounds,
			     messages_of_postgresql_are_read_in_any_pieces,
			     NULL,
			 });
}
