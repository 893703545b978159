/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a proxy that is not ours: a thread follows /v1/events and
 * writes what comes into a file of the same form as `faultwire run --journal`
 * makes. Events that are missed on the way become `gap` lines. */
#ifndef RUNNER_FOLLOW_H
#define RUNNER_FOLLOW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/error.h"
#include "client/http_client.h"

struct follow {
	struct http_client_target target; /* borrowed parts of a control's */
	FILE *file;
	pthread_t thread;
	bool running;
	int cancel_fd;
	bool lost; /* a connection was lost since the last event */
};

/* Starts to follow; what happens before the connection stands is missed.
 * Borrows what `target` has until follow_stop(), which is due in any case.
 * False: err says why not. */
bool follow_start(struct follow *f, const struct http_client_target *target,
		  const char *path, struct error *err) WARN_UNUSED;
/* Ends it; the file is whole then. Zeroed memory is accepted. */
void follow_stop(struct follow *f);

#endif
