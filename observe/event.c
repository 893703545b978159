/* SPDX-License-Identifier: Apache-2.0 */
/* The words of events. */
#include "observe/event.h"

#include <arpa/inet.h>
#include <assert.h>

/* inet_ntop() goes by printf(), and this is done for every span. */
static const char *
put_v4(const unsigned char *octets, char *to)
{
	char *at = to;

	for (int i = 0; i < 4; i++) {
		unsigned n = octets[i];

		if (n >= 100)
			*at++ = (char)('0' + n / 100);
		if (n >= 10)
			*at++ = (char)('0' + n / 10 % 10);
		*at++ = (char)('0' + n % 10);
		*at++ = i < 3 ? '.' : '\0';
	}
	return to;
}

const char *
event_address(const struct in6_addr *a, char buf[INET6_ADDRSTRLEN])
{
	if (IN6_IS_ADDR_UNSPECIFIED(a))
		return NULL;
	if (IN6_IS_ADDR_V4MAPPED(a))
		return put_v4(&a->s6_addr[12], buf);
	return inet_ntop(AF_INET6, a, buf, INET6_ADDRSTRLEN);
}

const char *
event_type_name(enum event_type type)
{
	static const char *const words[] = {
#define X(id, word) word,
	    EVENT_TYPES(X)
#undef X
	};

	assert(type < EVENT_TYPE_COUNT);
	return words[type];
}

const char *
event_verdict_name(enum event_verdict verdict)
{
	static const char *const words[] = {
#define X(id, word) word,
	    EVENT_VERDICTS(X)
#undef X
	};

	return words[verdict];
}
