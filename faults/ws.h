/* SPDX-License-Identifier: Apache-2.0 */
/* The framing of WebSocket (RFC 6455, 5.2): heads of frames, and where among
 * frames a stream of bytes is. Payloads are never looked at, so that
 * compression (RSV1) and masks pass as they are. */
#ifndef FAULTS_WS_H
#define FAULTS_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define WS_HEAD_MAX    14
#define WS_CONTROL_MAX 125 /* payload of a control frame */

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

struct ws_head {
	uint64_t payload; /* bytes; below 2^63 */
	uint8_t len;	  /* of the head itself */
	uint8_t opcode;	  /* enum ws_opcode */
	bool fin, masked;
};

static inline bool
ws_is_control(const struct ws_head *h)
{
	return h->opcode >= WS_CLOSE;
}

enum ws_result { WS_MORE, WS_DONE, WS_BAD };

/* Reads the head of a frame. WS_BAD: an opcode that is reserved, a control
 * frame in fragments or too long, a length of 2^63 or more. */
enum ws_result ws_head_parse(const unsigned char *data, size_t len,
    struct ws_head *to);

/* Zeroed memory stands at the beginning. */
struct ws_scan {
	uint64_t left; /* bytes of payload that are still to come */
	unsigned char head[WS_HEAD_MAX];
	uint8_t have; /* bytes of a head that is not complete */
	bool open;    /* a message goes on behind this frame */
	bool bad;     /* no frames any more: nothing is known */
};

/* A frame with this head begins. False: it may not stand here (a continuation
 * of nothing, a message within another). */
bool ws_scan_begin(struct ws_scan *scan, const struct ws_head *head);
/* Goes on to the end of the frame under way (if none is: of the next), as far
 * as the bytes reach. Returns how many they are; all, once scan->bad. */
size_t ws_scan_frame(struct ws_scan *scan, const void *data, size_t len);

/* Adds a whole close frame; a reason of at most WS_CONTROL_MAX - 2 bytes.
 * `mask`: four bytes to mask it with, or NULL. */
void ws_add_close(struct str *to, unsigned code, const char *reason,
    const unsigned char *mask);

#endif
