/* SPDX-License-Identifier: Apache-2.0 */
/* Every word of a configuration file, its type, bounds, default and meaning;
 * those of routes and faults are in tables_route.c and tables_tls.c, the
 * parameters of fault kinds beside the kinds. */
#include "config/tables.h"

#include "config/load.h"
#include "config/model.h"

#define SECOND 1e6
#define DAY    86400e6

static const char *const log_levels[] = {"debug", "info", "warn", "error",
					 NULL};
static const char *const log_formats[] = {"auto", "json", "logfmt", "text",
					  NULL};
static const char *const modes[] = {"drop", "reject", "jam", NULL};
static const char *const existings[] = {"auto", "freeze", "reset", "keep",
					NULL};
static const char *const shapes[] = {"groups", "halves", "isolate",
				     "ring",   "bridge", NULL};

const struct conf_field conf_file_fields[] = {
    {.name = "seed",
     .type = CONF_INT,
     .offset = offsetof(struct conf_model, seed),
     .help = "Every random decision derives from it; without one a "
	     "seed is chosen at start and logged"},
    {.name = "workers",
     .type = CONF_INT,
     .max = 256,
     .offset = offsetof(struct conf_model, workers),
     .def = "0",
     .help = "Threads that carry traffic; 0: one per processor that "
	     "the process may use"},
    {.name = "drain_timeout",
     .type = CONF_DURATION,
     .bare = 1000,
     .max = DAY,
     .def = "30s",
     .offset = offsetof(struct conf_model, drain_timeout_us),
     .help = "How long sessions may go on when the proxy was "
	     "told to stop"},
    {.name = "control", .type = CONF_GROUP, .help = "The control API"},
    {.name = "log", .type = CONF_GROUP, .help = "What is logged, and how"},
    {.name = "observe",
     .type = CONF_GROUP,
     .help = "Whether reactions to faults are watched"},
    {.name = "services",
     .type = CONF_GROUP,
     .type_text = "list of groups",
     .help = "The named parties"},
    {.name = "routes",
     .type = CONF_GROUP,
     .type_text = "list of groups",
     .help = "What is listened on, where it leads, and its faults"},
    {.name = "partitions",
     .type = CONF_GROUP,
     .type_text = "list of groups",
     .help = "Named cuts between groups of services"},
    CONF_FIELD_END,
};

const struct conf_field conf_control_fields[] = {
    {.name = "listen",
     .type = CONF_ADDRESS,
     .def = "127.0.0.1:8474",
     .flags = CONF_LISTEN | CONF_OFF,
     .offset = offsetof(struct conf_control, listen),
     .help = "Where the API listens: host:port, unix:/path, or off"},
    {.name = "token_file",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_control, token_file),
     .help = "File with the token that callers must send; needed when "
	     "others can reach the address"},
    {.name = "insecure",
     .type = CONF_BOOL,
     .def = "false",
     .offset = offsetof(struct conf_control, insecure),
     .help = "Serve without a token although others can reach the "
	     "address"},
    CONF_FIELD_END,
};

const struct conf_field conf_log_fields[] = {
    {.name = "level",
     .type = CONF_ENUM,
     .choices = log_levels,
     .def = "info",
     .offset = offsetof(struct conf_log, level),
     .help = "The least important lines to be written"},
    {.name = "format",
     .type = CONF_ENUM,
     .choices = log_formats,
     .def = "auto",
     .offset = offsetof(struct conf_log, format),
     .help = "How lines look; auto: text on a terminal, else json"},
    {.name = "access",
     .type = CONF_BOOL,
     .def = "false",
     .offset = offsetof(struct conf_log, access),
     .help = "Write a line for every HTTP request and TCP session that "
	     "ends"},
    CONF_FIELD_END,
};

const struct conf_field conf_observe_fields[] = {
    {.name = "reactions",
     .type = CONF_BOOL,
     .def = "false",
     .offset = offsetof(struct conf_observe, reactions),
     .help = "Watch how clients react to faults: retries, time-outs, "
	     "circuit breakers, recovery"},
    {.name = "calls",
     .type = CONF_INT,
     .min = 1000,
     .max = 5000000,
     .def = "50000",
     .offset = offsetof(struct conf_observe, calls),
     .help = "How many of the latest calls are kept for it, of all "
	     "routes together; 200 bytes each"},
    CONF_FIELD_END,
};

const struct conf_field conf_service_fields[] = {
    {.name = "name",
     .type = CONF_STRING,
     .flags = CONF_REQUIRED,
     .offset = offsetof(struct conf_service, name),
     .help = "What routes, partitions and conditions call it"},
    {.name = "addresses",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_service, addresses_text),
     .help = "Addresses, ranges (10.1.0.0/16) and host names by which "
	     "its connections are recognised"},
    CONF_FIELD_END,
};

const struct conf_field conf_partition_fields[] = {
    {.name = "name",
     .type = CONF_STRING,
     .flags = CONF_REQUIRED,
     .offset = offsetof(struct conf_partition, name),
     .help = "What the API and logs call it"},
    {.name = "groups",
     .type = CONF_GROUP,
     .flags = CONF_LISTS,
     .type_text = "list of lists of services",
     .help = "Who stays together, such as ( [\"api\"], [\"db\"] ); "
	     "services in no group form one more"},
    {.name = "shape",
     .type = CONF_ENUM,
     .choices = shapes,
     .def = "groups",
     .offset = offsetof(struct conf_partition, shape),
     .help = "A cut that is worked out instead of groups"},
    {.name = "members",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_partition, members),
     .help = "The services that a shape is about; default: all"},
    {.name = "isolate",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_partition, isolate),
     .help = "The service that the shape isolate cuts off; default: "
	     "drawn by the seed"},
    {.name = "mode",
     .type = CONF_ENUM,
     .choices = modes,
     .def = "drop",
     .offset = offsetof(struct conf_partition, mode),
     .help = "drop: silence; reject: refused and reset; jam: held, "
	     "then released in order when healed"},
    {.name = "direction",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_partition, direction),
     .help = "One way by packets: \"a->b\" cuts what goes from a's "
	     "side to b's; default: both ways"},
    {.name = "dial",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_partition, dial),
     .help = "One way by who dials: \"a->b\" cuts connections that "
	     "a's side opens to b's"},
    {.name = "existing",
     .type = CONF_ENUM,
     .choices = existings,
     .def = "auto",
     .offset = offsetof(struct conf_partition, existing),
     .help = "What happens to open sessions; auto: drop and jam "
	     "freeze, reject resets"},
    {.name = "enabled",
     .type = CONF_BOOL,
     .def = "true",
     .offset = offsetof(struct conf_partition, enabled),
     .help = "A partition that is not enabled cuts nothing"},
    {.name = "for",
     .type = CONF_DURATION,
     .bare = 1000,
     .def = "0ms",
     .offset = offsetof(struct conf_partition, for_us),
     .help = "Heals by itself after so long; 0: stays"},
    {.name = "on",
     .type = CONF_DURATION,
     .bare = 1000,
     .def = "0ms",
     .offset = offsetof(struct conf_partition, on_us),
     .help = "Flapping: cut for so long, then healed; needs off"},
    {.name = "off",
     .type = CONF_DURATION,
     .bare = 1000,
     .def = "0ms",
     .offset = offsetof(struct conf_partition, off_us),
     .help = "Flapping: healed for so long, then cut; needs on"},
    CONF_FIELD_END,
};

const struct conf_group conf_groups[] = {
    {"", "The file itself; every part of it is optional", conf_file_fields},
    {"control",
     "The control API: our own calls and Toxiproxy's, metrics and health",
     conf_control_fields},
    {"log", "What is logged, and how", conf_log_fields},
    {"observe", "Whether reactions to faults are watched", conf_observe_fields},
    {"service", "A named party, an element of services", conf_service_fields},
    {"route",
     "A listener, what it leads to, and its faults; an element "
     "of routes",
     conf_route_fields},
    {"match", "What tells routes on one listener apart", conf_match_fields},
    {"tls",
     "TLS with the clients of a route: certificates, or interception",
     conf_tls_fields},
    {"upstream_tls",
     "TLS with the upstream of a route",
     conf_upstream_tls_fields},
    {"fault",
     "What every fault takes beside the parameters of its kind; "
     "an element of faults",
     conf_fault_fields},
    {"when", "Which flows a fault is about", conf_when_fields},
    {"partition",
     "A named cut between groups of services; an element of "
     "partitions",
     conf_partition_fields},
    {.name = NULL},
};
