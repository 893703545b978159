/* SPDX-License-Identifier: Apache-2.0 */
/* A message is a type, a length that counts itself, and as many bytes. A row
 * is a count of columns, and for each a length (-1: NULL) and its bytes. */
#include "load/pg_reader.h"

#include "base/attr.h"

static uint32_t
number_of(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

/* Cuts up to n bytes off. */
static struct view
cut(struct view *data, size_t n)
{
	struct view piece = {data->at, MIN(data->len, n)};

	data->at += piece.len;
	data->len -= piece.len;
	return piece;
}

/* Gathers bytes of a head; true once all are there. */
static bool
gather(unsigned char *to, uint8_t *have, uint8_t want, struct view *data)
{
	while (*have < want && data->len > 0)
		to[(*have)++] = (unsigned char)*cut(data, 1).at;
	return *have == want;
}

static bool
comes_in_pieces(char type)
{
	return type == 'D' || type == 'd';
}

static bool
read_head(struct pg_reader *r)
{
	uint32_t len = number_of(r->head + 1);

	r->type = (char)r->head[0];
	if (len < 4 || len > INT32_MAX)
		return false;
	r->left = len - 4;
	r->in_row = false;
	r->length_len = 0;
	r->column_left = 0;
	str_clear(&r->text);
	str_add(&r->text, "");
	return comes_in_pieces(r->type) || r->left <= PG_MESSAGE_MAX;
}

/* The lengths between the columns of a row. */
static bool
read_length(struct pg_reader *r, struct view *data)
{
	uint8_t had = r->length_len, want = r->in_row ? 4 : 2;
	struct view part = {data->at, MIN(data->len, r->left)};
	bool whole = gather(r->length, &r->length_len, want, &part);
	uint32_t taken = (uint32_t)(r->length_len - had);

	cut(data, taken);
	r->left -= taken;
	if (!whole)
		return r->left > 0;
	r->length_len = 0;
	if (r->in_row) {
		r->column_left = number_of(r->length);
		if (r->column_left == UINT32_MAX)
			r->column_left = 0;
	}
	r->in_row = true;
	return r->column_left <= r->left;
}

static enum pg_event
read_piece(struct pg_reader *r, struct view *data, struct view *piece)
{
	while (r->type == 'D' && r->column_left == 0 && r->left > 0) {
		if (data->len == 0)
			return PG_MORE;
		if (!read_length(r, data))
			return PG_BAD;
	}
	*piece = cut(data, r->type == 'D' ? r->column_left : r->left);
	r->left -= (uint32_t)piece->len;
	if (r->type == 'D')
		r->column_left -= (uint32_t)piece->len;
	return piece->len > 0 ? PG_PIECE : PG_MORE;
}

enum pg_event
pg_read(struct pg_reader *r, struct view *data, struct view *piece)
{
	while (data->len > 0) {
		struct view part;

		if (r->head_len < sizeof(r->head)) {
			if (!gather(r->head, &r->head_len, sizeof(r->head),
				    data))
				return PG_MORE;
			if (!read_head(r))
				return PG_BAD;
		}
		if (comes_in_pieces(r->type) && r->left > 0) {
			enum pg_event event = read_piece(r, data, piece);

			if (r->left == 0)
				r->head_len = 0;
			if (event != PG_MORE)
				return event;
			continue;
		}
		part = cut(data, r->left);
		str_add_bytes(&r->text, part.at, part.len);
		r->left -= (uint32_t)part.len;
		if (r->left == 0) {
			r->head_len = 0;
			return PG_MESSAGE;
		}
	}
	return PG_MORE;
}

void
pg_reader_fini(struct pg_reader *r)
{
	str_fini(&r->text);
}
