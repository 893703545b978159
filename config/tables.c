/* SPDX-License-Identifier: Apache-2.0 */
/* Every word of a configuration file, its type, bounds, default and meaning;
 * the parameters of fault kinds stand beside the kinds. */
#include "config/tables.h"

#include "config/load.h"
#include "config/model.h"

#define MS     1000.0
#define SECOND 1e6
#define HOUR   3600e6
#define DAY    86400e6
#define KIB    1024.0
#define MIB    (1024.0 * 1024)

static const char *const log_levels[] = {"debug", "info", "warn", "error",
	NULL};
static const char *const log_formats[] = {"auto", "json", "logfmt", "text",
	NULL};
static const char *const protocols[] = {"tcp", "http", NULL};
static const char *const proxy_headers[] = {"off", "v1", "v2", NULL};
static const char *const streams[] = {"upstream", "downstream", "both", NULL};
static const char *const flows[] = {"all", "new", "existing", NULL};
static const char *const modes[] = {"drop", "reject", "jam", NULL};
static const char *const existings[] = {"auto", "freeze", "reset", "keep",
	NULL};
static const char *const shapes[] = {"groups", "halves", "isolate", "ring",
	"bridge", NULL};

const struct conf_field conf_file_fields[] = {
	{.name = "seed", .type = CONF_INT,
	    .offset = offsetof(struct conf_model, seed),
	    .help = "Every random decision derives from it; without one a "
		    "seed is chosen at start and logged"},
	{.name = "workers", .type = CONF_INT, .max = 256,
	    .offset = offsetof(struct conf_model, workers), .def = "0",
	    .help = "Threads that carry traffic; 0: one per processor that "
		    "the process may use"},
	{.name = "drain_timeout", .type = CONF_DURATION, .bare = 1000,
	    .max = DAY, .def = "30s",
	    .offset = offsetof(struct conf_model, drain_timeout_us),
	    .help = "How long sessions of a removed route, or of a server "
		    "that was told to stop, may go on"},
	{.name = "control", .type = CONF_GROUP, .help = "The control API"},
	{.name = "log", .type = CONF_GROUP, .help = "What is logged, and how"},
	{.name = "services", .type = CONF_GROUP, .type_text = "list of groups",
	    .help = "The named parties"},
	{.name = "routes", .type = CONF_GROUP, .type_text = "list of groups",
	    .help = "What is listened on, where it leads, and its faults"},
	{.name = "partitions", .type = CONF_GROUP,
	    .type_text = "list of groups",
	    .help = "Named cuts between groups of services"},
	CONF_FIELD_END,
};

const struct conf_field conf_control_fields[] = {
	{.name = "listen", .type = CONF_ADDRESS, .def = "127.0.0.1:8474",
	    .flags = CONF_LISTEN | CONF_OFF,
	    .offset = offsetof(struct conf_control, listen),
	    .help = "Where the API listens: host:port, unix:/path, or off"},
	{.name = "token_file", .type = CONF_STRING,
	    .offset = offsetof(struct conf_control, token_file),
	    .help = "File with the token that callers must send; needed when "
		    "others can reach the address"},
	{.name = "insecure", .type = CONF_BOOL, .def = "false",
	    .offset = offsetof(struct conf_control, insecure),
	    .help = "Serve without a token although others can reach the "
		    "address"},
	CONF_FIELD_END,
};

const struct conf_field conf_log_fields[] = {
	{.name = "level", .type = CONF_ENUM, .choices = log_levels,
	    .def = "info", .offset = offsetof(struct conf_log, level),
	    .help = "The least important lines to be written"},
	{.name = "format", .type = CONF_ENUM, .choices = log_formats,
	    .def = "auto", .offset = offsetof(struct conf_log, format),
	    .help = "How lines look; auto: text on a terminal, else json"},
	CONF_FIELD_END,
};

const struct conf_field conf_service_fields[] = {
	{.name = "name", .type = CONF_STRING, .flags = CONF_REQUIRED,
	    .offset = offsetof(struct conf_service, name),
	    .help = "What routes, partitions and conditions call it"},
	{.name = "addresses", .type = CONF_STRINGS,
	    .offset = offsetof(struct conf_service, addresses_text),
	    .help = "Addresses, ranges (10.1.0.0/16) and host names by which "
		    "its connections are recognised"},
	CONF_FIELD_END,
};

const struct conf_field conf_route_fields[] = {
	{.name = "name", .type = CONF_STRING, .flags = CONF_REQUIRED,
	    .offset = offsetof(struct conf_route, name),
	    .help = "What the API, logs and metrics call it"},
	{.name = "listen", .type = CONF_ADDRESS,
	    .flags = CONF_REQUIRED | CONF_LISTEN,
	    .offset = offsetof(struct conf_route, listen_text),
	    .help = "Where clients connect: host:port, :port or unix:/path; "
		    "port 0: any free one"},
	{.name = "upstream", .type = CONF_ADDRESS, .flags = CONF_REQUIRED,
	    .offset = offsetof(struct conf_route, upstream_text),
	    .help = "The server behind it: host:port or unix:/path"},
	{.name = "protocol", .type = CONF_ENUM, .choices = protocols,
	    .def = "tcp", .offset = offsetof(struct conf_route, protocol),
	    .help = "tcp: a flow is a connection; http: a flow is one request "
		    "and its response"},
	{.name = "from", .type = CONF_STRING,
	    .offset = offsetof(struct conf_route, from),
	    .help = "The service that connects here, unless its address says "
		    "another"},
	{.name = "to", .type = CONF_STRING,
	    .offset = offsetof(struct conf_route, to),
	    .help = "The service that the upstream is"},
	{.name = "enabled", .type = CONF_BOOL, .def = "true",
	    .offset = offsetof(struct conf_route, enabled),
	    .help = "A route that is not enabled refuses connections"},
	{.name = "match", .type = CONF_GROUP,
	    .help = "Which connections or requests it takes, when several "
		    "routes share a listener; the first that matches wins"},
	{.name = "accept_proxy", .type = CONF_BOOL, .def = "false",
	    .offset = offsetof(struct conf_route, accept_proxy),
	    .help = "Clients begin with a PROXY header, which names the real "
		    "client"},
	{.name = "send_proxy", .type = CONF_ENUM, .choices = proxy_headers,
	    .def = "off", .offset = offsetof(struct conf_route, send_proxy),
	    .help = "Begin upstream connections with a PROXY header"},
	{.name = "connect_timeout", .type = CONF_DURATION, .bare = 1000,
	    .min = MS, .max = HOUR, .def = "10s",
	    .offset = offsetof(struct conf_route, connect_timeout_us),
	    .help = "How long the upstream may take to accept"},
	{.name = "idle_timeout", .type = CONF_DURATION, .bare = 1000,
	    .def = "0ms",
	    .offset = offsetof(struct conf_route, idle_timeout_us),
	    .help = "Ends a session without traffic; 0: never; with http the "
		    "default is 60s between requests"},
	{.name = "header_timeout", .type = CONF_DURATION, .bare = 1000,
	    .min = MS, .max = HOUR, .def = "30s",
	    .offset = offsetof(struct conf_route, header_timeout_us),
	    .help = "How long a request's head may take to arrive (http)"},
	{.name = "buffer", .type = CONF_SIZE, .bare = 1, .min = 4 * KIB,
	    .max = 1024 * MIB, .def = "4MiB",
	    .offset = offsetof(struct conf_route, buffer_bytes),
	    .help = "Bytes that faults may hold per direction of a flow "
		    "before the sender feels it"},
	{.name = "max_connections", .type = CONF_INT, .max = 1e6, .def = "0",
	    .offset = offsetof(struct conf_route, max_connections),
	    .help = "Sessions at a time; 0: no limit"},
	{.name = "max_header", .type = CONF_SIZE, .bare = 1, .min = KIB,
	    .max = MIB, .def = "64KiB",
	    .offset = offsetof(struct conf_route, max_header_bytes),
	    .help = "The largest head of a message (http)"},
	{.name = "precise", .type = CONF_BOOL, .def = "false",
	    .offset = offsetof(struct conf_route, precise),
	    .help = "Wake early and spin, so that delays are exact to a few "
		    "microseconds, for processor time"},
	{.name = "faults", .type = CONF_GROUP, .type_text = "list of groups",
	    .help = "Its faults, in the order in which bytes meet them"},
	CONF_FIELD_END,
};

const struct conf_field conf_match_fields[] = {
	{.name = "host", .type = CONF_STRING,
	    .offset = offsetof(struct conf_route, match_host.text),
	    .help = "Pattern of the request's host, without port (http)"},
	{.name = "path", .type = CONF_STRING,
	    .offset = offsetof(struct conf_route, match_path.text),
	    .help = "Pattern of the request's path (http)"},
	{.name = "sni", .type = CONF_STRING,
	    .offset = offsetof(struct conf_route, match_sni.text),
	    .help = "Pattern of the server name in a TLS hello; fits nothing "
		    "in this version, which reads no TLS"},
	CONF_FIELD_END,
};

#define CONDITION(member) offsetof(struct conf_fault, conditions.member)

const struct conf_field conf_fault_fields[] = {
	{.name = "type", .type = CONF_GROUP, .type_text = "fault kind",
	    .flags = CONF_REQUIRED,
	    .help = "What it does; see the fault kinds"},
	{.name = "name", .type = CONF_STRING,
	    .offset = offsetof(struct conf_fault, name),
	    .help = "Unique on its route; default: <type>_<stream>"},
	{.name = "stream", .type = CONF_ENUM, .choices = streams,
	    .def = "downstream", .offset = offsetof(struct conf_fault, stream),
	    .help = "upstream: from client to server; downstream: from server "
		    "to client"},
	{.name = "enabled", .type = CONF_BOOL, .def = "true",
	    .offset = offsetof(struct conf_fault, enabled),
	    .help = "A fault that is not enabled does nothing"},
	{.name = "probability", .type = CONF_FRACTION, .def = "1",
	    .offset = CONDITION(probability),
	    .help = "Share of flows that it acts on; drawn once per flow"},
	{.name = "when", .type = CONF_GROUP,
	    .help = "Which flows it is about; all conditions must hold"},
	{.name = "first", .type = CONF_INT, .def = "0",
	    .offset = CONDITION(first),
	    .help = "Acts on so many flows only, then no more; 0: on all"},
	{.name = "skip", .type = CONF_INT, .def = "0",
	    .offset = CONDITION(skip),
	    .help = "Leaves out so many flows at first"},
	{.name = "every", .type = CONF_INT, .def = "0",
	    .offset = CONDITION(every),
	    .help = "Acts on every n-th flow; 0: on each"},
	{.name = "for", .type = CONF_DURATION, .bare = 1000, .def = "0ms",
	    .offset = CONDITION(for_us),
	    .help = "Ends by itself after so long; 0: stays"},
	{.name = "on", .type = CONF_DURATION, .bare = 1000, .def = "0ms",
	    .offset = CONDITION(on_us),
	    .help = "Flapping: in force for so long, then off; needs off"},
	{.name = "off", .type = CONF_DURATION, .bare = 1000, .def = "0ms",
	    .offset = CONDITION(off_us),
	    .help = "Flapping: out of force for so long, then on; needs on"},
	{.name = "max_active", .type = CONF_INT, .def = "0",
	    .offset = CONDITION(max_active),
	    .help = "Flows that it acts on at a time; 0: no limit"},
	{.name = "flows", .type = CONF_ENUM, .choices = flows, .def = "all",
	    .offset = CONDITION(flows),
	    .help = "Flows by age: those that began before or after it came "
		    "into force"},
	CONF_FIELD_END,
};

const struct conf_field conf_when_fields[] = {
	{.name = "client", .type = CONF_STRINGS,
	    .offset = offsetof(struct conf_when, client_text),
	    .help = "Addresses, ranges (10.1.0.0/16) or services of clients; "
		    "any of them"},
	{.name = "sni", .type = CONF_STRING,
	    .offset = offsetof(struct conf_when, sni.text),
	    .help = "Pattern of the server name in a TLS hello; fits nothing "
		    "in this version, which reads no TLS"},
	{.name = "host", .type = CONF_STRING,
	    .offset = offsetof(struct conf_when, host.text),
	    .help = "Pattern of the request's host, without port (http)"},
	{.name = "method", .type = CONF_STRING,
	    .offset = offsetof(struct conf_when, method.text),
	    .help = "Pattern of the request's method (http)"},
	{.name = "path", .type = CONF_STRING,
	    .offset = offsetof(struct conf_when, path.text),
	    .help = "Pattern of the request's path (http)"},
	{.name = "query", .type = CONF_STRING,
	    .offset = offsetof(struct conf_when, query.text),
	    .help = "Pattern of what follows ? in the request's target (http)"},
	{.name = "header", .type = CONF_STRINGS,
	    .offset = offsetof(struct conf_when, header_text),
	    .help = "\"Name\" (present) or \"Name: pattern\" of request "
		    "headers; all of them (http)"},
	{.name = "status", .type = CONF_STRING, .flags = CONF_NUMERAL,
	    .offset = offsetof(struct conf_when, status_text),
	    .help = "Status of the response: 503, 5xx or 500-599 (http)"},
	CONF_FIELD_END,
};

const struct conf_field conf_partition_fields[] = {
	{.name = "name", .type = CONF_STRING, .flags = CONF_REQUIRED,
	    .offset = offsetof(struct conf_partition, name),
	    .help = "What the API and logs call it"},
	{.name = "groups", .type = CONF_GROUP,
	    .type_text = "list of lists of services",
	    .help = "Who stays together, such as ( [\"api\"], [\"db\"] ); "
		    "services in no group form one more"},
	{.name = "shape", .type = CONF_ENUM, .choices = shapes,
	    .def = "groups", .offset = offsetof(struct conf_partition, shape),
	    .help = "A cut that is worked out instead of groups"},
	{.name = "members", .type = CONF_STRINGS,
	    .offset = offsetof(struct conf_partition, members),
	    .help = "The services that a shape is about; default: all"},
	{.name = "isolate", .type = CONF_STRING,
	    .offset = offsetof(struct conf_partition, isolate),
	    .help = "The service that the shape isolate cuts off; default: "
		    "drawn by the seed"},
	{.name = "mode", .type = CONF_ENUM, .choices = modes, .def = "drop",
	    .offset = offsetof(struct conf_partition, mode),
	    .help = "drop: silence; reject: refused and reset; jam: held, "
		    "then released in order when healed"},
	{.name = "direction", .type = CONF_STRING,
	    .offset = offsetof(struct conf_partition, direction),
	    .help = "One way by packets: \"a->b\" cuts what goes from a's "
		    "side to b's; default: both ways"},
	{.name = "dial", .type = CONF_STRING,
	    .offset = offsetof(struct conf_partition, dial),
	    .help = "One way by who dials: \"a->b\" cuts connections that "
		    "a's side opens to b's"},
	{.name = "existing", .type = CONF_ENUM, .choices = existings,
	    .def = "auto",
	    .offset = offsetof(struct conf_partition, existing),
	    .help = "What happens to open sessions; auto: drop and jam "
		    "freeze, reject resets"},
	{.name = "enabled", .type = CONF_BOOL, .def = "true",
	    .offset = offsetof(struct conf_partition, enabled),
	    .help = "A partition that is not enabled cuts nothing"},
	{.name = "for", .type = CONF_DURATION, .bare = 1000, .def = "0ms",
	    .offset = offsetof(struct conf_partition, for_us),
	    .help = "Heals by itself after so long; 0: stays"},
	{.name = "on", .type = CONF_DURATION, .bare = 1000, .def = "0ms",
	    .offset = offsetof(struct conf_partition, on_us),
	    .help = "Flapping: cut for so long, then healed; needs off"},
	{.name = "off", .type = CONF_DURATION, .bare = 1000, .def = "0ms",
	    .offset = offsetof(struct conf_partition, off_us),
	    .help = "Flapping: healed for so long, then cut; needs on"},
	CONF_FIELD_END,
};

const struct conf_group conf_groups[] = {
	{"", "The file itself; every part of it is optional",
	    conf_file_fields},
	{"control", "The control API; validated, but not served by this "
		    "version", conf_control_fields},
	{"log", "What is logged, and how", conf_log_fields},
	{"service", "A named party, an element of services",
	    conf_service_fields},
	{"route", "A listener, what it leads to, and its faults; an element "
		  "of routes", conf_route_fields},
	{"match", "What tells routes on one listener apart",
	    conf_match_fields},
	{"fault", "What every fault takes beside the parameters of its kind; "
		  "an element of faults", conf_fault_fields},
	{"when", "Which flows a fault is about", conf_when_fields},
	{"partition", "A named cut between groups of services; an element of "
		      "partitions", conf_partition_fields},
	{.name = NULL},
};
