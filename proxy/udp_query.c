/* SPDX-License-Identifier: Apache-2.0 */
/* DNS over UDP: every query is a flow, to which its answer belongs. What is no
 * query is a flow too, about which nothing is known. */
#include "proxy/udp.h"

#include <string.h>

#include "base/xalloc.h"

struct udp_flow *
udp_query_begin(struct udp_session *s, const struct udp_datagram *d)
{
	struct udp_flow *f = udp_flow_new(s);
	char name[DNS_NAME_TEXT];

	if (dns_parse(d->data, d->len, &f->question, name)) {
		f->question.name = xstrdup(f->question.name);
		dns_type_text(f->question.type, f->type);
	}
	flow_open(&f->flow);
	return f;
}

struct udp_flow *
udp_query_find(struct udp_session *s, const struct udp_datagram *d)
{
	struct dns_question answer;
	char name[DNS_NAME_TEXT];
	struct udp_flow *f;

	if (!dns_parse(d->data, d->len, &answer, name))
		return NULL;
	/* The newest first: the older ones were lost, perhaps. */
	TAILQ_FOREACH_REVERSE(f, &s->flows, udp_flow_list, entry)
	{
		if (!f->over && dns_answers(&answer, &f->question))
			return f;
	}
	return NULL;
}

bool
udp_query_fact(const struct flow *flow, enum fact fact, struct view *to)
{
	const struct udp_flow *f = CONTAINER_OF(flow, struct udp_flow, flow);

	if (f->question.name == NULL)
		return false;
	if (fact == FACT_DNS_NAME)
		*to = view_of(f->question.name);
	else if (fact == FACT_DNS_TYPE)
		*to = view_of(f->type);
	else
		return false;
	return true;
}
