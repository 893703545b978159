/* SPDX-License-Identifier: Apache-2.0 */
/* Hellos of real clients, and of others. */
#include "proxy/client_hello.h"

#include <openssl/ssl.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"

/* What a client of OpenSSL says first; owned. */
static struct str
real_hello(const char *sni, const char *alpn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	struct str hello = {0};
	char *data;
	long len;

	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	if (sni != NULL)
		SSL_set_tlsext_host_name(ssl, sni);
	if (alpn != NULL)
		SSL_set_alpn_protos(ssl, (const unsigned char *)alpn,
		    (unsigned)strlen(alpn));
	SSL_do_handshake(ssl);
	len = BIO_get_mem_data(out, &data);
	str_add_bytes(&hello, data, (size_t)len);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return hello;
}

/* The same message in records of `size` bytes. */
static struct str
in_records(const struct str *hello, size_t size)
{
	struct str out = {0};

	for (size_t at = 5; at < hello->len; at += size) {
		size_t n = MIN(size, hello->len - at);
		char head[5] = {22, 3, 1, (char)(n >> 8), (char)n};

		str_add_bytes(&out, head, 5);
		str_add_bytes(&out, hello->text + at, n);
	}
	return out;
}

START_TEST(names_and_offers_are_read)
{
	struct str h = real_hello("WWW.Example.test", "\002h2\010http/1.1");
	struct client_hello hello;

	ck_assert_int_eq(client_hello_parse(h.text, h.len, &hello),
	    CLIENT_HELLO_DONE);
	ck_assert_str_eq(hello.sni, "www.example.test");
	ck_assert_str_eq(hello.alpn, "h2,http/1.1");
	str_fini(&h);
}
END_TEST

START_TEST(a_hello_may_name_nothing)
{
	struct str h = real_hello(NULL, NULL);
	struct client_hello hello;

	ck_assert_int_eq(client_hello_parse(h.text, h.len, &hello),
	    CLIENT_HELLO_DONE);
	ck_assert_str_eq(hello.sni, "");
	ck_assert_str_eq(hello.alpn, "");
	str_fini(&h);
}
END_TEST

START_TEST(every_cut_of_every_parting_wants_more)
{
	static const size_t sizes[] = {4, 5, 40, 200, 16384};
	struct str h = real_hello("a.test", "\002h2");
	struct client_hello hello;

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct str r = in_records(&h, sizes[i]);

		for (size_t n = 0; n < r.len; n++) {
			/* A copy of just that size shows a read beyond it. */
			char *part = xmemdup0(r.text, n);

			ck_assert_int_eq(client_hello_parse(part, n, &hello),
			    CLIENT_HELLO_MORE);
			free(part);
		}
		ck_assert_int_eq(client_hello_parse(r.text, r.len, &hello),
		    CLIENT_HELLO_DONE);
		ck_assert_str_eq(hello.sni, "a.test");
		/* What follows is none of it. */
		str_add(&r, "\x14\x03\x03 more");
		ck_assert_int_eq(client_hello_parse(r.text, r.len, &hello),
		    CLIENT_HELLO_DONE);
		str_fini(&r);
	}
	str_fini(&h);
}
END_TEST

START_TEST(what_begins_otherwise_is_not_tls)
{
	static const char *const others[] = {"GET / HTTP/1.1\r\n",
	    "SSH-2.0-x\r\n", "\x80\x2e\x01\x03", "\x15\x03\x01",
	    "\x16\x04\x01", "\x16\x03\x01\x01\x01\x02"};
	struct client_hello hello;

	for (size_t i = 0; i < COUNT_OF(others); i++)
		ck_assert_int_eq(client_hello_parse(others[i],
				     strlen(others[i]), &hello),
		    CLIENT_HELLO_NOT_TLS);
	ck_assert_int_eq(client_hello_parse("", 0, &hello),
	    CLIENT_HELLO_MORE);
}
END_TEST

/* Parses a hello whose byte at `off` (from the end, if negative) is `value`. */
static enum client_hello_result
spoilt(long off, int value)
{
	struct str h = real_hello("a.test", "\002h2");
	size_t at = off < 0 ? h.len - (size_t)-off : (size_t)off;
	enum client_hello_result result;
	struct client_hello hello;

	h.text[at] = (char)value;
	result = client_hello_parse(h.text, h.len, &hello);
	ck_assert((result == CLIENT_HELLO_BAD) == (hello.error != NULL));
	str_fini(&h);
	return result;
}

START_TEST(broken_hellos_are_told_from_good_ones)
{
	/* length of the session's id, of the first extension's list */
	ck_assert_int_eq(spoilt(5 + 4 + 34, 33), CLIENT_HELLO_BAD);
	ck_assert_int_eq(spoilt(5 + 4 + 34, 1), CLIENT_HELLO_BAD);
	/* an empty record, one beyond the longest */
	ck_assert_int_eq(spoilt(3, 0xff), CLIENT_HELLO_BAD);
	/* a message of 16 MB */
	ck_assert_int_eq(spoilt(6, 0xff), CLIENT_HELLO_BAD);
	/* one byte less than it has: the rest is too much */
	for (int value = 0; value < 256; value++)
		spoilt(8, value);
}
END_TEST

START_TEST(no_byte_that_is_changed_leads_astray)
{
	struct str h = real_hello("a.test", "\002h2\010http/1.1");
	struct client_hello hello;

	for (size_t at = 0; at < h.len; at++) {
		for (int value = 0; value < 256; value += 15) {
			char *copy = xmemdup0(h.text, h.len);

			copy[at] = (char)value;
			ck_assert(client_hello_parse(copy, h.len, &hello) <=
			    CLIENT_HELLO_BAD);
			free(copy);
		}
	}
	str_fini(&h);
}
END_TEST

int
main(void)
{
	return check_run("client_hello",
	    (const TTest *const[]){
		names_and_offers_are_read, a_hello_may_name_nothing,
		every_cut_of_every_parting_wants_more,
		what_begins_otherwise_is_not_tls,
		broken_hellos_are_told_from_good_ones,
		no_byte_that_is_changed_leads_astray, NULL});
}
