/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be in force, and who said so: the configuration file, and over it
 * what the API created or changed. Every change is a whole new model, checked
 * and applied as one; one that is refused leaves nothing behind.
 *
 *	state_draft() ─► change the copy ─► state_commit() ─► server_apply()
 *
 * Control thread only, so writers are serialised by nature. */
#ifndef CONTROL_STATE_H
#define CONTROL_STATE_H

#include <stdbool.h>

#include "config/diag.h"
#include "config/model.h"
#include "proxy/server.h"

struct state;

/* Begins with a model that is in force (a reference is taken). Borrows the
 * server; `changed(arg)` is called after every commit. Returns owned. */
struct state *state_new(struct server *server, struct conf_model *model,
    void (*changed)(void *arg), void *arg);
/* NULL is accepted. */
void state_free(struct state *s);

/* The model in force; borrowed until the next commit. */
const struct conf_model *state_model(const struct state *s);
/* Raised by every commit. */
uint64_t state_generation(const struct state *s);
/* What it is in force on; borrowed. */
struct server *state_server(const struct state *s);
/* A private copy to change. Returns owned. */
struct conf_model *state_draft(const struct state *s) WARN_UNUSED;
/* The same of what the file says, without what the API changed. */
struct conf_model *state_draft_file(const struct state *s) WARN_UNUSED;
/* The same of a new file model (borrowed), with what the API created kept
 * beside it: routes, faults and partitions whose names the file does not
 * use. */
struct conf_model *state_draft_reload(const struct state *s,
    const struct conf_model *file) WARN_UNUSED;
/* Checks the draft and puts it into force; takes it in any case. False: diag
 * says why, nothing has changed. */
bool state_commit(struct state *s, struct conf_model *draft,
    struct conf_diag *diag) WARN_UNUSED;
/* Could the draft (borrowed, checked as it would be) be put into force? False:
 * diag says why not. Else `look` is told of the plan in force and of the one
 * that would be; see server_try(). */
bool state_try(struct state *s, struct conf_model *draft,
    void (*look)(void *arg, const struct plan *before,
	const struct plan *after),
    void *arg, struct conf_diag *diag) WARN_UNUSED;
/* A new file model (taken in any case, the state lends it while it is the
 * latest) comes into force, as state_draft_reload() says. False as for
 * state_commit(). */
bool state_reload(struct state *s, struct conf_model *file,
    struct conf_diag *diag) WARN_UNUSED;
/* How the file was when it was last read. */
struct state_reload {
	bool ok;
	int64_t good_wall_us; /* when it last was good, since 1970 */
};
/* Notes how it went, in whichever way it failed. */
void state_note_reload(struct state *s, bool ok);
/* Borrowed. */
const struct state_reload *state_last_reload(const struct state *s);
/* server_drain(), after which every commit is refused: it would bring faults
 * and listeners back. */
void state_drain(struct state *s);
/* Ends the sessions of a route (with FIN), on all workers. */
void state_close_sessions(struct state *s, const char *route);

/* Index of the route, of the route's fault, or of the partition, by name;
 * SIZE_MAX: none. */
size_t state_route_index(const struct conf_model *model, const char *name);
size_t state_fault_index(const struct conf_route *route, const char *name);
size_t state_partition_index(const struct conf_model *model,
    const char *name);

#endif
