/* SPDX-License-Identifier: Apache-2.0 */
/* One who is told by HTTP, as couriers see it: where it is, what every request
 * carries, and what an answer means for the next try. A courier's thread
 * only, once it is made. */
#ifndef TELEMETRY_RECEIVER_H
#define TELEMETRY_RECEIVER_H

#include "client/http_client.h"

struct receiver_settings {
	const char *url;
	const char *token;   /* sent as a bearer token; NULL: none */
	const char *headers; /* "Name: value\r\n" each; NULL: none */
	const char *ca_file; /* NULL: the system's */
	int64_t timeout_us; /* for connecting, and for each silence after */
	const char *signal; /* constant; what is sent there, for the log */
	bool retry_any_5xx; /* not only 502 to 504 */
};

struct receiver {
	struct http_client_target target;
	char *base;    /* owned; path of its URL without a "/" at its end */
	char *token;   /* owned */
	char *headers; /* owned */
	const char *signal;
	unsigned failures; /* in a row */
	bool told; /* the log knows that it cannot be reached */
	bool retry_any_5xx;
};

/* What an answer is worth. */
enum receipt {
	RECEIPT_OK,    /* 2xx */
	RECEIPT_RETRY, /* nobody, or 429, 502, 503, 504 or, if the settings
			  say so, any 5xx: again, later */
	RECEIPT_DROP,  /* anything else: never again */
};

/* Copies everything. False: err says what is wrong; to be finished in any
 * case. */
bool receiver_init(struct receiver *r, const struct receiver_settings *s,
    struct error *err) WARN_UNUSED;
void receiver_fini(struct receiver *r);
/* Sends a request (its headers are the receiver's) and waits for the answer,
 * or until cancel_fd is readable (-1: never). Says in the log when the
 * receiver fails first and when it takes again. `to` is to be finished in any
 * case. */
enum receipt receiver_send(struct receiver *r, int cancel_fd,
    const struct http_client_request *request, struct http_client_reply *to);
/* How long to wait behind the last failure: 1 s, doubled for each failure in a
 * row up to 30 s, spread at random over its latter half, and never shorter than
 * the answer's Retry-After, of which 5 minutes at most are believed. */
int64_t receiver_backoff_us(const struct receiver *r,
    const struct http_client_reply *reply);

#endif
