/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a load until so many samples are there. */
#ifndef TESTS_LOAD_DRIVING_H
#define TESTS_LOAD_DRIVING_H

#include <stddef.h>
#include <stdint.h>

#include "experiment/run.h"
#include "load/driver.h"
#include "load/tally.h"
#include "tests/load/peer.h"

struct driving {
	const char *target; /* NULL: the peer's address */
	bool any_certificate;
	uint64_t seed;
	struct samples samples; /* owned */
	struct tally tally;
	struct driver *driver;
	struct event_base *base;
	size_t want;
};

/* A load of one request, to be changed: serial, 500 a second, HTTP/1.1. */
struct conf_load driving_load(struct conf_request *request);
/* Runs it against the peer (NULL: `target`) until n samples have ended. */
void driving_run(struct driving *d, const struct conf_load *load,
		 const struct peer *peer, size_t n);
/* The same against a server that is started before and stopped after. */
void driving_against(struct driving *d, const struct conf_load *load,
		     struct peer *peer, peer_serve_fn serve, size_t n);
/* All samples must have that outcome. */
void driving_expect(const struct driving *d, enum sample_outcome outcome);
void driving_fini(struct driving *d);

#endif
