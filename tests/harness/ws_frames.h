/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a WebSocket for tests, short enough for one byte of length, and
 * a flow that is one. */
#ifndef HARNESS_WS_FRAMES_H
#define HARNESS_WS_FRAMES_H

#include "tests/harness/suite.h"

/* From the server. */
#define HI   "\x81\x02hi"
#define YO   "\x81\x02yo"
#define BIN  "\x82\x03\x01\x02\x03"
#define PING "\x89\x01p"
#define PONG "\x8a\x01q"
#define BYE  "\x88\x02\x03\xe8"
/* One message in three fragments. */
#define PART_ONE   "\x01\x03one"
#define PART_TWO   "\x00\x03two"
#define PART_THREE "\x80\x01!"
/* From the client, masked by "1234". */
#define MASKED_HI                                                              \
	"\x81\x82"                                                             \
	"1234"                                                                 \
	"YY"

/* Sends a literal, NULs and all. */
#define WS_SEND(f, dir, literal)                                               \
	harness_send_bytes(f, dir, literal, sizeof(literal) - 1)
#define WS_EXPECT(f, dir, literal)                                             \
	ws_expect(f, dir, literal, sizeof(literal) - 1)

static inline void
ws_expect(const struct harness_flow *f, enum link_dir dir, const char *data,
    size_t len)
{
	const struct str *got = &f->got[dir].bytes;

	ck_assert_uint_eq(got->len, len);
	ck_assert_mem_eq(got->text != NULL ? got->text : "", data, len);
}

/* An exchange that has become a WebSocket. */
static inline struct harness_flow *
ws_open(void)
{
	struct harness_flow *f = suite_exchange(0);

	f->websocket = true;
	return f;
}

#endif
