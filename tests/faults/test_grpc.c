/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of gRPC: their borders are found however bytes come in pieces. */
#include "faults/grpc.h"

#include <string.h>

#include "tests/harness/check_run.h"

/* Messages of 3, 0 and 2 bytes. */
static const char body[] = "\0\0\0\0\3abc"
			   "\0\0\0\0\0"
			   "\1\0\0\0\2de";
#define BODY_LEN (sizeof(body) - 1)
static const size_t ends[] = {8, 13, 20};

/* Feeds the body in pieces of `piece` bytes, passing on what was looked at if
 * `pass`; returns where the stop-th message ends. */
static size_t
find(size_t piece, uint64_t stop, bool pass)
{
	struct bytes_pool pool = {0};
	struct grpc_scan scan = {0};
	struct bytes in;
	size_t passed = 0, found = SIZE_MAX;

	bytes_init(&in, &pool);
	for (size_t at = 0; at < BODY_LEN && found == SIZE_MAX; at += piece) {
		size_t n = MIN(piece, BODY_LEN - at);

		/* Different times make different segments. */
		bytes_add(&in, body + at, n, (int64_t)at + 1);
		found = grpc_find(&scan, &in, stop);
		if (found != SIZE_MAX || !pass)
			continue;
		passed += in.len;
		grpc_passed(&scan, in.len);
		bytes_drop(&in, in.len);
	}
	bytes_fini(&in);
	bytes_pool_fini(&pool);
	return found == SIZE_MAX ? found : passed + found;
}

START_TEST(borders_are_found_however_bytes_come)
{
	for (size_t piece = 1; piece <= BODY_LEN; piece++) {
		for (size_t i = 0; i < 3; i++) {
			ck_assert_uint_eq(find(piece, i + 1, false), ends[i]);
			ck_assert_uint_eq(find(piece, i + 1, true), ends[i]);
		}
	}
}
END_TEST

START_TEST(none_is_found_that_did_not_come)
{
	ck_assert_uint_eq(find(BODY_LEN, 4, false), SIZE_MAX);
	ck_assert_uint_eq(find(1, 4, true), SIZE_MAX);
}
END_TEST

START_TEST(before_the_first_message_is_the_beginning)
{
	ck_assert_uint_eq(find(BODY_LEN, 0, false), 0);
}
END_TEST

START_TEST(text_is_encoded)
{
	struct str s = {0};

	grpc_add_message(&s, "50% \xc3\xa9\n~");
	ck_assert_str_eq(s.text, "50%25 %C3%A9%0A~");
	str_fini(&s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    borders_are_found_however_bytes_come,
	    none_is_found_that_did_not_come,
	    before_the_first_message_is_the_beginning,
	    text_is_encoded,
	    NULL,
	};

	return check_run("grpc", tests);
}
