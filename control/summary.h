/* SPDX-License-Identifier: Apache-2.0 */
/* Once a second, a log line for what was not logged one by one: injections of
 * a fault kind on a route, failures of a route's upstream. */
#ifndef CONTROL_SUMMARY_H
#define CONTROL_SUMMARY_H

#include <event2/event.h>

#include "proxy/server.h"

struct summary;

/* Begins. Borrows both. Returns owned. */
struct summary *summary_new(struct event_base *base, struct server *server);
/* Tells what is left, and ends. NULL is accepted. */
void summary_free(struct summary *s);

#endif
