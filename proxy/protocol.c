/* SPDX-License-Identifier: Apache-2.0 */
/* The protocols there are. */
#include "proxy/protocol.h"

const struct protocol_ops *const protocols[PROTOCOLS_COUNT] = {
    [PROTOCOL_TCP] = &tcp_protocol,
    [PROTOCOL_HTTP] = &http1_protocol,
    [PROTOCOL_UDP] = &udp_protocol,
    [PROTOCOL_DNS] = &dns_protocol,
};
