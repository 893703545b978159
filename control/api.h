/* SPDX-License-Identifier: Apache-2.0 */
/* The control API as a whole: one listener, behind one guard, that speaks
 * our own API below /v1 and Toxiproxy's at /, tells metrics, and answers for
 * the proxy's health. */
#ifndef CONTROL_API_H
#define CONTROL_API_H

#include <event2/event.h>
#include <stdbool.h>

#include "base/error.h"
#include "control/feed.h"
#include "control/reload.h"
#include "control/state.h"
#include "control/telemetry.h"
#include "observe/journal.h"

struct api;
struct observer;

/* All but `control` is borrowed for as long as the API lives. */
struct api_options {
	const struct conf_control *control; /* for the call of api_new() only */
	struct feed *feed;
	struct reload *reload; /* asks the API about new settings */
	const struct journal *journal; /* NULL: none is written */
	struct observer *observer;
	const struct telemetry *telemetry;
	bool toxiproxy_metrics; /* /metrics has Toxiproxy's own, too */
};

/* Listens where options->control says. Borrows base and state, and whatever the
 * options name. Returns owned, or NULL and err. */
struct api *api_new(struct event_base *base, struct state *state,
    const struct api_options *options, struct error *err);
/* Where it listens, as bound: "127.0.0.1:8474". Borrowed. */
const char *api_address(const struct api *api);
/* From now on /readyz says 503. */
void api_drain(struct api *api);
/* NULL is accepted. */
void api_free(struct api *api);

#endif
