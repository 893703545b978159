/* SPDX-License-Identifier: Apache-2.0 */
/* The load driver: sends the requests of one `load` group, open loop, and
 * keeps a sample of each. It lives on an event loop of its owner and shares
 * it with others; nothing of it blocks but driver_new(), which may ask the
 * resolver. The program must ignore SIGPIPE. See docs/load.md.
 *
 *	arrivals ─ due ─► driver ─► pool ─► connection ─► protocol ─► socket
 *	                    ▲                                │
 *	samples, tally ◄────┴───────── end of exchange ◄─────┘
 */
#ifndef LOAD_DRIVER_H
#define LOAD_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/error.h"
#include "experiment/run.h"
#include "load/tally.h"
#include "load/target.h"

struct driver;
struct event_base;

struct driver_options {
	const struct conf_load *load;	  /* borrowed until driver_free() */
	const struct load_target *target; /* borrowed for driver_new() */
	uint32_t index;			  /* sample.load */
	uint64_t seed;
	const struct clock *clock; /* NULL: the real one */
	int64_t origin_us;	   /* the run's start, on that clock */
	struct samples *samples;   /* borrowed; NULL: none are kept */
	/* Runs once for every sample that is finished, lost ones too; may call
	 * any function of the driver but driver_free(). NULL: nobody asks. */
	void (*on_sample)(void *arg, const struct sample *);
	/* After driver_stop(): nothing is in flight any more. May be NULL. */
	void (*on_drained)(void *arg);
	void *arg;
};

/* A driver that rests. Reads the load's password file and resolves the
 * target's name, which may take as long as the system's resolver does. Returns
 * owned, or NULL and err, which names the request or setting, not the load. */
struct driver *driver_new(struct event_base *base,
			  const struct driver_options *options,
			  struct error *err) WARN_UNUSED;
/* Begins now: steps of the load count from here. Once. */
void driver_start(struct driver *d);
/* The load's rate times `factor` (>= 0) from now on. */
void driver_scale(struct driver *d, double factor);
/* Fires nothing any more. What is in flight ends by itself, at the latest by
 * its time-out; then on_drained() runs, from the loop. */
void driver_stop(struct driver *d);
/* Exchanges under way. */
size_t driver_in_flight(const struct driver *d);
/* What was counted so far; borrowed. */
const struct tally *driver_tally(const struct driver *d);
/* Ends everything at once: what is in flight stays SAMPLE_OPEN. NULL is
 * accepted. Never from within a callback of this driver. */
void driver_free(struct driver *d);

#endif
