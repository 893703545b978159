/* SPDX-License-Identifier: Apache-2.0 */
/* The words of events. */
#include "observe/event.h"

#include <arpa/inet.h>
#include <assert.h>

const char *
event_address(const struct in6_addr *a, char buf[INET6_ADDRSTRLEN])
{
	bool mapped = IN6_IS_ADDR_V4MAPPED(a);

	if (IN6_IS_ADDR_UNSPECIFIED(a))
		return NULL;
	return inet_ntop(mapped ? AF_INET : AF_INET6,
	    mapped ? (const void *)&a->s6_addr[12] : a, buf,
	    INET6_ADDRSTRLEN);
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
