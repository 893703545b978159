/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about a client. */
#include "proxy/client_facts.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "proxy/destination.h"

void
client_facts_learn(struct client_facts *f, const char *sni, const char *alpn)
{
	free(f->sni);
	free(f->alpn);
	f->sni = xstrdup(sni != NULL ? sni : "");
	f->alpn = xstrdup(alpn != NULL ? alpn : "");
}

struct client_facts *
client_facts_new(const char *sni, const char *alpn)
{
	struct client_facts *f = xcalloc(1, sizeof(*f));

	client_facts_learn(f, sni, alpn);
	return f;
}

void
client_facts_free(struct client_facts *facts)
{
	if (facts == NULL)
		return;
	free(facts->sni);
	free(facts->alpn);
	destination_free(facts->destination);
	free(facts);
}

bool
client_facts_answer(const struct client_facts *facts, enum fact fact,
    struct view *to)
{
	if (facts == NULL)
		return false;
	if (fact == FACT_SNI)
		*to = view_of(facts->sni);
	else if (fact == FACT_ALPN)
		*to = view_of(facts->alpn);
	else if (fact == FACT_DESTINATION && facts->destination != NULL)
		*to = view_of(facts->destination->at.text);
	else
		return false;
	return to->len > 0;
}
