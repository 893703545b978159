/* SPDX-License-Identifier: Apache-2.0 */
/* certificate: our side of a client's handshake shows a certificate that a
 * careful client refuses. The TLS layer mints it; here it is only said. */
#include "faults/fault.h"
#include "faults/registry.h"
#include "faults/tls_turn.h"

struct certificate_params {
	int flaw; /* enum tls_flaw, less one */
};

/* All but "none". */
static const char *const flaw_choices[] = {
    "expired",
    "not_yet_valid",
    "wrong_name",
    "self_signed",
    "unknown_ca",
    "missing_intermediate",
    NULL,
};

static const struct conf_field fields[] = {
    {.name = "flaw",
     .type = CONF_ENUM,
     .choices = flaw_choices,
     .flags = CONF_REQUIRED,
     .offset = offsetof(struct certificate_params, flaw),
     .help = "What is wrong with the certificate"},
    CONF_FIELD_END,
};

static void
certificate_tls(struct stage *s, struct tls_turn *turn)
{
	const struct certificate_params *p = stage_params(s);

	if (turn->question != TLS_CERTIFICATE)
		return;
	turn->flaw = (enum tls_flaw)(p->flaw + TLS_FLAW_EXPIRED);
	stage_acted(s, flaw_choices[p->flaw], 0, "");
}

const struct fault_ops certificate_ops = {
    .kind =
	{
	    .name = "certificate",
	    .summary = "Shows clients a certificate that is not good",
	    .details =
		"For each handshake that it acts on a certificate is "
		"minted with the flaw: `expired` an hour ago; "
		"`not_yet_valid` before tomorrow; `wrong_name`, for "
		"wrong-name.invalid; `self_signed`; `unknown_ca`, from a "
		"CA that nobody knows; `missing_intermediate`, from an "
		"intermediate CA that is not sent along. But for the "
		"flaw it is as an intercepting route's: for the name "
		"that the client asked for, signed by the local CA "
		"(`faultwire ca init`).\n\n"
		"Clients must trust that CA to find the flaw meant and no "
		"other; a route that shows certificates from files needs "
		"`ca_dir` for it. Sessions that a client resumes show no "
		"certificate, so tickets are neither given out nor taken in "
		"these handshakes.",
	    .example = "{ type = \"certificate\"; flaw = \"expired\"; "
		       "probability = \"10%\"; }",
	    .fields = fields,
	    .params_size = sizeof(struct certificate_params),
	    .flags = KIND_TLS | KIND_TLS_SERVER | KIND_NO_STREAM |
		KIND_STREAM_ONLY,
	},
    .links = LINK_MASK_DOWN,
    .tls = certificate_tls,
};
