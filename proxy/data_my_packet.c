/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of MySQL and the numbers in them: what every part of its walker
 * stands on. */
#include <string.h>

#include "base/attr.h"
#include "proxy/data_my.h"

#define FULL 0xffffffu

uint64_t
my_number(const unsigned char *at, size_t size)
{
	uint64_t n = 0;

	for (size_t i = size; i > 0; i--)
		n = n << 8 | at[i - 1];
	return n;
}

size_t
my_sized_number(const unsigned char *at, size_t len, uint64_t *to)
{
	static const uint8_t sizes[] = {2, 3, 8}; /* behind 0xfc … 0xfe */
	size_t size;

	*to = 0;
	if (len == 0)
		return 0;
	if (at[0] < 0xfc || at[0] == 0xff) {
		*to = at[0] < 0xfb ? at[0] : 0;
		return 1;
	}
	size = sizes[at[0] - 0xfc];
	if (len <= size)
		return 0;
	*to = my_number(at + 1, size);
	return 1 + size;
}

/* The head of a packet is whole. */
static void
packet_begin(struct my_side *in)
{
	in->left = (uint32_t)my_number(in->head, 3);
	in->in_packet = true;
	if (!in->more) {
		in->len = 0;
		in->kept_len = 0;
		in->full = in->left == FULL;
	}
	in->len += in->left;
	in->more = in->left == FULL;
}

size_t
my_take(struct my_side *in, const char *data, size_t len, bool *whole)
{
	size_t n;

	if (in->in_packet) {
		n = MIN(in->left, len);
		in->left -= (uint32_t)n;
	} else {
		n = MIN(MY_HEAD - (size_t)in->head_len, len);
		memcpy(in->head + in->head_len, data, n);
		in->head_len = (uint8_t)(in->head_len + n);
		if (in->head_len == MY_HEAD)
			packet_begin(in);
	}
	*whole = false;
	if (in->in_packet && in->left == 0) {
		in->in_packet = false;
		in->head_len = 0;
		*whole = !in->more;
	}
	return n;
}

void
my_keep(struct my_side *in, const char *data, size_t len)
{
	size_t n = MIN(len, MY_KEPT - (size_t)in->kept_len);

	memcpy(in->kept + in->kept_len, data, n);
	in->kept_len = (uint8_t)(in->kept_len + n);
}
