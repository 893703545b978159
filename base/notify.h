/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the service manager that started the process how it is, as Type=notify
 * of systemd expects it: one datagram a message to the socket that
 * NOTIFY_SOCKET names (sd_notify(3) describes the messages). Nobody is waited
 * for; without that variable, and after a failed notify_init(), all calls do
 * nothing. */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"

/* Zeroed: nobody is told. */
struct notify {
	int socket;	     /* descriptor + 1; 0: none */
	int64_t watchdog_us; /* a sign of life is due so often; 0: none is */
};

/* Connects to the socket that the environment names, and takes the variables
 * out of it: no child should speak for us. As it changes the environment, it
 * is called before there are threads. True also if there is none; false and
 * err: it cannot be reached, and nobody will be told. */
bool notify_init(struct notify *n, struct error *err);
/* Closes the socket; nobody is told any more. Zeroed memory is accepted. */
void notify_fini(struct notify *n);

#define NOTIFY_READY	"READY=1" /* also: a reload has ended */
#define NOTIFY_STOPPING "STOPPING=1"

/* Each sends one message. `state` is one of those above, `status` one line for
 * people. */
void notify_state(const struct notify *n, const char *state,
    const char *status, ...) PRINTF_LIKE(3, 4);
/* A reload begins at that monotonic time. */
void notify_reloading(const struct notify *n, int64_t now_us);
/* A sign of life, for a manager with a watchdog. */
void notify_alive(const struct notify *n);

#endif
