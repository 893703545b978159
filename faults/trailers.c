/* SPDX-License-Identifier: Apache-2.0 */
/* trailers: what follows a body on HTTP/2, where gRPC has its status, is lost,
 * late or another. */
#include <string.h>

#include "base/deadline.h"
#include "faults/chunk.h"
#include "faults/grpc.h"
#include "faults/registry.h"

#define DAY_US 86400e6

struct trailers {
	bool lost;
	int64_t delay_us;
	int64_t grpc_status;
	char *grpc_message;
	int64_t messages;
};

static const struct conf_field fields[] = {
    {.name = "lost",
	.type = CONF_BOOL,
	.offset = offsetof(struct trailers, lost),
	.def = "false",
	.help = "The stream ends without its trailers"},
    {.name = "delay",
	.type = CONF_DURATION,
	.offset = offsetof(struct trailers, delay_us),
	.def = "0ms",
	.max = DAY_US,
	.bare = 1000,
	.help = "How much later than the body the trailers (or the end) "
		"arrive"},
    {.name = "grpc_status",
	.type = CONF_INT,
	.offset = offsetof(struct trailers, grpc_status),
	.def = "-1",
	.min = -1,
	.max = 16,
	.help = "gRPC status in the place of the server's trailers; -1: "
		"theirs"},
    {.name = "grpc_message",
	.type = CONF_STRING,
	.offset = offsetof(struct trailers, grpc_message),
	.help = "Text beside grpc_status"},
    {.name = "messages",
	.type = CONF_INT,
	.offset = offsetof(struct trailers, messages),
	.def = "-1",
	.min = -1,
	.max = 1e9,
	.help = "Messages after which the status comes and the answer ends; "
		"-1: after the server's last"},
    CONF_FIELD_END,
};

struct progress {
	struct grpc_scan scan;
	bool told;
	bool done; /* the trailers are what they are to be */
};

static void
trailers_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct trailers *p = params;

	if (!p->lost && p->delay_us == 0 && p->grpc_status < 0)
		conf_error(diag, where,
		    "nothing to do; expected lost, delay or grpc_status");
	if (p->lost && p->grpc_status >= 0)
		conf_error(diag, where,
		    "lost beside grpc_status; expected one of both");
	if (p->grpc_status < 0 && (p->grpc_message != NULL || p->messages >= 0))
		conf_error(diag, where,
		    "%s without grpc_status; expected both",
		    p->grpc_message != NULL ? "grpc_message" : "messages");
}

static bool
set_status(struct stage *s)
{
	const struct trailers *p = stage_params(s);
	struct str lines = {0};
	bool done;

	str_printf(&lines, "grpc-status: %d\r\n", (int)p->grpc_status);
	if (p->grpc_message != NULL) {
		str_add(&lines, "grpc-message: ");
		grpc_add_message(&lines, p->grpc_message);
		str_add(&lines, "\r\n");
	}
	done = stage_trailers(s, lines.text);
	if (done)
		stage_acted(s, "grpc_status", (double)p->grpc_status, "");
	str_fini(&lines);
	return done;
}

/* The answer ends behind the n-th message. */
static void
trailers_data(struct stage *s)
{
	const struct trailers *p = stage_params(s);
	struct progress *st = stage_state(s);
	size_t n;

	if (!stage_is_http2(s) && !st->told) {
		stage_powerless(s, "not_http2");
		st->told = true;
	}
	chunk_pass_head(s);
	/* A head that is still to come as a whole is waited for. */
	if (st->told || p->messages < 0 || stage_head_left(s) > 0) {
		stage_pass_all(s);
		return;
	}
	n = grpc_find(&st->scan, stage_in(s), (uint64_t)p->messages);
	if (n == SIZE_MAX) {
		grpc_passed(&st->scan, stage_in(s)->len);
		stage_pass_all(s);
		return;
	}
	/* Nothing came yet: not even a head. */
	if (stage_offset(s) == 0)
		return;
	stage_pass(s, n, -1);
	if (set_status(s))
		stage_end(s, END_FIN);
}

static void
change(struct stage *s)
{
	const struct trailers *p = stage_params(s);

	if (p->lost && stage_trailers(s, NULL))
		stage_acted(s, "trailers_lost", 0, "");
	if (p->grpc_status >= 0 && p->messages < 0)
		set_status(s);
}

static void
trailers_eof(struct stage *s)
{
	const struct trailers *p = stage_params(s);
	struct progress *st = stage_state(s);
	int64_t due_us = stage_arrival(s) + p->delay_us;

	if (st->told || st->done) {
		stage_pass_eof(s);
		return;
	}
	if (stage_now(s) < due_us) {
		stage_wake_at(s, due_us);
		return;
	}
	st->done = true;
	if (p->delay_us > 0)
		stage_delayed(s, p->delay_us,
		    stage_now(s) - stage_arrival(s));
	change(s);
	stage_pass_eof(s);
}

const struct fault_ops trailers_ops = {
    .kind =
	{
	    .name = "trailers",
	    .summary = "HTTP/2 trailers, with which gRPC ends calls, are "
		       "lost, late or another",
	    .details =
		"`lost`: the stream ends in good order, but without its "
		"trailers. To a client of gRPC the call has no status then, "
		"which it must take for an error (mostly INTERNAL or "
		"UNKNOWN), though all messages came."
		"\n\n"
		"`delay`: the body passes, and its end with the trailers "
		"comes that much later: a unary call has its answer and yet "
		"is not done."
		"\n\n"
		"`grpc_status`: the trailers say this in the place of what "
		"the server says. With `messages` the answer ends so behind "
		"that many messages of it (0: at once behind the head): a "
		"stream that fails midway. A server that sends fewer "
		"messages is not touched. The server's stream is cancelled."
		"\n\n"
		"An answer that is headers alone (gRPC's trailers-only, for "
		"calls that fail at once) has its status there: nothing is "
		"lost and nothing replaced. Use `headers` or `abort` then. "
		"The fault acts on HTTP/2 clients, whatever the upstream "
		"speaks; on HTTP/1 it does nothing, and an event says so.",
	    .example = "{ type = \"trailers\"; grpc_status = 14; "
		       "messages = 3; when = { path = \"/pkg.Service/*\"; }; }",
	    .fields = fields,
	    .params_size = sizeof(struct trailers),
	    .flags = KIND_HTTP_ONLY | KIND_NO_STREAM | KIND_DELAYS,
	    .check = trailers_check,
	},
    .state_size = sizeof(struct progress),
    .links = LINK_MASK_DOWN,
    .data = trailers_data,
    .eof = trailers_eof,
};
