/* SPDX-License-Identifier: Apache-2.0 */
/* The protocols there are, and the names by which TLS chooses among them. */
#include "proxy/protocol.h"

#include <string.h>

const struct protocol_ops *const protocols[PROTOCOL_COUNT] = {
    [PROTOCOL_TCP] = &tcp_protocol,
    [PROTOCOL_HTTP] = &http1_protocol,
    [PROTOCOL_UDP] = &udp_protocol,
    [PROTOCOL_DNS] = &dns_protocol,
    [PROTOCOL_REDIS] = &data_protocol,
    [PROTOCOL_POSTGRES] = &data_protocol,
};

/* What a name stands for on listeners of a protocol; other names change
 * nothing. */
static const struct {
	int protocol; /* of the listener: enum conf_protocol */
	const char *alpn;
	const struct protocol_ops *ops;
} by_alpn[] = {
    {PROTOCOL_HTTP, "h2", &http2_protocol},
    {PROTOCOL_HTTP, "http/1.1", &http1_protocol},
};

const struct protocol_ops *
protocol_of(const struct plan_listener *listener, const char *alpn)
{
	for (size_t i = 0; i < COUNT_OF(by_alpn); i++) {
		if (by_alpn[i].protocol == listener->protocol &&
		    strcmp(by_alpn[i].alpn, alpn) == 0)
			return by_alpn[i].ops;
	}
	return protocols[listener->protocol];
}
