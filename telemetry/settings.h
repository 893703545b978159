/* SPDX-License-Identifier: Apache-2.0 */
/* What the group trace comes to, together with the environment: OpenTelemetry's
 * variables (its specification: SDK environment variables, OTLP exporter) fill
 * in what the file leaves open. Where both say something the
 * file wins, and `notes` names the variable; only OTEL_SDK_DISABLED wins over
 * the file, which is noted too. */
#ifndef TELEMETRY_SETTINGS_H
#define TELEMETRY_SETTINGS_H

#include "config/model.h"
#include "observe/otlp.h"

struct trace_settings {
	char *url; /* owned; NULL: there are no traces */
	char *token, *headers, *ca_file; /* owned; or NULL */
	int64_t timeout_us, every_us;
	enum otlp_form form;
	struct trace_policy policy;
	struct otlp_attrs resource; /* keys and texts owned */
	struct str notes; /* of the variables that do not count, by blanks */
};

/* `env` is as getenv(3); borrowed. False: err says which text is wrong, and
 * where it stands. To be finished in any case. */
bool trace_settings_init(struct trace_settings *to,
    const struct conf_trace *conf, char *(*env)(const char *name),
    struct error *err) WARN_UNUSED;
void trace_settings_fini(struct trace_settings *s);
/* True if both come to the same; notes do not count. */
bool trace_settings_equal(const struct trace_settings *a,
    const struct trace_settings *b);

#endif
