/* SPDX-License-Identifier: Apache-2.0 */
/* The PROXY protocol: what is read, refused and built. */
#include "proxy/proxy_header.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"

/* "1.2.3.4:5 > 6.7.8.9:10", or "-" without addresses. */
static const char *
addresses(const struct proxy_header *h)
{
	static char text[160];
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];

	if (!h->has_addresses)
		return "-";
	inet_ntop(AF_INET6, &h->source, source, sizeof(source));
	inet_ntop(AF_INET6, &h->destination, destination,
	    sizeof(destination));
	snprintf(text, sizeof(text), "%s:%u > %s:%u", source, h->source_port,
	    destination, h->destination_port);
	return text;
}

/* The parser gets a copy of just that size, so that the address sanitizer
 * sees it read beyond. */
static enum proxy_header_result
parse(struct view v, struct proxy_header *h)
{
	char *copy = malloc(v.len > 0 ? v.len : 1);
	enum proxy_header_result result;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, v.at, v.len);
	result = proxy_header_parse(copy, v.len, h);
	free(copy);
	return result;
}

static const struct {
	struct view header;
	const char *addresses;
} good[] = {
	{VIEW("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n"),
	    "::ffff:192.0.2.1:56324 > ::ffff:198.51.100.2:443"},
	{VIEW("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
	    "::ffff:255.255.255.255:65535 > ::ffff:255.255.255.255:65535"},
	{VIEW("PROXY TCP6 2001:db8::1 ::1 0 1\r\n"), "2001:db8::1:0 > ::1:1"},
	{VIEW("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:65535 > "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:65535"},
	{VIEW("PROXY UNKNOWN\r\n"), "-"},
	{VIEW("PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n"), "-"},
	{VIEW(V2 "\x21\x11\0\x0c"
	      "\xc0\x00\x02\x01\xc6\x33\x64\x02\x00\x50\x01\xbb"),
	    "::ffff:192.0.2.1:80 > ::ffff:198.51.100.2:443"},
	{VIEW(V2 "\x21\x21\0\x24"
	      "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
	      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\xff\xff"),
	    "2001:db8::1:1 > ::1:65535"},
	/* with extensions: one of 2 bytes, an empty one */
	{VIEW(V2 "\x21\x11\0\x14\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x02"
	      "\x01\0\x02h2\x04\0\0"),
	    "::ffff:1.2.3.4:1 > ::ffff:5.6.7.8:2"},
	{VIEW(V2 "\x20\x00\0\0"), "-"},
	{VIEW(V2 "\x20\x11\0\x03xyz"), "-"}, /* LOCAL: all is skipped */
	{VIEW(V2 "\x21\x00\0\x02xy"), "-"},
	{VIEW(V2 "\x21\x12\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x02"),
	    "-"},
};

START_TEST(a_header_is_read_whole_and_nothing_behind_it)
{
	struct str data = {0};
	struct proxy_header h;

	ck_assert_int_eq(parse(good[_i].header, &h), PROXY_HEADER_DONE);
	ck_assert_str_eq(addresses(&h), good[_i].addresses);
	ck_assert_uint_eq(h.consumed, good[_i].header.len);
	str_add_bytes(&data, good[_i].header.at, good[_i].header.len);
	str_add(&data, "GET / HTTP/1.1\r\n\r\n");
	ck_assert_int_eq(parse((struct view){data.text, data.len}, &h),
	    PROXY_HEADER_DONE);
	ck_assert_uint_eq(h.consumed, good[_i].header.len);
	ck_assert_str_eq(addresses(&h), good[_i].addresses);
	str_fini(&data);
}
END_TEST

START_TEST(every_beginning_of_a_header_asks_for_more)
{
	struct proxy_header h;

	for (size_t len = 0; len < good[_i].header.len; len++)
		ck_assert_int_eq(parse((struct view){good[_i].header.at, len},
		    &h), PROXY_HEADER_MORE);
}
END_TEST

static const struct view wrong[] = {
	VIEW("GET / HTTP/1.1\r\n"),
	VIEW("G"),
	VIEW("proxy TCP4 "),
	VIEW("\r\n\r\n\r"),
	VIEW("PROXY\r\n"),
	VIEW("PROXY \r\n"),
	VIEW("PROXY UNKNOWNx\r\n"),
	VIEW("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n"),
	VIEW("PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"),
	VIEW("PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n"),
	VIEW("PROXY TCP4 ::1 ::1 1 2\r\n"),
	VIEW("PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"),
	VIEW("PROXY TCP4 1.2.3.4 5.6.7.8 1 100000\r\n"),
	VIEW("PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n"),
	VIEW("PROXY UNKNOWN \r x\r\n"),
	VIEW(V2 "\x11"),		  /* version 1 */
	VIEW(V2 "\x22"),		  /* unknown command */
	VIEW(V2 "\x21\x41"),		  /* unknown family */
	VIEW(V2 "\x21\x13"),		  /* unknown transport */
	VIEW(V2 "\x21\x11\0\x0b"),	  /* too short */
	VIEW(V2 "\x21\x21\0\x23"),	  /* too short */
	VIEW(V2 "\x20\x00\x0f\xf1"),	  /* 4097 bytes in all */
	VIEW(V2 "\x21\x11\xff\xff"),	  /* far too long */
	/* extensions: half a head; longer than what is there */
	VIEW(V2 "\x21\x11\0\x0e\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x02"
	     "\x01\0"),
	VIEW(V2 "\x21\x11\0\x10\x01\x02\x03\x04\x05\x06\x07\x08\0\x01\0\x02"
	     "\x01\0\x02h"),
};

START_TEST(what_is_malformed_is_refused_with_a_reason)
{
	struct proxy_header h;

	ck_assert_int_eq(parse(wrong[_i], &h), PROXY_HEADER_BAD);
	ck_assert(!h.has_addresses);
	ck_assert_ptr_nonnull(h.error);
}
END_TEST

START_TEST(a_line_without_end_is_refused_at_107_bytes)
{
	char line[200];
	struct proxy_header h;

	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	ck_assert_int_eq(proxy_header_parse(line, 106, &h),
	    PROXY_HEADER_MORE);
	ck_assert_int_eq(proxy_header_parse(line, 107, &h), PROXY_HEADER_BAD);
	memcpy(line + 105, "\r\n", 2);
	ck_assert_int_eq(proxy_header_parse(line, 107, &h),
	    PROXY_HEADER_DONE);
	ck_assert_uint_eq(h.consumed, 107);
	memset(line + 105, 'x', 2);
	memcpy(line + 106, "\r\n", 2);
	ck_assert_int_eq(proxy_header_parse(line, 200, &h), PROXY_HEADER_BAD);
}
END_TEST

START_TEST(the_longest_header_is_read)
{
	unsigned char data[PROXY_HEADER_READ_MAX] = {0};
	struct proxy_header h;

	memcpy(data, V2 "\x20\x00\x0f\xf0", 16);
	ck_assert_int_eq(proxy_header_parse(data, sizeof(data) - 1, &h),
	    PROXY_HEADER_MORE);
	ck_assert_int_eq(proxy_header_parse(data, sizeof(data), &h),
	    PROXY_HEADER_DONE);
	ck_assert_uint_eq(h.consumed, sizeof(data));
}
END_TEST

/* A socket bound to that loopback address. */
static int
bound(const char *ip, uint16_t *port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	bool is_v4 = inet_pton(AF_INET, ip, &v4.sin_addr) == 1;
	struct sockaddr *addr = is_v4 ? (void *)&v4 : (void *)&v6;
	socklen_t len = is_v4 ? sizeof(v4) : sizeof(v6);
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	v6.sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, addr, len) != 0 ||
	    getsockname(fd, addr, &len) != 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
	return fd;
}

static const struct {
	const char *ip, *source, *expected_ip;
	size_t v2_len;
} built[] = {
	{"127.0.0.1", "::ffff:192.0.2.9", "::ffff:127.0.0.1", 28},
	{"::1", "2001:db8::9", "::1", 52},
	{"127.0.0.1", "2001:db8::9", "::ffff:127.0.0.1", 52},
};

START_TEST(what_is_built_reads_back_the_same)
{
	unsigned char data[PROXY_HEADER_MAX];
	char expected[160];
	struct in6_addr source;
	struct proxy_header h;
	uint16_t port = 0;
	int fd = bound(built[_i].ip, &port);

	if (fd < 0)
		return; /* a machine without IPv6 */
	ck_assert_int_eq(inet_pton(AF_INET6, built[_i].source, &source), 1);
	snprintf(expected, sizeof(expected), "%s:4711 > %s:%u",
	    built[_i].source, built[_i].expected_ip, port);
	for (int v2 = 0; v2 < 2; v2++) {
		size_t len = proxy_header_build(v2 == 1, fd, &source, 4711,
		    data);

		ck_assert_uint_le(len, sizeof(data));
		if (v2)
			ck_assert_uint_eq(len, built[_i].v2_len);
		ck_assert_int_eq(proxy_header_parse(data, len, &h),
		    PROXY_HEADER_DONE);
		ck_assert_uint_eq(h.consumed, len);
		ck_assert_str_eq(addresses(&h), expected);
	}
	close(fd);
}
END_TEST

START_TEST(version_1_names_ipv4_plainly)
{
	unsigned char data[PROXY_HEADER_MAX];
	char expected[80];
	struct in6_addr source;
	uint16_t port = 0;
	int fd = bound("127.0.0.1", &port);
	size_t len;

	ck_assert_int_ge(fd, 0);
	inet_pton(AF_INET6, "::ffff:192.0.2.9", &source);
	len = proxy_header_build(false, fd, &source, 1, data);
	snprintf(expected, sizeof(expected),
	    "PROXY TCP4 192.0.2.9 127.0.0.1 1 %u\r\n", port);
	ck_assert_uint_eq(len, strlen(expected));
	ck_assert_mem_eq(data, expected, len);
	close(fd);
}
END_TEST

START_TEST(a_client_without_ip_is_unknown)
{
	unsigned char data[PROXY_HEADER_MAX];
	struct proxy_header h;
	struct in6_addr none = {0};
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int v2 = 0; v2 < 2; v2++) {
		size_t len = proxy_header_build(v2 == 1, fds[0], &none, 0,
		    data);

		ck_assert_int_eq(proxy_header_parse(data, len, &h),
		    PROXY_HEADER_DONE);
		ck_assert_uint_eq(h.consumed, len);
		ck_assert(!h.has_addresses);
	}
	close(fds[0]);
	close(fds[1]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proxy_header");
	TCase *c = tcase_create("proxy_header");
	SRunner *r;

	tcase_add_loop_test(c, a_header_is_read_whole_and_nothing_behind_it,
	    0, COUNT_OF(good));
	tcase_add_loop_test(c, every_beginning_of_a_header_asks_for_more, 0,
	    COUNT_OF(good));
	tcase_add_loop_test(c, what_is_malformed_is_refused_with_a_reason, 0,
	    COUNT_OF(wrong));
	tcase_add_test(c, a_line_without_end_is_refused_at_107_bytes);
	tcase_add_test(c, the_longest_header_is_read);
	tcase_add_loop_test(c, what_is_built_reads_back_the_same, 0,
	    COUNT_OF(built));
	tcase_add_test(c, version_1_names_ipv4_plainly);
	tcase_add_test(c, a_client_without_ip_is_unknown);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
