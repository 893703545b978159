/* SPDX-License-Identifier: Apache-2.0 */
/* tls_stall: a handshake comes to a point and goes no further.
 *
 *   records ──► before the point: pass ─► the flight: held ──for──► pass */
#include "base/deadline.h"
#include "faults/fault.h"
#include "faults/registry.h"
#include "faults/tls_point.h"

struct tls_stall_params {
	int at; /* enum tls_at */
	int64_t after_bytes;
	int64_t duration_us; /* 0: until removed */
};

struct tls_stall_state {
	struct tls_point point;
	int64_t passed_bytes; /* of the flight */
	int64_t due_us;	      /* when it goes on; 0: not stalled yet */
	bool over;
};

static const struct conf_field fields[] = {
    {.name = "at",
     .type = CONF_ENUM,
     .choices = tls_at_choices,
     .def = "server_hello",
     .offset = offsetof(struct tls_stall_params, at),
     .help = "The flight that does not arrive"},
    {.name = "after",
     .type = CONF_SIZE,
     .bare = 1,
     .max = 1 << 20,
     .def = "0",
     .offset = offsetof(struct tls_stall_params, after_bytes),
     .help = "So many bytes of it still do"},
    {.name = "duration",
     .type = CONF_DURATION,
     .bare = 1000,
     .max = 86400e6,
     .def = "0ms",
     .offset = offsetof(struct tls_stall_params, duration_us),
     .help = "How long it is held; 0: until the fault is removed"},
    CONF_FIELD_END,
};

static unsigned
tls_stall_links(const void *params)
{
	const struct tls_stall_params *p = params;

	return tls_at_links((enum tls_at)p->at);
}

/* The point is reached: passes what may still pass, and begins to wait. */
static void
stall(struct stage *s)
{
	const struct tls_stall_params *p = stage_params(s);
	struct tls_stall_state *st = stage_state(s);
	int64_t more = p->after_bytes - st->passed_bytes;
	size_t n = MIN(stage_in(s)->len, (size_t)MAX(more, 0));

	stage_pass(s, n, -1);
	st->passed_bytes += (int64_t)n;
	if (st->due_us != 0 || stage_in(s)->len == 0)
		return;
	stage_acted(s, "stall", (double)stage_offset(s), "bytes");
	st->due_us = p->duration_us > 0 ? stage_now(s) + p->duration_us
					: DEADLINE_NEVER;
	stage_wake_at(s, st->due_us);
}

static void
tls_stall_data(struct stage *s)
{
	const struct tls_stall_params *p = stage_params(s);
	struct tls_stall_state *st = stage_state(s);

	if (st->due_us != 0 && stage_now(s) >= st->due_us)
		st->over = true;
	if (st->over) {
		stage_pass_all(s);
		return;
	}
	stage_pass(s, tls_point_before(&st->point, (enum tls_at)p->at,
			  stage_in(s)), -1);
	if (st->point.reached)
		stall(s);
}

static void
tls_stall_eof(struct stage *s)
{
	struct tls_stall_state *st = stage_state(s);

	/* Who waits in a stalled handshake hears of no end, either. */
	if (st->due_us == 0 || st->over)
		stage_pass_eof(s);
}

const struct fault_ops tls_stall_ops = {
    .kind =
	{
	    .name = "tls_stall",
	    .summary = "Lets a TLS handshake come to a point and no further",
	    .details =
		"The flight that `at` names is held, together with all that "
		"follows it in its direction: `client_hello` never reaches the "
		"server; `server_hello` never reaches the client; "
		"`client_finished` is the client's second flight; "
		"`server_finished` is what the server says behind its hello in "
		"secret (TLS 1.3: certificate and Finished) or in its second "
		"flight (TLS 1.2). With `after` the first bytes of the flight "
		"still arrive, so that a record may break off anywhere.\n\n"
		"It stands below TLS by itself: on a route with `tls` between "
		"the client and our side of its handshake, on one with only "
		"`upstream_tls` between our side and the upstream, and on a "
		"tcp route without either in the TLS that passes through. "
		"Bytes that are not TLS pass.",
	    .example = "{ type = \"tls_stall\"; at = \"server_hello\"; "
		       "duration = \"15s\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct tls_stall_params),
	    .flags = KIND_TLS | KIND_NO_STREAM | KIND_MAY_STALL |
		KIND_STREAM_ONLY,
	},
    .state_size = sizeof(struct tls_stall_state),
    .links_by = tls_stall_links,
    .data = tls_stall_data,
    .eof = tls_stall_eof,
};
