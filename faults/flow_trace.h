/* SPDX-License-Identifier: Apache-2.0 */
/* A flow's place in a trace: read from its request's headers or begun here,
 * carried on in the head that goes upstream, and told with the flow's last
 * event, from which spans are made (telemetry/). Nothing of it exists while
 * no spans are wanted. */
#ifndef FAULTS_FLOW_TRACE_H
#define FAULTS_FLOW_TRACE_H

#include "faults/engine.h"

struct message;

/* From now on flows of this engine are traced so; on its thread. */
void engine_trace(struct engine *e, const struct trace_policy *policy);
/* The flow begins; its host knows the request. Before decisions are made. */
void flow_trace_begin(struct flow *f);
/* Writes traceparent and tracestate of a request's head, if that is wanted;
 * before faults edit it. */
void flow_trace_edit(struct flow *f, struct message *m);
/* The flow is sent on from now, by that connection (-1: it is being made) and
 * that version of HTTP (as in struct event_trace); again: by another. */
void flow_trace_call(struct flow *f, int fd, uint8_t version);
/* The upstream was not reached; `why` is constant. */
void flow_trace_unreached(struct flow *f, const char *why);
/* The upstream's part is over. */
void flow_trace_done(struct flow *f);
/* Its trace, sampled or not; without spans what the request says. False: it
 * is in none. */
bool flow_trace_context(const struct flow *f, struct trace_context *to);
/* True if its spans are kept, by what is known so far: once a fault acted,
 * or was decided to, they may be kept though they were not before. */
bool flow_trace_is_kept(const struct flow *f);
/* True if it has spans to be made now; fills `to` with what they say. */
bool flow_trace_tell(const struct flow *f, struct event_trace *to);
/* Our span towards the client; NULL: there is none. Borrowed. */
const unsigned char *flow_trace_span(const struct flow *f);
/* Forgets all of that; nothing if there is nothing. flow_fini() does it. */
void flow_trace_end(struct flow *f);

#endif
