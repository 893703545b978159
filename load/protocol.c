/* SPDX-License-Identifier: Apache-2.0 */
/* Which protocols there are. */
#include "load/protocol.h"

#include "base/attr.h"

static const struct load_protocol *const protocols[] = {
    [LOAD_HTTP1] = &load_http1, [LOAD_HTTP2] = &load_http2,
    [LOAD_REDIS] = &load_redis, [LOAD_POSTGRES] = &load_postgres,
    [LOAD_RAW] = &load_raw,
};

const struct load_protocol *
load_protocol_of(int protocol)
{
	if (protocol < 0 || (size_t)protocol >= COUNT_OF(protocols))
		return NULL;
	return protocols[protocol];
}
