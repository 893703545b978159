/* SPDX-License-Identifier: Apache-2.0 */
/* The PROXY protocol. The reader looks at the whole beginning each time: a
 * header is short and mostly comes in one piece. It is strict, since whoever
 * can make it guess can claim any address. */
#include "proxy/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "proxy/session.h"

#define V1_MAX	   107 /* with CR LF */
#define V2_FIXED   16  /* signature, version, family, length */
#define V2_TLV_MIN 3   /* type, length */

static const unsigned char v1_start[] = "PROXY ";
static const unsigned char v2_start[12] = "\r\n\r\n\0\r\nQUIT\n";

static enum proxy_header_result
bad(struct proxy_header *to, const char *why)
{
	to->error = why;
	to->has_addresses = false;
	return PROXY_HEADER_BAD;
}

/* True if all we have agrees with the beginning of `start`. */
static bool
begins(const void *data, size_t len, const unsigned char *start, size_t size)
{
	return memcmp(data, start, MIN(len, size)) == 0;
}

/* --- version 1 ------------------------------------------------------------ */

/* Reads decimal digits without sign, spaces or leading zeros. */
static bool
parse_port(const char *text, uint16_t *port)
{
	unsigned value = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 5 || (text[0] == '0' && len > 1))
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = 10 * value + (unsigned)(*text - '0');
	}
	*port = (uint16_t)value;
	return value <= UINT16_MAX;
}

static bool
parse_ip(const char *text, bool v6, struct in6_addr *to)
{
	struct in_addr v4;

	if (v6)
		return inet_pton(AF_INET6, text, to) == 1;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return false;
	session_map_ipv4(to, &v4);
	return true;
}

/* What follows "TCP4 " or "TCP6 "; cuts the text at its spaces. */
static bool
parse_addresses(char *text, bool v6, struct proxy_header *to)
{
	char *field[4];

	for (size_t i = 0; i < COUNT_OF(field); i++) {
		field[i] = text;
		text = strchr(text, ' ');
		if ((text == NULL) != (i == COUNT_OF(field) - 1))
			return false;
		if (text != NULL)
			*text++ = '\0';
	}
	return parse_ip(field[0], v6, &to->source) &&
	    parse_ip(field[1], v6, &to->destination) &&
	    parse_port(field[2], &to->source_port) &&
	    parse_port(field[3], &to->destination_port);
}

static enum proxy_header_result
parse_v1(const char *data, size_t len, struct proxy_header *to)
{
	const char *end = memchr(data, '\n', MIN(len, V1_MAX));
	char line[V1_MAX + 1];
	char *rest = line + sizeof(v1_start) - 1;
	size_t line_len;

	if (end == NULL && len < V1_MAX)
		return PROXY_HEADER_MORE;
	if (end == NULL)
		return bad(to, "no end within 107 bytes");
	to->consumed = (size_t)(end + 1 - data);
	if (to->consumed < sizeof(v1_start) + 1 || end[-1] != '\r')
		return bad(to, "the line must end with CR LF");
	line_len = to->consumed - 2;
	memcpy(line, data, line_len);
	line[line_len] = '\0';
	if (strlen(line) != line_len || strchr(line, '\r') != NULL)
		return bad(to, "control characters in the line");
	if (strcmp(rest, "UNKNOWN") == 0 || strncmp(rest, "UNKNOWN ", 8) == 0)
		return PROXY_HEADER_DONE;
	if (strncmp(rest, "TCP4 ", 5) != 0 && strncmp(rest, "TCP6 ", 5) != 0)
		return bad(to, "neither TCP4, TCP6 nor UNKNOWN");
	if (!parse_addresses(rest + 5, rest[3] == '6', to))
		return bad(to, "malformed address or port");
	to->has_addresses = true;
	return PROXY_HEADER_DONE;
}

/* --- version 2 ------------------------------------------------------------ */

static uint16_t
get16(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static bool
tlvs_are_whole(const unsigned char *at, size_t len)
{
	while (len >= V2_TLV_MIN) {
		size_t size = V2_TLV_MIN + get16(at + 1);

		if (size > len)
			return false;
		at += size;
		len -= size;
	}
	return len == 0;
}

/* Bytes of addresses that a family byte announces, or -1. */
static int
addresses_len(unsigned char family)
{
	switch (family) {
	case 0x00: /* unspecified: whatever follows is skipped */
		return 0;
	case 0x11: /* TCP, UDP over IPv4 */
	case 0x12:
		return 2 * 4 + 2 * 2;
	case 0x21: /* TCP, UDP over IPv6 */
	case 0x22:
		return 2 * 16 + 2 * 2;
	case 0x31: /* Unix stream, datagram */
	case 0x32:
		return 2 * 108;
	default:
		return -1;
	}
}

static void
take_addresses(const unsigned char *at, bool v6, struct proxy_header *to)
{
	size_t size = v6 ? 16 : 4;

	if (v6) {
		memcpy(&to->source, at, size);
		memcpy(&to->destination, at + size, size);
	} else {
		session_map_ipv4(&to->source, at);
		session_map_ipv4(&to->destination, at + size);
	}
	to->source_port = get16(at + 2 * size);
	to->destination_port = get16(at + 2 * size + 2);
	to->has_addresses = true;
}

static enum proxy_header_result
parse_v2(const unsigned char *data, size_t len, struct proxy_header *to)
{
	size_t body;
	int need;

	if (len > 12 && data[12] != 0x20 && data[12] != 0x21)
		return bad(to, "unknown version or command");
	if (len > 13 && addresses_len(data[13]) < 0)
		return bad(to, "unknown address family");
	if (len < V2_FIXED)
		return PROXY_HEADER_MORE;
	body = get16(data + 14);
	if (V2_FIXED + body > PROXY_HEADER_READ_MAX)
		return bad(to, "longer than 4096 bytes");
	need = addresses_len(data[13]);
	if (data[12] == 0x21 && body < (size_t)need)
		return bad(to, "too short for its addresses");
	if (len < V2_FIXED + body)
		return PROXY_HEADER_MORE;
	to->consumed = V2_FIXED + body;
	if (data[12] == 0x20 || data[13] == 0x00)
		return PROXY_HEADER_DONE;
	if (!tlvs_are_whole(data + V2_FIXED + need, body - (size_t)need))
		return bad(to, "malformed extension");
	if (data[13] == 0x11 || data[13] == 0x21)
		take_addresses(data + V2_FIXED, data[13] == 0x21, to);
	return PROXY_HEADER_DONE;
}

enum proxy_header_result
proxy_header_parse(const void *data, size_t len, struct proxy_header *to)
{
	*to = (struct proxy_header){0};
	if (len == 0)
		return PROXY_HEADER_MORE;
	if (begins(data, len, v2_start, sizeof(v2_start)))
		return parse_v2(data, len, to);
	if (begins(data, len, v1_start, sizeof(v1_start) - 1))
		return parse_v1(data, len, to);
	return bad(to, "no PROXY header");
}

/* --- building ------------------------------------------------------------- */

/* The local address of the socket; false if it is not IP. */
static bool
local_address(int fd, struct in6_addr *ip, uint16_t *port)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return false;
	*port = session_unpack(&addr, ip);
	return addr.ss_family == AF_INET || addr.ss_family == AF_INET6;
}

static size_t
build_v1(const struct proxy_header *h, unsigned char *to)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(&h->source) &&
	    IN6_IS_ADDR_V4MAPPED(&h->destination);
	size_t skip = v4 ? 12 : 0;
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
	int len;

	if (!h->has_addresses) {
		memcpy(to, "PROXY UNKNOWN\r\n", 15);
		return 15;
	}
	inet_ntop(v4 ? AF_INET : AF_INET6, h->source.s6_addr + skip, source,
	    sizeof(source));
	inet_ntop(v4 ? AF_INET : AF_INET6, h->destination.s6_addr + skip,
	    destination, sizeof(destination));
	len = snprintf((char *)to, PROXY_HEADER_MAX,
	    "PROXY TCP%c %s %s %u %u\r\n", v4 ? '4' : '6', source,
	    destination, h->source_port, h->destination_port);
	return (size_t)len;
}

static size_t
build_v2(const struct proxy_header *h, unsigned char *to)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(&h->source) &&
	    IN6_IS_ADDR_V4MAPPED(&h->destination);
	size_t size = v4 ? 4 : 16;
	uint16_t ports[2] = {htons(h->source_port),
	    htons(h->destination_port)};

	memcpy(to, v2_start, sizeof(v2_start));
	to[12] = h->has_addresses ? 0x21 : 0x20;
	to[13] = !h->has_addresses ? 0x00 : v4 ? 0x11 : 0x21;
	to[14] = 0;
	to[15] = h->has_addresses ? (unsigned char)(2 * size + 4) : 0;
	if (!h->has_addresses)
		return V2_FIXED;
	to += V2_FIXED;
	memcpy(to, h->source.s6_addr + 16 - size, size);
	memcpy(to + size, h->destination.s6_addr + 16 - size, size);
	memcpy(to + 2 * size, ports, sizeof(ports));
	return V2_FIXED + 2 * size + sizeof(ports);
}

size_t
proxy_header_build(bool v2, int client_fd, const struct in6_addr *source,
    uint16_t source_port, unsigned char to[PROXY_HEADER_MAX])
{
	struct proxy_header h = {.source = *source,
	    .source_port = source_port};

	h.has_addresses = local_address(client_fd, &h.destination,
	    &h.destination_port);
	return v2 ? build_v2(&h, to) : build_v1(&h, to);
}
