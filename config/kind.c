/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a fault kind by its name, and where it may stand. */
#include "config/kind.h"

#include <string.h>

#include "base/attr.h"
#include "base/near.h"
#include "config/model.h"

#define BIT(protocol) (1u << (protocol))
#define DATAGRAMS     (BIT(PROTOCOL_UDP) | BIT(PROTOCOL_DNS))

/* A kind with this flag needs one of these protocols. */
static const struct {
	unsigned flag, protocols;
	const char *why;
} rules[] = {
    {KIND_HTTP_ONLY, BIT(PROTOCOL_HTTP),
     "works on HTTP exchanges; expected a route with protocol = \"http\""},
    {KIND_DNS_ONLY, BIT(PROTOCOL_DNS),
     "works on DNS queries; expected a route with protocol = \"dns\""},
    {KIND_DATAGRAM_ONLY, DATAGRAMS,
     "works on datagrams, and user space can neither repeat nor reorder the "
     "segments of a TCP stream; expected a route with protocol = \"udp\""},
    {KIND_STREAM_ONLY, ~DATAGRAMS,
     "works on connections and byte streams, and datagrams have neither; "
     "expected a route with protocol = \"tcp\" or \"http\""},
    {KIND_NO_DNS, ~BIT(PROTOCOL_DNS),
     "needs flows of many datagrams, and every DNS query is a flow of its "
     "own; expected latency with jitter, or a route with protocol = \"udp\""},
};

/* Words that others have for a kind. */
static const struct near_word translations[] = {
    {"reset", "reset_peer"},
    {"rst", "reset_peer"},
    {"errors", "abort"},
    {"error", "abort"},
    {"delay", "latency"},
    {"partition", "blackhole"},
    {"cut_body", "cut"},
};

const struct conf_kind *
conf_kind_find(const struct conf_kinds *kinds, const char *name,
	       struct str *hint)
{
	struct near near;
	size_t i;

	near_start(&near, name);
	for (i = 0; i < kinds->count; i++) {
		const struct conf_kind *kind = kinds->items[i];

		if ((kind->flags & KIND_HIDDEN) != 0)
			continue;
		if (strcmp(kind->name, name) == 0)
			return kind;
		near_offer_as(&near, kind->name, translations,
			      COUNT_OF(translations));
		str_printf(hint, "%s%s",
			   hint->len > 0 ? ", " : "expected one of ",
			   kind->name);
	}
	if (near.best != NULL) {
		str_clear(hint);
		str_printf(hint, "did you mean \"%s\"?", near.best);
	}
	return NULL;
}

bool
conf_kind_takes(const struct conf_kind *kind, const char *field)
{
	if (strcmp(field, "stream") == 0)
		return (kind->flags & KIND_NO_STREAM) == 0;
	return conf_field_find(kind->fields, field) == NULL;
}

const char *
conf_kind_unfit(const struct conf_kind *kind, int protocol)
{
	size_t i;

	for (i = 0; i < COUNT_OF(rules); i++) {
		if ((kind->flags & rules[i].flag) != 0 &&
		    (rules[i].protocols & BIT(protocol)) == 0)
			return rules[i].why;
	}
	return NULL;
}
