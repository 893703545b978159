/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the groups that say where traces, annotations and the log go. */
#include "config/model.h"
#include "config/tables.h"

#define HOUR 3600e6

static const char *const protocols[] = {"auto", "http/protobuf", "http/json",
					NULL};
static const char *const headers[] = {"w3c", "passthrough", NULL};
static const char *const samplers[] = {
    "auto",		     "parentbased_traceidratio",
    "traceidratio",	     "parentbased_always_on",
    "parentbased_always_off", "always_on",
    "always_off",	     NULL};
static const char *const faulted[] = {"always", "sampled", NULL};

const struct conf_field conf_trace_fields[] = {
    {.name = "endpoint",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_trace, endpoint),
     .help = "Base URL of the collector, such as http://collector:4318; "
	     "/v1/traces is appended; without one, "
	     "OTEL_EXPORTER_OTLP_ENDPOINT, else there are no traces"},
    {.name = "url",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_trace, url),
     .help = "The whole URL instead, used as it is; without one, "
	     "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
    {.name = "protocol",
     .type = CONF_ENUM,
     .choices = protocols,
     .def = "auto",
     .offset = offsetof(struct conf_trace, protocol),
     .help = "The form of the spans; auto: OTEL_EXPORTER_OTLP_PROTOCOL, "
	     "else http/protobuf"},
    {.name = "headers",
     .type = CONF_ENUM,
     .choices = headers,
     .def = "w3c",
     .offset = offsetof(struct conf_trace, headers),
     .help = "What becomes of traceparent and tracestate: w3c: they carry "
	     "our span on to the upstream; passthrough: nothing, as without "
	     "a collector"},
    {.name = "sampler",
     .type = CONF_ENUM,
     .choices = samplers,
     .def = "auto",
     .offset = offsetof(struct conf_trace, sampler),
     .help = "Which traces are kept; auto: OTEL_TRACES_SAMPLER with its "
	     "_ARG, else parentbased_traceidratio"},
    {.name = "ratio",
     .type = CONF_FRACTION,
     .def = "0.05",
     .max = 1,
     .offset = offsetof(struct conf_trace, ratio),
     .help = "The share of new traces that samplers by ratio keep"},
    {.name = "faulted",
     .type = CONF_ENUM,
     .choices = faulted,
     .def = "always",
     .offset = offsetof(struct conf_trace, faulted),
     .help = "Whether what a fault acts on is kept whatever the sampler "
	     "says, and what follows from it, too"},
    {.name = "timeout",
     .type = CONF_DURATION,
     .bare = 1000,
     .max = HOUR,
     .def = "0ms",
     .offset = offsetof(struct conf_trace, timeout_us),
     .help = "How long the collector may be silent; 0: "
	     "OTEL_EXPORTER_OTLP_TIMEOUT, else 10 s"},
    {.name = "token_file",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_trace, token_file),
     .help = "File with a bearer token for the collector; other headers "
	     "come from OTEL_EXPORTER_OTLP_HEADERS"},
    {.name = "ca_file",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_trace, ca_file),
     .help = "Certificates (PEM) that the collector's is checked against; "
	     "without one, OTEL_EXPORTER_OTLP_CERTIFICATE, else the "
	     "system's"},
    {.name = "service_name",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_trace, service_name),
     .help = "Under which name we appear; without one, OTEL_SERVICE_NAME, "
	     "else faultwire"},
    {.name = "attributes",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_trace, attributes),
     .help = "What else is said of us, as [ \"key=value\" ]; those of "
	     "OTEL_RESOURCE_ATTRIBUTES come beside them"},
    CONF_FIELD_END,
};

const struct conf_field conf_grafana_fields[] = {
    {.name = "url",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_grafana, url),
     .help = "Where Grafana is, such as http://grafana:3000; without one "
	     "there are no annotations"},
    {.name = "token_file",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_grafana, token_file),
     .help = "File with the token of a service account that may write "
	     "annotations; without one, FAULTWIRE_GRAFANA_TOKEN"},
    {.name = "ca_file",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_grafana, ca_file),
     .help = "Certificates (PEM) that Grafana's is checked against; without "
	     "one the system's"},
    {.name = "tags",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_grafana, tags),
     .help = "Tags beside faultwire, route:, fault: and run:"},
    CONF_FIELD_END,
};

const struct conf_field conf_loki_fields[] = {
    {.name = "url",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_loki, url),
     .help = "Where Loki is, such as http://loki:3100; /loki/api/v1/push is "
	     "appended; without one the log goes to standard output alone"},
    {.name = "tenant",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_loki, tenant),
     .help = "Whose log it is where Loki has tenants: the header "
	     "X-Scope-OrgID; without one it is not sent"},
    {.name = "token_file",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_loki, token_file),
     .help = "File with a bearer token for whoever guards Loki; without one, "
	     "FAULTWIRE_LOKI_TOKEN"},
    {.name = "ca_file",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_loki, ca_file),
     .help = "Certificates (PEM) that Loki's is checked against; without "
	     "one the system's"},
    {.name = "service_name",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_loki, service_name),
     .help = "The label service_name; without one, faultwire"},
    {.name = "labels",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_loki, labels),
     .help = "Labels beside service_name and level, as [ \"env=staging\" ]; "
	     "instance is the name of the machine unless it is here"},
    {.name = "metadata",
     .type = CONF_BOOL,
     .def = "true",
     .offset = offsetof(struct conf_loki, metadata),
     .help = "Whether event and trace_id go along as structured metadata, "
	     "which needs Loki's schema v13; they are in the line, too"},
    CONF_FIELD_END,
};
