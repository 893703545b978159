/* SPDX-License-Identifier: Apache-2.0 */
/* Which log lines about connections of a route are written. Peers may cause
 * them as often as they like, and no scanner shall fill a disk: a worker
 * writes a sample of each sort, the control thread tells how many others there
 * were. */
#ifndef PROXY_ROUTE_LOG_H
#define PROXY_ROUTE_LOG_H

#include "proxy/plan.h"

/* True if this one is to be written: its level is logged and the sample has
 * room. By the thread of the worker that the counts are of. */
bool route_log_due(struct route_counts *counts, enum route_line line,
    int64_t now_us);
/* On the control thread: a line for each sort of which some had none since the
 * last call, with their number. */
void route_log_rest(const struct armed_route *route);

#endif
