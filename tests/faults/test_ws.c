/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of WebSocket frames, and the way over them in pieces of any size. */
#include "faults/ws.h"

#include <check.h>
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"

#define BYTES(literal) (const unsigned char *)literal, sizeof(literal) - 1

START_TEST(heads_tell_what_follows)
{
	static const struct {
		const char *data;
		size_t size;
		struct ws_head head;
	} cases[] = {
	    {"\x81\x00", 2, {0, 2, WS_TEXT, true, false}},
	    {"\x02\x7d", 2, {125, 2, WS_BINARY, false, false}},
	    {"\xc1\x7e\x01\x00", 4, {256, 4, WS_TEXT, true, false}},
	    {"\x82\xfe\xff\xff"
	     "mask",
		8, {65535, 8, WS_BINARY, true, true}},
	    {"\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00", 10,
		{UINT64_C(1) << 32, 10, WS_BINARY, true, false}},
	    {"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
	     "mask",
		14, {INT64_MAX, 14, WS_BINARY, true, true}},
	    {"\x89\xfd"
	     "mask",
		6, {125, 6, WS_PING, true, true}},
	    /* A length that needs not be that long is no mistake of ours. */
	    {"\x82\x7e\x00\x01", 4, {1, 4, WS_BINARY, true, false}},
	};
	struct ws_head h;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const unsigned char *data =
		    (const unsigned char *)cases[i].data;

		for (size_t n = 0; n < cases[i].size; n++)
			ck_assert_int_eq(ws_head_parse(data, n, &h), WS_MORE);
		ck_assert_int_eq(ws_head_parse(data, cases[i].size, &h),
		    WS_DONE);
		ck_assert_uint_eq(h.payload, cases[i].head.payload);
		ck_assert_uint_eq(h.len, cases[i].head.len);
		ck_assert_uint_eq(h.opcode, cases[i].head.opcode);
		ck_assert_int_eq(h.fin, cases[i].head.fin);
		ck_assert_int_eq(h.masked, cases[i].head.masked);
	}
}
END_TEST

START_TEST(what_is_no_frame_is_told)
{
	struct ws_head h;

	ck_assert_int_eq(ws_head_parse(BYTES("\x83\x00"), &h), WS_BAD);
	ck_assert_int_eq(ws_head_parse(BYTES("\x87\x00"), &h), WS_BAD);
	ck_assert_int_eq(ws_head_parse(BYTES("\x8b\x00"), &h), WS_BAD);
	ck_assert_int_eq(ws_head_parse(BYTES("\x8f\x00"), &h), WS_BAD);
	/* Control frames are whole and short. */
	ck_assert_int_eq(ws_head_parse(BYTES("\x09\x00"), &h), WS_BAD);
	ck_assert_int_eq(ws_head_parse(BYTES("\x88\x7e\x00\x7e"), &h), WS_BAD);
	/* The highest bit of a length is 0. */
	ck_assert_int_eq(
	    ws_head_parse(
		BYTES("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), &h),
	    WS_BAD);
}
END_TEST

/* A text in fragments with a ping amid, an empty frame, a longer one. */
static const char stream[] = "\x01\x03one\x89\x82mask..\x00\x00\x80\x03"
			     "end\x82\x7e\x00\x80"
			     "0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef\x88\x00";
static const size_t ends[] = {5, 13, 15, 20, 152, 154};

START_TEST(frames_end_where_they_end_however_bytes_come)
{
	const size_t len = sizeof(stream) - 1;

	ck_assert_uint_eq(len, ends[COUNT_OF(ends) - 1]);
	for (size_t piece = 1; piece <= len; piece++) {
		struct ws_scan scan = {0};
		size_t at = 0, frame = 0;

		while (at < len) {
			at += ws_scan_frame(&scan, stream + at,
			    MIN(piece, len - at));
			ck_assert(!scan.bad);
			if (scan.left > 0 || scan.have > 0)
				continue;
			ck_assert_uint_eq(at, ends[frame++]);
			ck_assert_int_eq(scan.open, frame < 4);
		}
		ck_assert_uint_eq(frame, COUNT_OF(ends));
	}
}
END_TEST

START_TEST(fragments_out_of_place_are_bad)
{
	static const char *const cases[] = {
	    "\x80\x01x", "\x01\x01x\x81\x01y", "\x01\x01x\x02\x01y",
	    "\x81\x01x\x80\x01y"};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct ws_scan scan = {0};
		size_t len = strlen(cases[i]), at = 0;

		while (at < len)
			at += ws_scan_frame(&scan, cases[i] + at, len - at);
		ck_assert(scan.bad);
		/* From then on anything is taken. */
		ck_assert_uint_eq(ws_scan_frame(&scan, "anything", 8), 8);
	}
}
END_TEST

START_TEST(close_frames_are_well_formed)
{
	static const unsigned char mask[] = {1, 2, 3, 4};
	struct str to = {0};
	struct ws_head h;

	ws_add_close(&to, 1001, "bye", NULL);
	ck_assert_uint_eq(to.len, 7);
	ck_assert_mem_eq(to.text, "\x88\x05\x03\xe9" "bye", 7);
	str_clear(&to);
	ws_add_close(&to, 1001, "bye", mask);
	ck_assert_uint_eq(to.len, 11);
	ck_assert_mem_eq(to.text, "\x88\x85\x01\x02\x03\x04", 6);
	ck_assert_int_eq(to.text[6], 0x03 ^ 1);
	ck_assert_int_eq(to.text[10], 'e' ^ 1);
	ck_assert_int_eq(ws_head_parse((unsigned char *)to.text, to.len, &h),
	    WS_DONE);
	ck_assert(h.masked && h.payload == 5);
	str_fini(&to);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    heads_tell_what_follows,
	    what_is_no_frame_is_told,
	    frames_end_where_they_end_however_bytes_come,
	    fragments_out_of_place_are_bad,
	    close_frames_are_well_formed,
	    NULL,
	};

	return check_run("faults/ws", tests);
}
