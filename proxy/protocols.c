/* SPDX-License-Identifier: Apache-2.0 */
/* The protocols there are. */
#include "proxy/protocol.h"

static const struct protocol_alpn by_alpn[] = {
    {PROTOCOL_HTTP, "h2", &http2_protocol},
    {PROTOCOL_HTTP, "http/1.1", &http1_protocol},
};

const struct protocols all_protocols = {
    .of =
	{
	    [PROTOCOL_TCP] = &tcp_protocol,
	    [PROTOCOL_HTTP] = &http1_protocol,
	    [PROTOCOL_UDP] = &udp_protocol,
	    [PROTOCOL_DNS] = &dns_protocol,
	    [PROTOCOL_REDIS] = &data_protocol,
	    [PROTOCOL_POSTGRES] = &data_protocol,
	    [PROTOCOL_MYSQL] = &data_protocol,
	},
    .by_alpn = by_alpn,
    .by_alpn_count = COUNT_OF(by_alpn),
};
