/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches, over the loopback. */
#include "proxy/udp_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/harness/check_run.h"

static int
bound(const char *host, union udp_address *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(*to);

	to->in = (struct sockaddr_in){.sin_family = AF_INET};
	inet_pton(AF_INET, host, &to->in.sin_addr);
	ck_assert_int_eq(bind(fd, &to->sa, sizeof(to->in)), 0);
	ck_assert_int_eq(getsockname(fd, &to->sa, &len), 0);
	return fd;
}

static uint32_t
send_texts(int fd, const char *const *texts, int *error)
{
	struct udp_sending out = {.fd = fd};

	for (; *texts != NULL; texts++)
		out.data[out.count++] =
		    (struct iovec){(void *)(uintptr_t)*texts, strlen(*texts)};
	return udp_send(&out, error);
}

START_TEST(a_batch_keeps_boundaries_and_tells_both_ends)
{
	union udp_address any, to, from;
	int server = bound("0.0.0.0", &any), client = bound("127.0.0.1", &from);
	struct udp_batch *b = udp_batch_new();
	int64_t now = clock_now(&clock_real);
	struct udp_datagram d;
	uint32_t lost = 0;
	int error;

	udp_tune_listener(server, AF_INET, true);
	to = any;
	inet_pton(AF_INET, "127.0.0.7", &to.in.sin_addr);
	ck_assert_int_eq(connect(client, &to.sa, sizeof(to.in)), 0);
	ck_assert_uint_eq(send_texts(client,
				     (const char *[]){"one", "", "three", NULL},
				     &error),
			  7);
	ck_assert_int_eq(error, 0);
	ck_assert_int_eq(udp_batch_receive(b, server, now, &lost), 3);
	udp_batch_get(b, 1, &d);
	ck_assert_uint_eq(d.len, 0);
	udp_batch_get(b, 2, &d);
	ck_assert_uint_eq(d.len, 5);
	ck_assert_mem_eq(d.data, "three", 5);
	ck_assert(!d.cut);
	ck_assert_int_eq(d.arrived_us, now);
	ck_assert_uint_eq(d.path.client.in.sin_port, from.in.sin_port);
	ck_assert_uint_eq(d.path.local.in.sin_addr.s_addr,
			  to.in.sin_addr.s_addr);
	ck_assert_int_eq(udp_batch_receive(b, server, now, &lost), 0);
	udp_batch_free(b);
	close(server);
	close(client);
}
END_TEST

START_TEST(stamps_count_the_time_that_datagrams_waited)
{
	union udp_address to, from;
	int server = bound("127.0.0.1", &to),
	    client = bound("127.0.0.1", &from);
	struct udp_batch *b = udp_batch_new();
	struct udp_datagram d = {.arrived_us = INT64_MAX};
	uint32_t lost = 0;
	int64_t now = 0;
	int error;

	udp_tune_stamps(server);
	ck_assert_int_eq(connect(client, &to.sa, sizeof(to.in)), 0);
	/* The kernel begins to stamp a moment after it was asked to. */
	for (int i = 0; i < 50 && d.arrived_us > now - 20000; i++) {
		send_texts(client, (const char *[]){"x", NULL}, &error);
		usleep(20000);
		now = clock_now(&clock_real);
		ck_assert_int_eq(udp_batch_receive(b, server, now, &lost), 1);
		udp_batch_get(b, 0, &d);
	}
	ck_assert_int_le(d.arrived_us, now - 20000);
	udp_batch_free(b);
	close(server);
	close(client);
}
END_TEST

START_TEST(a_refusal_is_told_and_what_follows_is_sent)
{
	union udp_address nobody, from;
	int gone = bound("127.0.0.1", &nobody), fd = bound("127.0.0.1", &from);
	int error;

	close(gone);
	ck_assert_int_eq(connect(fd, &nobody.sa, sizeof(nobody.in)), 0);
	ck_assert_uint_eq(send_texts(fd, (const char *[]){"a", NULL}, &error),
			  1);
	ck_assert_int_eq(error, 0);
	/* The answer to the first meets the second, which goes all the same. */
	ck_assert_uint_eq(send_texts(fd, (const char *[]){"b", NULL}, &error),
			  1);
	ck_assert_int_eq(error, ECONNREFUSED);
	close(fd);
}
END_TEST

START_TEST(one_that_cannot_be_sent_does_not_stop_the_others)
{
	static char huge[66000];
	union udp_address to, from;
	int server = bound("127.0.0.1", &to),
	    client = bound("127.0.0.1", &from);
	struct udp_sending out = {.fd = client, .count = 3};
	int error;

	ck_assert_int_eq(connect(client, &to.sa, sizeof(to.in)), 0);
	out.data[0] = (struct iovec){huge, 10};
	out.data[1] = (struct iovec){huge, sizeof(huge)};
	out.data[2] = (struct iovec){huge, 20};
	ck_assert_uint_eq(udp_send(&out, &error), 5);
	close(server);
	close(client);
}
END_TEST

START_TEST(what_the_kernel_loses_is_counted)
{
	union udp_address to, from;
	int server = bound("127.0.0.1", &to),
	    client = bound("127.0.0.1", &from);
	struct udp_batch *b = udp_batch_new();
	uint32_t lost = 0;
	int error, n, got = 0, size = 4096;
	char text[1000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	udp_tune_listener(server, AF_INET, false);
	setsockopt(server, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ck_assert_int_eq(connect(client, &to.sa, sizeof(to.in)), 0);
	for (int i = 0; i < 100; i++)
		send_texts(client, (const char *[]){text, NULL}, &error);
	while ((n = udp_batch_receive(b, server, 0, &lost)) > 0)
		got += n;
	/* The count comes with the next one that there is room for. */
	send_texts(client, (const char *[]){text, NULL}, &error);
	ck_assert_int_eq(udp_batch_receive(b, server, 0, &lost), 1);
	ck_assert_int_lt(got, 100);
	ck_assert_uint_eq(lost, (unsigned)(100 - got));
	udp_batch_free(b);
	close(server);
	close(client);
}
END_TEST

int
main(void)
{
	const TTest *tests[] = {
	    a_batch_keeps_boundaries_and_tells_both_ends,
	    stamps_count_the_time_that_datagrams_waited,
	    a_refusal_is_told_and_what_follows_is_sent,
	    one_that_cannot_be_sent_does_not_stop_the_others,
	    what_the_kernel_loses_is_counted,
	    NULL,
	};

	return check_run("udp_io", tests);
}
