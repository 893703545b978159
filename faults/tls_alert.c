/* SPDX-License-Identifier: Apache-2.0 */
/* tls_alert: in place of a flight its receiver gets an alert, and the
 * connection ends. */
#include "faults/fault.h"
#include "faults/registry.h"
#include "faults/tls_point.h"

struct tls_alert_params {
	int at;	  /* enum tls_at */
	int code; /* index into codes[] */
};

/* RFC 8446, 6. */
#define CODES(X)                                                               \
	X("close_notify", 0)                                                   \
	X("unexpected_message", 10)                                            \
	X("bad_record_mac", 20)                                                \
	X("handshake_failure", 40)                                             \
	X("bad_certificate", 42)                                               \
	X("certificate_revoked", 44)                                           \
	X("certificate_expired", 45)                                           \
	X("certificate_unknown", 46)                                           \
	X("illegal_parameter", 47)                                             \
	X("unknown_ca", 48)                                                    \
	X("access_denied", 49)                                                 \
	X("decode_error", 50)                                                  \
	X("decrypt_error", 51)                                                 \
	X("protocol_version", 70)                                              \
	X("insufficient_security", 71)                                         \
	X("internal_error", 80)                                                \
	X("user_canceled", 90)                                                 \
	X("unrecognized_name", 112)                                            \
	X("certificate_required", 116)                                         \
	X("no_application_protocol", 120)

static const char *const code_choices[] = {
#define X(word, number) word,
    CODES(X)
#undef X
    NULL,
};

static const unsigned char codes[] = {
#define X(word, number) number,
    CODES(X)
#undef X
};

static const struct conf_field fields[] = {
    {.name = "at",
     .type = CONF_ENUM,
     .choices = tls_at_choices,
     .def = "server_hello",
     .offset = offsetof(struct tls_alert_params, at),
     .help = "The flight in whose place the alert is sent"},
    {.name = "code",
     .type = CONF_ENUM,
     .choices = code_choices,
     .def = "handshake_failure",
     .offset = offsetof(struct tls_alert_params, code),
     .help = "What the alert says"},
    CONF_FIELD_END,
};

static unsigned
tls_alert_links(const void *params)
{
	const struct tls_alert_params *p = params;

	return tls_at_links((enum tls_at)p->at);
}

static void
alert(struct stage *s)
{
	const struct tls_alert_params *p = stage_params(s);
	unsigned char code = codes[p->code];
	bool warning = code == 0 || code == 90;
	const unsigned char record[] = {
	    21, 3, 3, 0, 2, warning ? 1 : 2, code};

	stage_insert(s, record, sizeof(record));
	stage_drop(s, stage_in(s)->len);
	stage_acted(s, "alert", code, "");
	stage_end(s, END_FIN);
}

static void
tls_alert_data(struct stage *s)
{
	const struct tls_alert_params *p = stage_params(s);
	struct tls_point *point = stage_state(s);

	stage_pass(s, tls_point_before(point, (enum tls_at)p->at,
			  stage_in(s)), -1);
	if (point->reached)
		alert(s);
}

const struct fault_ops tls_alert_ops = {
    .kind =
	{
	    .name = "tls_alert",
	    .summary = "Ends a TLS handshake with an alert",
	    .details =
		"In place of the flight that `at` names (see `tls_stall`) its "
		"receiver gets an alert with `code`, fatal but for "
		"`close_notify` and `user_canceled`, and then the end of the "
		"connection; the other side gets the end alone. With "
		"`server_hello` and `server_finished` the client gets the "
		"alert, with the other two the server, which may call "
		"one at `client_hello` an unexpected message.\n\n"
		"The alert is sent in the clear, as it is in a handshake "
		"before keys are agreed on. In TLS 1.3 that is so up to "
		"the server's hello, and for servers that wait for "
		"`client_finished`; a "
		"client that gets one at `server_finished` may call it an "
		"unexpected message rather than what it says.\n\n"
		"It stands below TLS by itself, as `tls_stall` does.",
	    .example = "{ type = \"tls_alert\"; code = \"internal_error\"; "
		       "probability = \"10%\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct tls_alert_params),
	    .flags = KIND_TLS | KIND_NO_STREAM | KIND_MAY_STALL |
		KIND_STREAM_ONLY,
	},
    .state_size = sizeof(struct tls_point),
    .links_by = tls_alert_links,
    .data = tls_alert_data,
};
