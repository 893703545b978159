/* SPDX-License-Identifier: Apache-2.0 */
/* The whole proxy: workers, acceptor, resolver, and the plan in force. It
 * lives on the control thread and never waits for a peer. */
#ifndef PROXY_SERVER_H
#define PROXY_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/diag.h"
#include "config/model.h"
#include "observe/sink.h"
#include "proxy/plan.h"

struct server;
struct worker;

/* Makes a server without routes; it takes seed (drawn if the model has none)
 * and number of workers from `model` (borrowed for the call). Returns owned, or
 * NULL and err. */
struct server *server_new(const struct conf_model *model, struct error *err);
/* From now on events go to `sink` (borrowed); NULL: nobody listens, and none
 * are made, which costs least. Done when it returns. */
void server_listen(struct server *s, struct sink *sink);
/* Puts a model into force: opens its new listeners first, then tells workers
 * and acceptor and waits until all have acknowledged. False: diag says why,
 * nothing has changed. Takes no reference but its own. */
bool server_apply(struct server *s, struct conf_model *model,
    struct conf_diag *diag) WARN_UNUSED;
/* Takes clients, from now on: before, the listeners of every model that was
 * applied are open, and whoever dials waits in the kernel. What needs root
 * may so be opened, and root be given up, before the first client is served. */
void server_begin(struct server *s);
/* Could the model be put into force now? Addresses are bound for a moment,
 * nothing changes. If so, `look` may compare the plan in force (NULL: none)
 * with what would follow it; false: diag says why not. */
bool server_try(struct server *s, struct conf_model *model,
    void (*look)(void *arg, const struct plan *before,
	const struct plan *after),
    void *arg, struct conf_diag *diag) WARN_UNUSED;
/* Tells (log, events) which faults and partitions of the plan in force (there
 * is one) time has brought into or out of force; returns when to call again, µs
 * (DEADLINE_NEVER: after the next server_apply only). The workers act on time
 * by themselves. Where the names of services lead is looked at, too, for
 * partitions. */
int64_t server_tick(struct server *s, int64_t now_us);
/* The plan in force; borrowed until the next server_apply. */
const struct plan *server_plan(const struct server *s);
/* The address that a route of the plan in force listens on, as bound; NULL: it
 * does not. Borrowed until the next server_apply. */
const char *server_listening(const struct server *s,
    const struct armed_route *route);
/* The seed of its faults' dice: the first model's, or one that was drawn. */
uint64_t server_seed(const struct server *s);
/* The number of its workers. */
size_t server_workers(const struct server *s);
/* Runs `ask` on all workers' own threads at the same time; returns when all
 * have. It must wait for nothing; each may write to its own part of what arg
 * points to (worker->index). */
void server_ask(struct server *s, void (*ask)(struct worker *w, void *arg),
    void *arg);
/* Ends the sessions of a route with FIN, which must be or have been one of its
 * plans'; done when it returns. */
void server_close_sessions(struct server *s, const char *route);
/* Lifts every fault, closes the listeners, lets sessions finish. */
void server_drain(struct server *s);
/* Does the n-th partition of the model of the plan in force (there is one) cut
 * now? */
bool server_partition_up(const struct server *s, size_t n);
/* Adds how late the workers ran what was due. */
void server_lag(const struct server *s, struct histogram_sum *to);
/* True if every worker's loop turned lately. */
bool server_turns(const struct server *s, int64_t now_us);
/* Sessions open now, over all workers. */
size_t server_sessions(const struct server *s);
/* Ends every session and thread, frees everything. NULL is accepted. */
void server_free(struct server *s);

#endif
