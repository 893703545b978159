/* SPDX-License-Identifier: Apache-2.0 */
/* tls_stall, and the points of a handshake that it shares with tls_alert. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "faults/tls_point.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

#define SEC 1000000

/* Records as hosts send them: type, and the first byte of what is in them. A
 * message's head follows where there is one, so that a hello has a version. */
#define HELLO	  "\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03.."
#define SERVER	  "\x16\x03\x03\x00\x08\x02\x00\x00\x04\x03\x03.."
#define CERT	  "\x16\x03\x03\x00\x06\x0b\x00\x00\x02.."
#define KEY	  "\x16\x03\x03\x00\x06\x10\x00\x00\x02.."
#define TICKET	  "\x16\x03\x03\x00\x06\x04\x00\x00\x02.."
#define CCS	  "\x14\x03\x03\x00\x01\x01"
#define DATA	  "\x17\x03\x03\x00\x02.."
#define PIECE(text) {text, sizeof(text) - 1}

struct piece {
	const char *data;
	size_t len;
};

/* In each direction what comes, and how much of it is before the point. */
static const struct {
	enum tls_at at;
	struct piece before, behind;
} cases[] = {
    {TLS_AT_CLIENT_HELLO, PIECE(""), PIECE(HELLO)},
    {TLS_AT_SERVER_HELLO, PIECE(""), PIECE(SERVER CERT)},
    {TLS_AT_CLIENT_FINISHED, PIECE(HELLO), PIECE(KEY CCS)},
    {TLS_AT_CLIENT_FINISHED, PIECE(HELLO CCS), PIECE(DATA)},
    {TLS_AT_CLIENT_FINISHED, PIECE(HELLO CCS HELLO), PIECE(DATA)},
    {TLS_AT_SERVER_FINISHED, PIECE(SERVER CERT), PIECE(TICKET CCS)},
    {TLS_AT_SERVER_FINISHED, PIECE(SERVER), PIECE(CCS DATA)},
};

static enum link_dir
dir_of(enum tls_at at)
{
	return tls_at_links(at) == LINK_MASK_UP ? LINK_UP : LINK_DOWN;
}

static void
send_in(struct harness_flow *f, enum link_dir dir, struct piece p, size_t step)
{
	for (size_t at = 0; at < p.len; at += step)
		harness_send_bytes(f, dir, p.data + at, MIN(step, p.len - at));
}

static void
expect_bytes(const struct harness_flow *f, enum link_dir dir, struct piece p)
{
	ck_assert_uint_eq(f->got[dir].bytes.len, p.len);
	if (p.len > 0)
		ck_assert_mem_eq(f->got[dir].bytes.text, p.data, p.len);
}

START_TEST(each_point_is_found_however_reads_part_the_records)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		for (size_t step = 1; step < 40; step += 6) {
			struct harness *h = harness_new(1);
			enum link_dir dir = dir_of(cases[i].at);
			struct harness_flow *f;
			char text[64];

			snprintf(text, sizeof(text), "tls_stall,at=%s",
			    tls_at_choices[cases[i].at]);
			harness_add(h, text);
			f = harness_open(h);
			send_in(f, dir, cases[i].before, step);
			send_in(f, dir, cases[i].behind, step);
			expect_bytes(f, dir, cases[i].before);
			ck_assert_uint_eq(
			    harness_events(h, EVENT_EFFECT, "stall"), 1);
			harness_free(h);
		}
	}
}
END_TEST

START_TEST(so_many_bytes_of_the_flight_still_pass)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "tls_stall,at=server_hello,after=7");
	f = harness_open(h);
	send_in(f, LINK_DOWN, (struct piece)PIECE(SERVER CERT), 3);
	expect_bytes(f, LINK_DOWN, (struct piece){SERVER, 7});
	harness_free(h);
}
END_TEST

START_TEST(the_other_direction_and_its_end_pass)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "tls_stall");
	f = harness_open(h);
	send_in(f, LINK_UP, (struct piece)PIECE(HELLO), 100);
	expect_bytes(f, LINK_UP, (struct piece)PIECE(HELLO));
	send_in(f, LINK_DOWN, (struct piece)PIECE(SERVER), 100);
	harness_eof(f, LINK_UP);
	harness_eof(f, LINK_DOWN);
	ck_assert(f->got[LINK_UP].eof);
	ck_assert(!f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(what_was_held_goes_on_when_its_time_is_over)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "tls_stall,duration=2s");
	f = harness_open(h);
	send_in(f, LINK_DOWN, (struct piece)PIECE(SERVER), 100);
	harness_eof(f, LINK_DOWN);
	harness_advance(h, 2 * SEC - 1);
	expect_bytes(f, LINK_DOWN, (struct piece)PIECE(""));
	harness_advance(h, 1);
	expect_bytes(f, LINK_DOWN, (struct piece)PIECE(SERVER));
	ck_assert(f->got[LINK_DOWN].eof);
	harness_free(h);
}
END_TEST

START_TEST(what_was_held_goes_on_when_the_fault_is_removed)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "tls_stall");
	f = harness_open(h);
	send_in(f, LINK_DOWN, (struct piece)PIECE(SERVER), 100);
	harness_remove(h, 0);
	expect_bytes(f, LINK_DOWN, (struct piece)PIECE(SERVER));
	harness_free(h);
}
END_TEST

START_TEST(what_is_not_tls_passes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "tls_stall,at=client_hello");
	f = harness_open(h);
	harness_send(f, LINK_UP, "GET / HTTP/1.1\r\n");
	harness_expect(f, LINK_UP, "GET / HTTP/1.1\r\n");
	harness_free(h);
}
END_TEST

int
main(void)
{
	return check_run("tls_stall",
	    (const TTest *const[]){
		each_point_is_found_however_reads_part_the_records,
		so_many_bytes_of_the_flight_still_pass,
		the_other_direction_and_its_end_pass,
		what_was_held_goes_on_when_its_time_is_over,
		what_was_held_goes_on_when_the_fault_is_removed,
		what_is_not_tls_passes, NULL});
}
