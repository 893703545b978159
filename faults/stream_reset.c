/* SPDX-License-Identifier: Apache-2.0 */
/* stream_reset: one stream of HTTP/2 ends by RST_STREAM with a chosen code,
 * its siblings go on. */
#include "base/deadline.h"
#include "faults/chunk.h"
#include "faults/grpc.h"
#include "faults/h2_code.h"
#include "faults/registry.h"

struct stream_reset {
	int code;
	int64_t bytes, messages;
};

static const struct conf_field fields[] = {
    {.name = "code",
	.type = CONF_ENUM,
	.offset = offsetof(struct stream_reset, code),
	.def = "INTERNAL_ERROR",
	.choices = h2_codes,
	.help = "Error code that the client sees"},
    {.name = "bytes",
	.type = CONF_SIZE,
	.offset = offsetof(struct stream_reset, bytes),
	.def = "0",
	.max = 9007199254740992.0,
	.help = "Bytes of the body that pass first; 0: nothing passes, not "
		"even the head"},
    {.name = "messages",
	.type = CONF_INT,
	.offset = offsetof(struct stream_reset, messages),
	.def = "0",
	.max = 1e9,
	.help = "Messages of gRPC that pass first, instead of bytes"},
    CONF_FIELD_END,
};

struct progress {
	struct grpc_scan scan;
	uint64_t passed; /* bytes of the body */
	bool told;	 /* that there is nothing to be done */
};

static void
stream_reset_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct stream_reset *p = params;

	if (p->bytes > 0 && p->messages > 0)
		conf_error(diag, where,
		    "bytes beside messages; expected one of both");
}

static void
reset(struct stage *s)
{
	const struct stream_reset *p = stage_params(s);
	const struct progress *st = stage_state(s);

	stage_acted(s, "stream_reset", (double)st->passed, "bytes");
	stage_end_code(s, END_RST_AFTER, (uint32_t)p->code);
}

static void
pass(struct stage *s, size_t n)
{
	struct progress *st = stage_state(s);

	st->passed += n;
	grpc_passed(&st->scan, n);
	stage_pass(s, n, -1);
}

/* Passes what may pass; true if that is all. */
static bool
pass_share(struct stage *s)
{
	const struct stream_reset *p = stage_params(s);
	struct progress *st = stage_state(s);
	size_t held = stage_in(s)->len, n = SIZE_MAX;
	uint64_t bytes = (uint64_t)p->bytes;

	if (p->messages > 0)
		n = grpc_find(&st->scan, stage_in(s), (uint64_t)p->messages);
	else if (st->passed + held >= bytes)
		n = bytes > st->passed ? (size_t)(bytes - st->passed) : 0;
	pass(s, MIN(n, held));
	return n != SIZE_MAX;
}

static void
stream_reset_data(struct stage *s)
{
	const struct stream_reset *p = stage_params(s);
	struct progress *st = stage_state(s);

	if (!stage_is_http2(s)) {
		if (!st->told)
			stage_powerless(s, "not_http2");
		st->told = true;
		stage_pass_all(s);
		return;
	}
	if (stage_in(s)->len == 0)
		return;
	if (p->bytes == 0 && p->messages == 0) {
		reset(s);
		return;
	}
	chunk_pass_head(s);
	if (stage_in(s)->len > 0 && pass_share(s))
		reset(s);
}

const struct fault_ops stream_reset_ops = {
    .kind =
	{
	    .name = "stream_reset",
	    .summary = "One HTTP/2 stream is reset, with a chosen error code",
	    .details =
		"The client gets RST_STREAM with `code`, the server CANCEL "
		"if the stream is still open there. Other streams of the "
		"same connection go on untouched. By default nothing of the "
		"message in the fault's direction passes: with the default "
		"`stream = \"downstream\"` the server does its work and the "
		"client does not hear of it; with `upstream` the request "
		"does not reach the server. With `bytes` or `messages` the "
		"head and so much of the body is delivered first."
		"\n\n"
		"What clients make of codes: REFUSED_STREAM and NO_ERROR "
		"often lead to a retry, since the server says that it did "
		"nothing; CANCEL and INTERNAL_ERROR become errors; "
		"ENHANCE_YOUR_CALM asks to slow down. gRPC maps them to its "
		"statuses (REFUSED_STREAM: UNAVAILABLE, CANCEL: CANCELLED, "
		"ENHANCE_YOUR_CALM: RESOURCE_EXHAUSTED, others: INTERNAL)."
		"\n\n"
		"On HTTP/1 there are no streams: the fault does nothing, and "
		"an event says so. `reset_peer` works on every version.",
	    .example = "{ type = \"stream_reset\"; "
		       "code = \"REFUSED_STREAM\"; probability = \"10%\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct stream_reset),
	    .flags = KIND_HTTP_ONLY,
	    .check = stream_reset_check,
	},
    .state_size = sizeof(struct progress),
    .data = stream_reset_data,
};
