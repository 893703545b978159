/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of WebSocket frames, wherever reads part them. */
#include "faults/ws.h"

#include <string.h>

#include "base/attr.h"

#define FIN    0x80u
#define MASKED 0x80u

/* Big-endian. */
static uint64_t
number(const unsigned char *data, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | data[i];
	return n;
}

enum ws_result
ws_head_parse(const unsigned char *data, size_t len, struct ws_head *to)
{
	struct ws_head h;
	size_t extra;

	if (len < 2)
		return WS_MORE;
	h = (struct ws_head){
	    .payload = data[1] & 0x7fu,
	    .opcode = data[0] & 0x0fu,
	    .fin = (data[0] & FIN) != 0,
	    .masked = (data[1] & MASKED) != 0,
	};
	if ((h.opcode > WS_BINARY && h.opcode < WS_CLOSE) ||
	    h.opcode > WS_PONG)
		return WS_BAD;
	if (ws_is_control(&h) && (!h.fin || h.payload > WS_CONTROL_MAX))
		return WS_BAD;
	extra = h.payload == 127 ? 8 : h.payload == 126 ? 2 : 0;
	h.len = (uint8_t)(2 + extra + (h.masked ? 4 : 0));
	if (len < h.len)
		return WS_MORE;
	if (extra > 0)
		h.payload = number(data + 2, extra);
	if (h.payload > INT64_MAX)
		return WS_BAD;
	*to = h;
	return WS_DONE;
}

bool
ws_scan_begin(struct ws_scan *scan, const struct ws_head *head)
{
	bool goes_on = head->opcode == WS_CONTINUATION;

	if (!ws_is_control(head)) {
		if (goes_on != scan->open)
			scan->bad = true;
		scan->open = !head->fin;
	}
	scan->left = head->payload;
	scan->have = 0;
	return !scan->bad;
}

/* Collects a head; returns how many bytes were taken. */
static size_t
collect(struct ws_scan *scan, const unsigned char *data, size_t len)
{
	size_t before = scan->have, n = MIN(len, WS_HEAD_MAX - before);
	struct ws_head head;

	memcpy(scan->head + before, data, n);
	switch (ws_head_parse(scan->head, before + n, &head)) {
	case WS_MORE:
		scan->have = (uint8_t)(before + n);
		return n;
	case WS_DONE:
		ws_scan_begin(scan, &head);
		return head.len - before;
	case WS_BAD:
		scan->bad = true;
	}
	return n;
}

size_t
ws_scan_frame(struct ws_scan *scan, const void *data, size_t len)
{
	size_t used = 0, n;

	if (!scan->bad && scan->left == 0)
		used = collect(scan, data, len);
	if (scan->bad)
		return len;
	n = (size_t)MIN(scan->left, len - used);
	scan->left -= n;
	return used + n;
}

void
ws_add_close(struct str *to, unsigned code, const char *reason,
    const unsigned char *mask)
{
	size_t len = MIN(strlen(reason), WS_CONTROL_MAX - 2);
	unsigned char payload[WS_CONTROL_MAX];

	payload[0] = (unsigned char)(code >> 8);
	payload[1] = (unsigned char)code;
	memcpy(payload + 2, reason, len);
	len += 2;
	str_add_char(to, (char)(FIN | WS_CLOSE));
	str_add_char(to, (char)(len | (mask != NULL ? MASKED : 0)));
	if (mask != NULL) {
		str_add_bytes(to, mask, 4);
		for (size_t i = 0; i < len; i++)
			payload[i] ^= mask[i % 4];
	}
	str_add_bytes(to, payload, len);
}
