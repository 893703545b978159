/* SPDX-License-Identifier: Apache-2.0 */
/* What the proxy itself adds to requests while nothing is faulted.
 *
 *	driver: sent ─────────────────────────────────────► answer begins
 *	proxy:         ─► written to the upstream … its answer came ─►
 *
 * The first time less the second is what a request waited although its upstream
 * was not at work on it: the way from the driver to the proxy and back, and
 * all that the proxy does, as it ran, journal included. The way from the proxy
 * to the upstream counts as the upstream's: without the proxy the driver would
 * have that way to go. The driver's own work on a request, and connections that
 * had to be opened, are in it, so it is rather too much than too little.
 *
 * Only HTTP requests bear an id by which both sides know them. */
#ifndef EXPERIMENT_ADDED_H
#define EXPERIMENT_ADDED_H

#include "experiment/totals.h"

/* Fills in run.added_us and run.added_n, from good requests before the first
 * fault of all that no fault of the file's own acted on. */
void added_measure(struct run *run);
/* Their quantile p (0 … 1); all zero if there are none. */
struct totals_quantile added_at(const struct run *run, double p);

#endif
