/* SPDX-License-Identifier: Apache-2.0 */
/* How late a worker's own timers are, as events: what is shorter than that
 * cannot be told from its noise. */
#ifndef PROXY_LATENESS_H
#define PROXY_LATENESS_H

struct lateness;
struct worker;

/* Begins to measure, on the worker's thread, every 10 ms; an event follows
 * every second. Borrows the worker. Returns owned. */
struct lateness *lateness_new(struct worker *w);
/* Ends it. NULL is accepted. */
void lateness_free(struct lateness *l);

#endif
