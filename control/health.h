/* SPDX-License-Identifier: Apache-2.0 */
/* /livez, /readyz and /healthz: how the proxy itself is. Upstreams and
 * telemetry back-ends do not count: they are meant to be broken. */
#ifndef CONTROL_HEALTH_H
#define CONTROL_HEALTH_H

#include <stdbool.h>

#include "control/state.h"
#include "control/web_server.h"

struct health {
	const struct state *state; /* borrowed */
	bool draining;		   /* not ready any more */
};

/* Is the request for one of the three? */
bool health_is(const struct web_request *request);
/* Answers a request for one of the three. False: it is for something else. */
bool health_handle(const struct health *h, const struct web_request *request,
    struct web_reply *reply);

#endif
