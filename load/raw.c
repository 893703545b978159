/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as they are: `send` goes out, and the answer is over as soon as what
 * came holds what is expected; without an expectation, with its first bytes. */
#include "load/marks.h"
#include "load/protocol.h"
#include "load/request.h"

struct raw {
	uint64_t bytes; /* of the answer so far */
};

static void
raw_send(struct load_conn *c, struct load_exchange *x)
{
	((struct raw *)load_conn_state(c))->bytes = 0;
	template_render(&load_exchange_asked(x)->send, load_exchange_vars(x),
			load_conn_out(c));
}

static bool
raw_data(struct load_conn *c, struct view data)
{
	struct load_exchange *x = load_conn_exchange(c);
	struct raw *s = load_conn_state(c);

	if (x == NULL)
		return false;
	load_exchange_heard(x);
	load_exchange_body(x, data);
	s->bytes += data.len;
	if (load_exchange_expected(x)) {
		load_exchange_end(x, SAMPLE_OK);
	} else if (s->bytes >= EXPECT_ROOM) {
		load_conn_retire(c);
		load_exchange_end(x, SAMPLE_FAILED);
	}
	return true;
}

static bool
raw_check(struct load_request *r, struct error *err)
{
	return r->asked->send != NULL || r->asked->expect != NULL ||
	       error_set(err, 0, "expected send or expect");
}

const struct load_protocol load_raw = {
    .conn_size = sizeof(struct raw),
    .streams = 1,
    .check = raw_check,
    .send = raw_send,
    .data = raw_data,
};
