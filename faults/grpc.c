/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the borders of gRPC messages, however the bytes come in pieces: five
 * bytes in front of each message, the last four its length. */
#include "faults/grpc.h"

#include <string.h>

#include "base/attr.h"

#define HEAD_LEN 5

/* One step within a segment: some bytes of a head, or of a message. */
static size_t
step(struct grpc_scan *scan, const unsigned char *data, size_t len)
{
	size_t n;

	if (scan->have < HEAD_LEN) {
		n = MIN(len, (size_t)(HEAD_LEN - scan->have));
		memcpy(scan->head + scan->have, data, n);
		scan->have = (uint8_t)(scan->have + n);
		if (scan->have < HEAD_LEN)
			return n;
		scan->left = (uint32_t)scan->head[1] << 24 |
		    (uint32_t)scan->head[2] << 16 |
		    (uint32_t)scan->head[3] << 8 | scan->head[4];
	} else {
		n = MIN(len, scan->left);
		scan->left -= (uint32_t)n;
	}
	if (scan->left == 0) {
		scan->messages++;
		scan->have = 0;
	}
	return n;
}

size_t
grpc_find(struct grpc_scan *scan, const struct bytes *in, uint64_t stop)
{
	size_t base = 0;

	if (scan->messages >= stop)
		return scan->scanned;
	for (const struct seg *seg = in->head; seg != NULL;
	     base += seg->len, seg = seg->next) {
		const unsigned char *data = seg->slab->data + seg->off;

		while (scan->scanned < base + seg->len) {
			size_t at = scan->scanned - base;

			scan->scanned += step(scan, data + at, seg->len - at);
			if (scan->messages == stop)
				return scan->scanned;
		}
	}
	return SIZE_MAX;
}

void
grpc_passed(struct grpc_scan *scan, size_t n)
{
	scan->scanned -= MIN(scan->scanned, n);
}

bool
grpc_is_request(const struct stage *s)
{
	static const char type[] = "application/grpc";
	struct view v;

	if (!stage_header(s, "content-type", &v) || v.len < sizeof(type) - 1)
		return false;
	v.len = sizeof(type) - 1;
	return view_is_nocase(v, type);
}

void
grpc_add_message(struct str *to, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f && c != '%')
			str_add_char(to, (char)c);
		else
			str_printf(to, "%%%02X", c);
	}
}
