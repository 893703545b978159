/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel does with the segments of one socket, seen from its peer.
 * What needs CAP_NET_ADMIN is looked at where that is there; elsewhere it must
 * fail and change nothing. */
#include "proxy/kernel.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int peer, own;

/* Both ends of a connection over the loopback, IPv4 or IPv6. */
static void
begin(int family)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6,
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = family == AF_INET6 ? sizeof(at) : sizeof(in);
	struct sockaddr *addr = family == AF_INET6 ? (struct sockaddr *)&at
						   : (struct sockaddr *)&in;
	int listener = socket(family, SOCK_STREAM, 0), one = 1;

	ck_assert_int_eq(bind(listener, addr, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	getsockname(listener, addr, &len);
	peer = socket(family, SOCK_STREAM, 0);
	setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ck_assert_int_eq(connect(peer, addr, len), 0);
	own = accept(listener, NULL, NULL);
	ck_assert_int_ge(own, 0);
	close(listener);
}

static void
finish(void)
{
	close(own);
	close(peer);
}

static bool
readable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, wait_ms) == 1;
}

static const int families[] = {AF_INET, AF_INET6};

START_TEST(what_is_discarded_comes_again)
{
	begin(families[_i]);
	ck_assert(kernel_discard(own, true));
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	ck_assert(!readable(own, 30));
	ck_assert_uint_gt(kernel_dropped(own), 0);
	ck_assert(kernel_discard(own, false));
	ck_assert(readable(own, 5000));
	finish();
}
END_TEST

START_TEST(what_is_lost_comes_again_and_the_other_way_is_free)
{
	char byte;

	begin(families[_i]);
	if (!kernel_can_lose()) {
		ck_assert(!kernel_lose(own, 1));
		ck_assert_int_eq(send(peer, "x", 1, 0), 1);
		ck_assert(readable(own, 5000));
		finish();
		return;
	}
	ck_assert(kernel_lose(own, 1));
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	ck_assert(!readable(own, 30));
	/* Its acknowledgements have no payload: they come through, so that
	 * nothing is sent twice. */
	ck_assert_int_eq(send(own, "y", 1, 0), 1);
	ck_assert(readable(peer, 1000));
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 1);
	ck_assert_uint_gt(kernel_dropped(own), 0);
	ck_assert(kernel_lose(own, 0));
	ck_assert(readable(own, 5000));
	finish();
}
END_TEST

START_TEST(a_share_is_lost_and_every_byte_arrives)
{
	char out[1000] = {0}, in[1000];
	size_t got = 0;

	begin(families[_i]);
	if (!kernel_lose(own, 0.3)) {
		finish();
		return;
	}
	for (int i = 0; i < 30; i++) {
		memset(out, i, sizeof(out));
		ck_assert_int_eq(send(peer, out, sizeof(out), 0), sizeof(out));
		usleep(50);
	}
	while (got < 30 * sizeof(out)) {
		ssize_t n = recv(own, in, sizeof(in), 0);

		ck_assert_int_gt(n, 0);
		for (ssize_t i = 0; i < n; i++, got++)
			ck_assert_int_eq((unsigned char)in[i],
					 (int)(got / sizeof(out)));
	}
	ck_assert_uint_gt(kernel_dropped(own), 0);
	finish();
}
END_TEST

START_TEST(what_is_forgotten_is_closed_without_a_word)
{
	char byte;

	begin(families[_i]);
	/* Unread bytes would make a reset of it. */
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	ck_assert(readable(own, 1000));
	if (!kernel_forget(own, true)) {
		ck_assert_int_eq(errno, EPERM);
		finish();
		return;
	}
	close(own);
	ck_assert(!readable(peer, 50));
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	ck_assert(readable(peer, 1000));
	ck_assert_int_eq(recv(peer, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	close(peer);
}
END_TEST

START_TEST(who_is_remembered_again_goes_on)
{
	begin(AF_INET);
	if (kernel_forget(own, true))
		ck_assert(kernel_forget(own, false));
	ck_assert_int_eq(send(own, "x", 1, 0), 1);
	ck_assert(readable(peer, 1000));
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	ck_assert(readable(own, 1000));
	finish();
}
END_TEST

START_TEST(other_sockets_can_none_of_it)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert(!kernel_discard(fds[0], true));
	ck_assert(!kernel_forget(fds[0], true));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("kernel");
	TCase *tc = tcase_create("kernel");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_is_discarded_comes_again, 0, 2);
	tcase_add_loop_test(
	    tc, what_is_lost_comes_again_and_the_other_way_is_free, 0, 2);
	tcase_add_loop_test(tc, a_share_is_lost_and_every_byte_arrives, 0, 2);
	tcase_add_loop_test(tc, what_is_forgotten_is_closed_without_a_word, 0,
			    2);
	tcase_add_test(tc, who_is_remembered_again_goes_on);
	tcase_add_test(tc, other_sockets_can_none_of_it);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
