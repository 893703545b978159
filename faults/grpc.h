/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC as fault kinds see it ("gRPC over HTTP2", PROTOCOL-HTTP2.md of gRPC):
 * messages with a length in front of each, in the body of an HTTP/2 stream; a
 * status in the trailers. */
#ifndef FAULTS_GRPC_H
#define FAULTS_GRPC_H

#include "base/str.h"
#include "faults/fault.h"

/* Where in the messages a body is. Zeroed memory: at its beginning. */
struct grpc_scan {
	uint64_t messages; /* complete */
	size_t scanned;	   /* held bytes that were looked at */
	uint32_t left;	   /* bytes of the message under way */
	unsigned char head[5];
	uint8_t have; /* bytes of its head */
};

/* Looks at the held bytes that are new. Returns how many of all held bytes lie
 * up to the end of the `stop`-th message of the body (from 1), or SIZE_MAX if
 * that is yet to come. What is passed on must be told by grpc_passed(). */
size_t grpc_find(struct grpc_scan *scan, const struct bytes *in,
    uint64_t stop);
/* The first n held bytes were passed on or dropped. */
void grpc_passed(struct grpc_scan *scan, size_t n);

/* True if the flow's request is one of gRPC, by its content type. */
bool grpc_is_request(const struct stage *s);
/* Adds text as grpc-message has it: percent-encoded but for printable ASCII. */
void grpc_add_message(struct str *to, const char *text);

#endif
