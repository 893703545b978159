/* SPDX-License-Identifier: Apache-2.0 */
/* What Alertmanager's webhook sends (version 4 of the message, as Prometheus'
 * documentation of webhook_config has it), read and checked. */
#ifndef TELEMETRY_ALERTS_H
#define TELEMETRY_ALERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

#define ALERTS_MAX 1000 /* in one message */

struct alert {
	const char *name;	    /* label alertname */
	const char *route, *service; /* labels; NULL: it has none */
	const char *fingerprint;     /* NULL: none */
	bool firing;		     /* else resolved */
	int64_t starts_us;	     /* since 1970 */
};

struct alerts {
	struct alert *items; /* owned; texts borrowed from json */
	size_t count;
	void *json; /* owned */
};

/* Reads a message; to be finished in any case. False: err names the place and
 * what was expected there. */
bool alerts_read(struct view body, struct alerts *to,
    struct error *err) WARN_UNUSED;
void alerts_fini(struct alerts *a);

/* A time by RFC 3339 as µs since 1970; what is finer than a µs is cut off.
 * False: it is none, *to_us is left alone. */
bool alerts_time(const char *text, int64_t *to_us);

#endif
