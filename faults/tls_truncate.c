/* SPDX-License-Identifier: Apache-2.0 */
/* tls_truncate: the stream ends without a close_notify, as if somebody on the
 * way had cut its tail off.
 *
 *   after = 0: the end comes when it comes; TLS does not announce it
 *   else:      records pass until so many bytes did, then FIN */
#include "faults/fault.h"
#include "faults/registry.h"
#include "faults/tls_point.h"
#include "faults/tls_turn.h"

struct tls_truncate_params {
	int64_t after_bytes;
};

struct tls_truncate_state {
	size_t left; /* bytes of the record under way */
	int64_t passed_bytes;
};

static const struct conf_field fields[] = {
    {.name = "after",
     .type = CONF_SIZE,
     .bare = 1,
     .max = 1e15,
     .def = "0",
     .offset = offsetof(struct tls_truncate_params, after_bytes),
     .help = "Ends the connection behind the record with that byte, the "
	     "handshake's bytes included; 0: it ends by itself"},
    CONF_FIELD_END,
};

static void
tls_truncate_tls(struct stage *s, struct tls_turn *turn)
{
	if (turn->question != TLS_CLOSE || turn->silent)
		return;
	turn->silent = true;
	stage_acted(s, "truncate", (double)stage_offset(s), "bytes");
}

/* Passes what there is of one record; false: more bytes are needed. */
static bool
pass_record(struct stage *s, struct tls_truncate_state *st)
{
	unsigned char head[TLS_RECORD_HEAD];
	size_t n;

	if (st->left == 0) {
		if (bytes_peek(stage_in(s), 0, head, sizeof(head)) <
		    sizeof(head))
			return false;
		st->left = sizeof(head) + ((size_t)head[3] << 8 | head[4]);
	}
	n = MIN(st->left, stage_in(s)->len);
	stage_pass(s, n, -1);
	st->left -= n;
	st->passed_bytes += (int64_t)n;
	return stage_in(s)->len > 0 || st->left == 0;
}

static void
tls_truncate_data(struct stage *s)
{
	const struct tls_truncate_params *p = stage_params(s);
	struct tls_truncate_state *st = stage_state(s);

	if (p->after_bytes == 0) {
		stage_pass_all(s);
		return;
	}
	while (stage_in(s)->len > 0) {
		if (!pass_record(s, st))
			return;
		if (st->left > 0 || st->passed_bytes < p->after_bytes)
			continue;
		stage_drop(s, stage_in(s)->len);
		stage_acted(s, "truncate", (double)st->passed_bytes, "bytes");
		stage_end(s, END_FIN);
		return;
	}
}

const struct fault_ops tls_truncate_ops = {
    .kind =
	{
	    .name = "tls_truncate",
	    .summary = "Ends a TLS stream without a close_notify",
	    .details =
		"A TLS stream that ends well is announced by a close_notify "
		"alert; one that just stops may have been cut by an attacker. "
		"With `after` 0 (the default) the connection ends when it "
		"would have ended, without the announcement; with `after` it "
		"ends behind the record that holds this byte, whichever side "
		"had more to say. Bytes are those on the wire, handshake and "
		"heads of records included.\n\n"
		"It stands below TLS by itself. With `stream = \"downstream\"` "
		"the client's stream is truncated, on a route with `tls`; with "
		"`upstream` and `layer = \"upstream_wire\"` the server's, on "
		"one with `upstream_tls`. Where TLS passes through, a "
		"close_notify cannot be told from data, and only `after` has "
		"an effect.",
	    .example = "{ type = \"tls_truncate\"; after = \"64KiB\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct tls_truncate_params),
	    .flags = KIND_TLS | KIND_MAY_STALL |
		KIND_STREAM_ONLY,
	},
    .state_size = sizeof(struct tls_truncate_state),
    .tls = tls_truncate_tls,
    .data = tls_truncate_data,
};
