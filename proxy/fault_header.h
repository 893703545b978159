/* SPDX-License-Identifier: Apache-2.0 */
/* The header by which a response names the faults that acted on its exchange,
 * where the route wants that, for applications to log:
 *
 *	x-faultwire-fault: latency;id=slow, headers;id="two words"
 *
 * a list of structured fields (RFC 9651): kinds of fault with their names, in
 * the order of the route. On such a route nobody else can say it. */
#ifndef PROXY_FAULT_HEADER_H
#define PROXY_FAULT_HEADER_H

#include "faults/engine.h"
#include "faults/message.h"

#define FAULT_HEADER "x-faultwire-fault"

/* The longest list; what would be beyond it is left out. */
#define FAULT_HEADER_MAX 1024

/* True if the flow's route wants it. */
static inline bool
fault_header_is_wanted(const struct flow *f)
{
	return f->route != NULL && f->route->conf->fault_header;
}
/* What the upstream says in its place goes. */
void fault_header_clean(struct message *response);
/* Adds the line to a head that lacks its empty line. Nothing if no fault acted
 * so far, or the route does not want it. */
void fault_header_add(const struct flow *f, struct str *head);

#endif
