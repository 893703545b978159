/* SPDX-License-Identifier: Apache-2.0 */
/* dns: queries are answered in the server's place. */
#include "base/dns.h"

#include <arpa/inet.h>
#include <string.h>

#include "faults/fault.h"
#include "faults/registry.h"

enum answer {
	ANSWER_NXDOMAIN,
	ANSWER_SERVFAIL,
	ANSWER_REFUSED,
	ANSWER_TRUNCATE,
	ANSWER_ADDRESS,
	ANSWER_EMPTY,
};

struct dns_params {
	int answer; /* enum answer */
	char *address;
	int64_t ttl_us;
};

static const char *const answers[] = {
    "nxdomain", "servfail", "refused", "truncate", "address", "empty", NULL};

static const struct conf_field fields[] = {
    {
	.name = "answer",
	.type = CONF_ENUM,
	.offset = offsetof(struct dns_params, answer),
	.choices = answers,
	.flags = CONF_REQUIRED,
	.help = "What the client hears: the name does not exist, the server "
		"failed, it refuses, its answer is too large for UDP, an "
		"address of your choice, or that there is no such record",
    },
    {
	.name = "address",
	.type = CONF_STRING,
	.offset = offsetof(struct dns_params, address),
	.help = "The address, for answer = \"address\": IPv4 for queries of "
		"type A, IPv6 for AAAA",
    },
    {
	.name = "ttl",
	.type = CONF_DURATION,
	.offset = offsetof(struct dns_params, ttl_us),
	.def = "60s",
	.max = 2147483647e6,
	.bare = 1000,
	.help = "How long the address may be cached, in whole seconds",
    },
    CONF_FIELD_END,
};

/* Reads the address; false if it is none. */
static bool
read_address(const char *text, struct dns_reply *to)
{
	if (text != NULL && inet_pton(AF_INET, text, to->address) == 1)
		to->address_len = 4;
	else if (text != NULL && inet_pton(AF_INET6, text, to->address) == 1)
		to->address_len = 16;
	return to->address_len > 0;
}

static void
dns_check(const void *params, const struct conf_where *where,
	  struct conf_diag *diag)
{
	const struct dns_params *p = params;
	struct dns_reply reply = {0};

	if (p->answer != ANSWER_ADDRESS && p->address != NULL)
		conf_error(diag, where, "address expects answer = \"address\"");
	else if (p->answer == ANSWER_ADDRESS && p->address == NULL)
		conf_error(diag, where,
			   "answer \"address\" expects an address");
	else if (p->address != NULL && !read_address(p->address, &reply))
		conf_error(
		    diag, where,
		    "address \"%.80s\" is none; expected such as 192.0.2.1 or "
		    "2001:db8::1",
		    p->address);
}

static struct dns_reply
reply_of(const struct dns_params *p)
{
	static const enum dns_code codes[] = {
	    [ANSWER_NXDOMAIN] = DNS_NXDOMAIN, [ANSWER_SERVFAIL] = DNS_SERVFAIL,
	    [ANSWER_REFUSED] = DNS_REFUSED,   [ANSWER_TRUNCATE] = DNS_NOERROR,
	    [ANSWER_ADDRESS] = DNS_NOERROR,   [ANSWER_EMPTY] = DNS_NOERROR,
	};
	struct dns_reply reply = {
	    .code = codes[p->answer],
	    .truncated = p->answer == ANSWER_TRUNCATE,
	    .ttl = (uint32_t)(p->ttl_us / 1000000),
	};

	if (p->answer == ANSWER_ADDRESS)
		read_address(p->address, &reply);
	return reply;
}

static void
dns_data(struct stage *s)
{
	const struct dns_params *p = stage_params(s);
	struct dns_reply reply = reply_of(p);
	unsigned char buf[DNS_REPLY_MAX];

	while (!bytes_empty(stage_in(s))) {
		const struct seg *seg = stage_in(s)->head;
		size_t len = dns_answer(seg->slab->data + seg->off, seg->len,
					&reply, buf);

		if (len == 0) {
			stage_pass_datagram(s, 0, -1);
			continue;
		}
		stage_acted(s, answers[p->answer], 0, "");
		stage_drop_datagram(s);
		stage_send_back(s, buf, len);
	}
}

const struct fault_ops dns_ops = {
    .kind =
	{
	    .name = "dns",
	    .summary = "Answers DNS queries in the server's place",
	    .details =
		"The server never sees the query; the client gets an answer "
		"that fits it: same number, same question, with EDNS if it "
		"asked by EDNS. `nxdomain`, `servfail` and `refused` are the "
		"response codes of these names. `truncate` is an empty answer "
		"with the TC bit, upon which clients ask again over TCP: put a "
		"route of protocol \"tcp\" on the same address to let them. "
		"`address` gives the wrong address, valid for `ttl`; a query "
		"of type A for which an IPv6 address was given (or AAAA and "
		"IPv4, or any other type) is answered as `empty`: the name is "
		"there, and such a record is not.\n\n"
		"`when` picks queries by `dns_name` and `dns_type`; without it "
		"every query is answered. Datagrams that are no plain query "
		"with one question pass. Answers meet the faults of the "
		"downstream direction like the server's own. They are not "
		"signed: a client that validates DNSSEC discards them, as it "
		"should.",
	    .example = "{ type = \"dns\"; answer = \"nxdomain\"; "
		       "when = { dns_name = \"*.example.org\"; "
		       "dns_type = \"AAAA\"; }; }",
	    .fields = fields,
	    .params_size = sizeof(struct dns_params),
	    .flags = KIND_DATAGRAM_ONLY | KIND_DNS_ONLY | KIND_NO_STREAM,
	    .check = dns_check,
	},
    .links = LINK_MASK_UP,
    .data = dns_data,
};
