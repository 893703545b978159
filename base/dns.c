/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages:
 *
 *	header (12 bytes: number, flags, 4 counts), questions, records
 *	name:	length, label, …, 0; or a pointer (11…) to an earlier one */
#include "base/dns.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define HEADER	   12
#define LABEL_MAX  63
#define NAME_MAX   255
#define POINTER	   0xc0u
#define TYPE_A	   1
#define TYPE_AAAA  28
#define TYPE_OPT   41
#define CLASS_IN   1
#define EDNS_SIZE  1232 /* what fits a packet anywhere */
#define EDNS_DO	   0x8000u
#define QR	   0x8000u
#define OPCODE	   0x7800u
#define TC	   0x0200u
#define RD	   0x0100u
#define RA	   0x0080u
#define CD	   0x0010u
#define RECORD_FIX 10 /* type, class, ttl, length */

struct message {
	const unsigned char *data;
	size_t len;
};

static uint16_t
get16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put16(unsigned char *p, unsigned value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

/* --- names --- */

/* Appends a label as text; there is room for it. */
static size_t
add_label(char *to, size_t at, const unsigned char *label, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = label[i];

		if (c > ' ' && c < 0x7f && c != '.' && c != '\\')
			to[at++] = (char)tolower(c);
		else
			at += (size_t)sprintf(to + at, "\\%03u", c);
	}
	to[at++] = '.';
	return at;
}

/* Reads the name at `off` into `to`. Returns the offset behind it, or 0 if it
 * is none. Every pointer leads to before the part it was found in, so there
 * is an end to them. */
static size_t
read_name(const struct message *m, size_t off, char to[DNS_NAME_TEXT])
{
	size_t at = 0, total = 1, end = 0, before = off;

	while (off < m->len && m->data[off] != 0) {
		unsigned len = m->data[off];

		if (len >= POINTER) {
			if (off + 2 > m->len)
				return 0;
			if (end == 0)
				end = off + 2;
			off = get16(m->data + off) & 0x3fffu;
			if (off < HEADER || off >= before)
				return 0;
			before = off;
			continue;
		}
		total += len + 1;
		if (len > LABEL_MAX || total > NAME_MAX ||
		    off + 1 + len > m->len)
			return 0;
		at = add_label(to, at, m->data + off + 1, len);
		off += len + 1;
	}
	if (off >= m->len)
		return 0;
	/* Without the final dot; the root has nothing else. */
	to[at > 1 ? at - 1 : 0] = '\0';
	if (at == 0)
		memcpy(to, ".", 2);
	return end != 0 ? end : off + 1;
}

/* The offset behind the name at `off`, or 0. */
static size_t
skip_name(const struct message *m, size_t off)
{
	char text[DNS_NAME_TEXT];

	return read_name(m, off, text);
}

/* --- questions --- */

bool
dns_parse(const void *data, size_t len, struct dns_question *to,
	  char name[DNS_NAME_TEXT])
{
	struct message m = {data, len};
	size_t off;

	if (len < HEADER)
		return false;
	*to = (struct dns_question){
	    .id = get16(m.data),
	    .is_answer = (get16(m.data + 2) & QR) != 0,
	};
	if (get16(m.data + 4) == 0)
		return true;
	off = read_name(&m, HEADER, name);
	if (off == 0 || off + 4 > len)
		return false;
	to->name = name;
	to->type = get16(m.data + off);
	to->class = get16(m.data + off + 2);
	return true;
}

bool
dns_answers(const struct dns_question *answer, const struct dns_question *query)
{
	if (answer->id != query->id)
		return false;
	if (answer->name == NULL || query->name == NULL)
		return true;
	return answer->type == query->type && answer->class == query->class &&
	       strcmp(answer->name, query->name) == 0;
}

void
dns_type_text(uint16_t type, char to[DNS_TYPE_TEXT])
{
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = {
	    {1, "A"},	   {2, "NS"},	  {5, "CNAME"},	 {6, "SOA"},
	    {12, "PTR"},   {13, "HINFO"}, {15, "MX"},	 {16, "TXT"},
	    {28, "AAAA"},  {33, "SRV"},	  {35, "NAPTR"}, {39, "DNAME"},
	    {43, "DS"},	   {46, "RRSIG"}, {47, "NSEC"},	 {48, "DNSKEY"},
	    {50, "NSEC3"}, {52, "TLSA"},  {64, "SVCB"},	 {65, "HTTPS"},
	    {251, "IXFR"}, {252, "AXFR"}, {255, "ANY"},	 {257, "CAA"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (names[i].type == type) {
			snprintf(to, DNS_TYPE_TEXT, "%s", names[i].name);
			return;
		}
	}
	snprintf(to, DNS_TYPE_TEXT, "TYPE%u", type);
}

/* --- answers --- */

/* What an OPT record among the query's additional records said. */
struct edns {
	bool present, wants_dnssec;
};

/* Walks the records of a query, whose question ends at `off`. False: it is
 * malformed. */
static bool
read_edns(const struct message *m, size_t off, struct edns *to)
{
	unsigned records =
	    get16(m->data + 6) + get16(m->data + 8) + get16(m->data + 10);

	*to = (struct edns){0};
	for (; records > 0; records--) {
		const unsigned char *fixed;

		off = skip_name(m, off);
		if (off == 0 || off + RECORD_FIX > m->len)
			return false;
		fixed = m->data + off;
		off += RECORD_FIX + get16(fixed + 8);
		if (off > m->len)
			return false;
		if (get16(fixed) != TYPE_OPT)
			continue;
		to->present = true;
		to->wants_dnssec = (get16(fixed + 6) & EDNS_DO) != 0;
	}
	return true;
}

/* The address as a record of the name in the question, where one of its kind
 * is asked for. */
static size_t
put_address(unsigned char *to, const struct dns_reply *reply, uint16_t type)
{
	bool wanted = (type == TYPE_A && reply->address_len == 4) ||
		      (type == TYPE_AAAA && reply->address_len == 16);

	if (!wanted)
		return 0;
	put16(to, POINTER << 8 | HEADER);
	put16(to + 2, type);
	put16(to + 4, CLASS_IN);
	put16(to + 6, reply->ttl >> 16);
	put16(to + 8, reply->ttl & 0xffff);
	put16(to + 10, (unsigned)reply->address_len);
	memcpy(to + 12, reply->address, reply->address_len);
	return 12 + reply->address_len;
}

static size_t
put_edns(unsigned char *to, const struct edns *edns)
{
	if (!edns->present)
		return 0;
	memset(to, 0, 11);
	put16(to + 1, TYPE_OPT);
	put16(to + 3, EDNS_SIZE);
	put16(to + 7, edns->wants_dnssec ? EDNS_DO : 0);
	return 11;
}

size_t
dns_answer(const void *query, size_t len, const struct dns_reply *reply,
	   unsigned char to[DNS_REPLY_MAX])
{
	struct message m = {query, len};
	struct edns edns;
	size_t end, at, n;
	unsigned flags;

	if (len < HEADER || get16(m.data + 4) != 1)
		return 0;
	flags = get16(m.data + 2);
	end = skip_name(&m, HEADER);
	/* A pointer cannot be there: nothing stands before it. */
	if ((flags & (QR | OPCODE)) != 0 || end == 0 || end + 4 > len ||
	    !read_edns(&m, end + 4, &edns))
		return 0;
	memcpy(to, query, end + 4);
	put16(to + 2, QR | RA | (flags & (RD | CD)) |
			  (reply->truncated ? TC : 0) | reply->code);
	at = end + 4;
	n = put_address(to + at, reply, get16(m.data + end));
	put16(to + 6, n > 0);
	put16(to + 8, 0);
	at += n;
	n = put_edns(to + at, &edns);
	put16(to + 10, n > 0);
	return at + n;
}
