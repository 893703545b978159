/* SPDX-License-Identifier: Apache-2.0 */
/* What a flow says of itself in the stream of events: when it begins, and,
 * at its end, all that a verdict needs (docs/journal.md). */
#ifndef FAULTS_FLOW_TELL_H
#define FAULTS_FLOW_TELL_H

#include "faults/engine.h"

/* Nothing while nobody listens. `reason` is constant text. Before the flow's
 * decisions are forgotten and its host forgets the request. */
void flow_tell_open(const struct flow *f);
void flow_tell_close(const struct flow *f, const char *reason);
/* The event of a flow that is under way, as if it ended now: what "open". */
void flow_tell_now(const struct flow *f, struct event_record *to);
/* The faults in force that took effect on the flow so far (an answer that is
 * about to leave is one), in their order on the route; *at is 0 at first and
 * moves on. NULL: there is no more. One that is gone is flow.acted. */
const struct armed_fault *flow_next_injector(const struct flow *f, size_t *at);
/* Who asked for what, by the facts that the host knows. */
void flow_identity(const struct flow *f, struct event_identity *to);

#endif
