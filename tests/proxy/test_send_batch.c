/* SPDX-License-Identifier: Apache-2.0 */
/* Sends of many sockets in one call. Where the kernel allows none there is
 * nothing to be tested. */
#include "proxy/send_batch.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/check_run.h"

#define MANY 128 /* as many as there is room for */

static struct send_batch *batch;
static int pairs[MANY][2];
static ssize_t sent[MANY];

static bool
begin(void)
{
	batch = send_batch_new();
	if (batch == NULL)
		return false;
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(socketpair(AF_UNIX,
				     SOCK_STREAM | SOCK_NONBLOCK, 0, pairs[i]),
		    0);
	return true;
}

static void
finish(void)
{
	for (int i = 0; i < MANY; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	send_batch_free(batch);
}

static void
expect(int i, const char *text)
{
	char got[16];

	ck_assert_int_eq(recv(pairs[i][1], got, sizeof(got), 0),
	    (ssize_t)strlen(text));
	ck_assert_mem_eq(got, text, strlen(text));
}

static bool
add(int i, const void *data, size_t len)
{
	return send_batch_add(batch, pairs[i][0], data, len, &sent[i]);
}

START_TEST(each_socket_gets_its_own_bytes)
{
	if (!begin())
		return;
	ck_assert(add(0, "one", 3));
	ck_assert(add(1, "second", 6));
	ck_assert(add(2, "3", 1));
	ck_assert_int_lt(recv(pairs[0][1], (char[1]){0}, 1, 0), 0);
	send_batch_run(batch);
	ck_assert_int_eq(sent[0], 3);
	ck_assert_int_eq(sent[1], 6);
	ck_assert_int_eq(sent[2], 1);
	expect(0, "one");
	expect(1, "second");
	expect(2, "3");
	/* Once. */
	send_batch_run(batch);
	ck_assert_int_lt(recv(pairs[0][1], (char[1]){0}, 1, 0), 0);
	finish();
}
END_TEST

START_TEST(one_failure_leaves_the_others_alone)
{
	ssize_t none;

	if (!begin())
		return;
	close(pairs[0][1]);
	ck_assert(add(0, "gone", 4));
	ck_assert(send_batch_add(batch, -1, "none", 4, &none));
	ck_assert(add(1, "fine", 4));
	send_batch_run(batch);
	ck_assert_int_eq(sent[0], -EPIPE);
	ck_assert_int_eq(none, -EBADF);
	ck_assert_int_eq(sent[1], 4);
	expect(1, "fine");
	pairs[0][1] = dup(pairs[0][0]);
	finish();
}
END_TEST

START_TEST(a_full_socket_takes_what_it_can_and_nobody_waits)
{
	static char much[4 << 20];

	if (!begin())
		return;
	ck_assert(add(0, much, sizeof(much)));
	send_batch_run(batch);
	ck_assert_int_gt(sent[0], 0);
	ck_assert_int_lt(sent[0], (ssize_t)sizeof(much));
	while (send(pairs[0][0], much, 1, MSG_DONTWAIT) == 1)
		continue;
	ck_assert(add(0, "x", 1));
	send_batch_run(batch);
	ck_assert_int_eq(sent[0], -EAGAIN);
	finish();
}
END_TEST

START_TEST(it_is_full_some_time_and_empty_again_afterwards)
{
	ssize_t none;

	if (!begin())
		return;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++)
			ck_assert(add(i, "ab", 2));
		ck_assert(send_batch_full(batch));
		ck_assert(!send_batch_add(batch, 0, "ab", 2, &none));
		send_batch_run(batch);
		ck_assert(!send_batch_full(batch));
		for (int i = 0; i < MANY; i++) {
			ck_assert_int_eq(sent[i], 2);
			expect(i, "ab");
		}
	}
	finish();
}
END_TEST

START_TEST(without_a_batch_nothing_is_taken)
{
	ssize_t none;

	ck_assert(send_batch_full(NULL));
	ck_assert(!send_batch_add(NULL, 0, "a", 1, &none));
	send_batch_run(NULL);
}
END_TEST

int
main(void)
{
	return check_run("send_batch",
	    (const TTest *const[]){
		each_socket_gets_its_own_bytes,
		one_failure_leaves_the_others_alone,
		a_full_socket_takes_what_it_can_and_nobody_waits,
		it_is_full_some_time_and_empty_again_afterwards,
		without_a_batch_nothing_is_taken, NULL});
}
