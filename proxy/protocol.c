/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes a connection: by its listener, and by what TLS agreed on. */
#include "proxy/protocol.h"

#include <string.h>

const struct protocol_ops *
protocol_of(const struct protocols *protocols,
    const struct plan_listener *listener, const char *alpn)
{
	for (size_t i = 0; i < protocols->by_alpn_count; i++) {
		const struct protocol_alpn *entry = &protocols->by_alpn[i];

		if (entry->protocol == listener->protocol &&
		    strcmp(entry->alpn, alpn) == 0)
			return entry->ops;
	}
	return protocols->of[listener->protocol];
}
