/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that MySQL's clients may send along with a query.
 *
 *	count, number of sets; if there are any:
 *	a bit for each that is NULL; 1; of each its type and its name; of each
 *	that is not NULL its value */
#include "base/attr.h"
#include "proxy/data_my.h"

enum place {
	COUNT,
	SETS,
	NULLS,
	BOUND,
	TYPE,
	FLAG,
	NAME,
	VALUE,
	TEXT, /* they are over */
	LOST, /* too many, or strange: nobody knows where they are */
};

#define SIZED UINT8_MAX

static uint8_t
size_of(uint8_t type)
{
	static const struct {
		uint8_t type, size;
	} sizes[] = {{1, 1}, {2, 2}, {3, 4}, {4, 4}, {5, 8}, {6, 0}, {8, 8},
	    {9, 4}, {13, 2}};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		if (sizes[i].type == type)
			return sizes[i].size;
	}
	return SIZED;
}

/* Goes to the next value whose size is not known, or behind all of them. */
static void
next_value(struct my_attributes *a)
{
	for (; a->at < a->count; a->at++) {
		uint8_t size = a->nulls >> a->at & 1 ? 0
						     : size_of(a->types[a->at]);

		if (size == SIZED) {
			a->place = VALUE;
			return;
		}
		a->skip += size;
	}
	a->place = TEXT;
}

/* True if with this byte a number is whole. */
static bool
number_byte(struct my_attributes *a, uint8_t byte, uint64_t *to)
{
	a->number[a->have++] = byte;
	if (my_sized_number(a->number, a->have, to) == 0)
		return false;
	a->have = 0;
	return true;
}

static void
after_count(struct my_attributes *a, uint64_t count)
{
	a->place = count <= COUNT_OF(a->types) ? SETS : LOST;
	a->count = (uint8_t)count;
}

static void
nulls_byte(struct my_attributes *a, uint8_t byte)
{
	a->nulls |= (uint64_t)byte << 8 * a->have++;
	if (a->have < (a->count + 7) / 8)
		return;
	a->have = 0;
	a->place = BOUND;
}

static void
after_name(struct my_attributes *a, uint64_t len)
{
	a->skip = len;
	a->place = TYPE;
	if (++a->at < a->count)
		return;
	a->at = 0;
	next_value(a);
}

/* One byte that is not skipped. */
static void
step(struct my_attributes *a, uint8_t byte)
{
	uint64_t n;

	switch ((enum place)a->place) {
	case COUNT:
		if (number_byte(a, byte, &n))
			after_count(a, n);
		break;
	case SETS:
		if (number_byte(a, byte, &n))
			a->place = a->count > 0 ? NULLS : TEXT;
		break;
	case NULLS:
		nulls_byte(a, byte);
		break;
	case BOUND:
		a->place = byte == 1 ? TYPE : LOST;
		break;
	case TYPE:
		a->types[a->at] = byte;
		a->place = FLAG;
		break;
	case FLAG:
		a->place = NAME;
		break;
	case NAME:
		if (number_byte(a, byte, &n))
			after_name(a, n);
		break;
	case VALUE:
		if (number_byte(a, byte, &n)) {
			a->skip = n;
			a->at++;
			next_value(a);
		}
		break;
	case TEXT:
	case LOST:
		break;
	}
}

size_t
my_attributes_take(struct my_attributes *a, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t n = (size_t)MIN(a->skip, len - at);

		if (a->place == LOST)
			return len;
		if (n > 0) {
			a->skip -= n;
			at += n;
		} else if (a->place == TEXT) {
			break;
		} else {
			step(a, (uint8_t)data[at++]);
		}
	}
	return at;
}
