/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that requests ask for by the headers of Envoy's fault filter:
 *
 *	x-envoy-fault-delay-request		milliseconds
 *	x-envoy-fault-abort-request		HTTP status, 200 to 599
 *	x-envoy-fault-abort-grpc-request	gRPC status, 0 to 16
 *	x-envoy-fault-throughput-response	KiB/s, above 0
 *	…-request-percentage, …-response-percentage	how many such requests
 *
 * They are ordinary faults of the kinds latency, abort and bandwidth, made for
 * one flow at a time. A value that is none is as if it were not there. */
#ifndef FAULTS_ENVOY_H
#define FAULTS_ENVOY_H

#include "faults/engine.h"

/* The fault that stands on the route for what requests may ask for. Returns
 * owned. */
struct conf_fault *envoy_fault_new(const struct conf_route *route,
    enum conf_envoy which);
/* Frees one of envoy_fault_new(). */
void envoy_fault_free(const struct conf_fault *fault);
/* The `ask` of such a fault once it is armed. */
bool envoy_ask(const struct flow *f, const struct armed_fault *fault,
    struct conf_fault *to);

#endif
