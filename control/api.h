/* SPDX-License-Identifier: Apache-2.0 */
/* The control API as a whole: one listener, behind one guard, that speaks
 * Toxiproxy's API at /, tells metrics, and answers for the proxy's health. */
#ifndef CONTROL_API_H
#define CONTROL_API_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"
#include "control/feed.h"
#include "control/state.h"
#include "observe/journal.h"

struct api;

/* All is borrowed for as long as the API lives. */
struct api_options {
	const struct conf_control *control; /* for the call of api_new() only */
	const struct feed *feed;
	const struct journal *journal; /* NULL: none is written */
	bool toxiproxy_metrics; /* /metrics has Toxiproxy's own, too */
};

/* Listens where options->control says. Borrows base and state. Returns owned,
 * or NULL and err. */
struct api *api_new(struct event_base *base, struct state *state,
    const struct api_options *options, struct error *err);
/* "127.0.0.1:8474" */
const char *api_address(const struct api *api);
/* Could the API go on with these settings? False: diag says why not (the
 * token cannot be read). */
bool api_check(const struct api *api, const struct conf_control *control,
    struct conf_diag *diag) WARN_UNUSED;
/* Takes a new token from them, and tells if the address would have to change,
 * which it does not while running. */
void api_reload(struct api *api, const struct conf_control *control);
/* From now on /readyz says 503. */
void api_drain(struct api *api);
/* NULL is accepted. */
void api_free(struct api *api);

#endif
