/* SPDX-License-Identifier: Apache-2.0 */
/* What a server and a client of MySQL say, in packets, for the tests of its
 * walker. */
#ifndef PROXY_MY_CASE_H
#define PROXY_MY_CASE_H

#include "tests/harness/check_run.h"
#include "tests/proxy/data_case.h"

static const size_t my_pieces[] = {1, 2, 3, 11, 1000000};

#define EACH_PIECE(t)                                                          \
	for (size_t p_ = 0; p_ < COUNT_OF(my_pieces) &&                        \
	     (case_open(t, &data_mysql, my_pieces[p_]), true);                 \
	     case_close(t), p_++)

static inline void
put_number(struct str *to, uint64_t n, size_t size)
{
	for (size_t i = 0; i < size; i++)
		str_add_char(to, (char)(n >> 8 * i));
}

/* Packets of one message. Returns owned. */
static inline struct str
packets(const char *body, size_t len, unsigned sequence)
{
	struct str to = {0};
	size_t n;

	do {
		n = MIN(len, 0xffffffu);
		put_number(&to, n, 3);
		put_number(&to, sequence++, 1);
		str_add_bytes(&to, body, n);
		body += n;
		len -= n;
	} while (n == 0xffffffu);
	return to;
}

/* A command; a message that goes on with it; one of the server. */
#define C(t, body)    client(t, body, sizeof(body) - 1, 0)
#define GOES(t, body) client(t, body, sizeof(body) - 1, 2)
#define S(t, body)    server(t, body, sizeof(body) - 1)

static inline void
client(struct data_case *t, const char *body, size_t len, unsigned sequence)
{
	struct str m = packets(body, len, sequence);

	case_says(t, m.text, m.len);
	str_fini(&m);
}

static inline void
server(struct data_case *t, const char *body, size_t len)
{
	struct str m = packets(body, len, 1);

	case_answers(t, m.text, m.len);
	str_fini(&m);
}

#define OK	   "\0\0\0\2\0\0\0" /* autocommit */
#define OK_OPEN	   "\0\0\0\3\0\0\0" /* … in a transaction */
#define OK_MORE	   "\0\0\0\012\0\0\0"
#define END	   "\xfe\0\0\2\0"
#define END_MORE   "\xfe\0\0\012\0"
#define END_CURSOR "\xfe\0\0\x42\0"
#define END_OK	   "\xfe\0\0\2\0\0\0"
#define COLUMN	   "\003def\0\0\0\001a"

#define CAN_41	   0x200u
#define COMPRESS   0x20u
#define TLS	   0x800u
#define MYSQL	   0x1u /* none of MariaDB's own */
#define OK_AS_EOF  (1u << 24)
#define NO_COLUMNS (1u << 25)
#define ZSTD	   (1u << 26)
#define ATTRIBUTES (1u << 27)

static inline void
greet(struct data_case *t, uint32_t can, uint32_t more)
{
	struct str m = {0};

	str_add_char(&m, 10);
	str_add_bytes(&m, "11.4.2-MariaDB-ubu2404", 23);
	str_add_bytes(&m, "\7\0\0\0saltsalt", 13);
	put_number(&m, can & 0xffff, 2);
	str_add_bytes(&m, "\x21\2\0", 3);
	put_number(&m, can >> 16, 2);
	str_add_bytes(&m, "\x15\0\0\0\0\0\0", 7);
	put_number(&m, more, 4);
	str_add_bytes(&m, "salt salt sa\0mysql_native_password", 35);
	server(t, m.text, m.len);
	str_fini(&m);
}

static inline void
say_who(struct data_case *t, uint32_t can, uint32_t more, bool all)
{
	struct str m = {0};

	put_number(&m, can, 4);
	put_number(&m, 1 << 24, 4);
	str_add_char(&m, 0x21);
	str_add_bytes(&m, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19);
	put_number(&m, more, 4);
	if (all)
		str_add_bytes(&m, "user\0\0mysql_native_password", 28);
	client(t, m.text, m.len, 1);
	str_fini(&m);
}

static inline void
log_in(struct data_case *t, uint32_t can)
{
	can |= CAN_41 | MYSQL;
	greet(t, UINT32_MAX, 0);
	say_who(t, can, 0, true);
	S(t, OK);
}

#endif
