/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a DNS message: what is read is text without blanks, and an
 * answer of ours is an answer to it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
check_name(const char *name)
{
	require(strlen(name) < DNS_NAME_TEXT && name[0] != '\0');
	for (; *name != '\0'; name++)
		require(*name > ' ' && *name < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_reply reply = {
	    .address = {1, 2, 3, 4}, .address_len = 4, .ttl = 60};
	struct dns_question q, a;
	char name[DNS_NAME_TEXT], answered[DNS_NAME_TEXT];
	char type[DNS_TYPE_TEXT];
	unsigned char to[DNS_REPLY_MAX];
	size_t len;
	bool ok = dns_parse(data, size, &q, name);

	if (ok && q.name != NULL) {
		check_name(q.name);
		dns_type_text(q.type, type);
	}
	len = dns_answer(data, size, &reply, to);
	require(len <= sizeof(to));
	if (len == 0)
		return 0;
	require(ok && q.name != NULL && !q.is_answer);
	require(dns_parse(to, len, &a, answered));
	require(a.is_answer && dns_answers(&a, &q));
	/* Nobody answers an answer. */
	require(dns_answer(to, len, &reply, to) == 0);
	return 0;
}
