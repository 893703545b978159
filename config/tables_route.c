/* SPDX-License-Identifier: Apache-2.0 */
/* The words of routes and of the faults on them; the parameters of fault
 * kinds stand beside the kinds, all other groups in tables.c. */
#include "config/tables.h"

#include "config/model.h"
#include "config/profile.h"

#define MS   1000.0
#define HOUR 3600e6
#define KIB  1024.0
#define MIB  (1024.0 * 1024)

const char *const conf_protocols[] = {"tcp", "http", "udp", "dns", "redis",
    "postgres", "mysql", NULL};
static const char *const upstream_protocols[] = {"auto", "http1", "http2",
    NULL};
static const char *const proxy_statuses[] = {"off", "errors", "all", NULL};
const char *const conf_accepts[] = {"plain",   "redirect", "tproxy",
				    "connect", "socks5",   NULL};
static const char *const proxy_headers[] = {"off", "v1", "v2", NULL};
static const char *const roles[] = {"auto", "edge", "dependency", NULL};
static const char *const streams[] = {"upstream", "downstream", "both", NULL};
static const char *const layers[] = {"stream", "wire", "upstream_wire", NULL};
static const char *const moments[] = {"data", "open", "before", "after", NULL};
static const char *const flows[] = {"all", "new", "existing", NULL};

const struct conf_field conf_route_fields[] = {
    {.name = "name",
     .type = CONF_STRING,
     .flags = CONF_REQUIRED,
     .offset = offsetof(struct conf_route, name),
     .help = "What the API, logs and metrics call it"},
    {.name = "listen",
     .type = CONF_ADDRESS,
     .flags = CONF_REQUIRED | CONF_LISTEN,
     .offset = offsetof(struct conf_route, listen_text),
     .help = "Where clients connect: host:port, :port or unix:/path; "
	     "port 0: any free one"},
    {.name = "upstream",
     .type = CONF_ADDRESS,
     .flags = CONF_REQUIRED | CONF_DESTINATION,
     .offset = offsetof(struct conf_route, upstream_text),
     .help = "The server behind it: host:port, unix:/path, or destination: "
	     "wherever the client wants to go (see accept)"},
    {.name = "protocol",
     .type = CONF_ENUM,
     .choices = conf_protocols,
     .def = "tcp",
     .offset = offsetof(struct conf_route, protocol),
     .help = "tcp: a flow is a connection; http: a flow is one request "
	     "and its response; udp: a flow is what one client's address "
	     "exchanges with the server; dns: a flow is one query and its "
	     "answer, over UDP; redis, postgres, mysql: a flow is one command "
	     "and its answer"},
    {.name = "profile",
     .type = CONF_ENUM,
     .choices = conf_profile_names,
     .def = "none",
     .flags = CONF_STANDS_FOR,
     .offset = offsetof(struct conf_route, profile),
     .help = "A known network: adds the faults that make the route like it; "
	     "see `faultwire profiles`"},
    {.name = "from",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_route, from),
     .help = "The service that connects here; without it, clients are told "
	     "by their addresses"},
    {.name = "to",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_route, to),
     .help = "The service that the upstream is"},
    {.name = "caused_by",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_route, caused_by),
     .help = "The route whose calls cause the calls here; without it from and "
	     "to of the routes tell it (experiments)"},
    {.name = "role",
     .type = CONF_ENUM,
     .choices = roles,
     .def = "auto",
     .offset = offsetof(struct conf_route, role),
     .help = "edge: callers come in here; dependency: services call here; "
	     "auto: as caused_by, from and to tell (experiments)"},
    {.name = "owner",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_route, owner),
     .help = "Who answers for the service that it leads to; reports address "
	     "their advice to them, about what that service does as about "
	     "how it calls others (experiments)"},
    {.name = "enabled",
     .type = CONF_BOOL,
     .def = "true",
     .offset = offsetof(struct conf_route, enabled),
     .help = "A route that is not enabled refuses connections"},
    {.name = "match",
     .type = CONF_GROUP,
     .help = "Which connections or requests it takes, when several "
	     "routes share a listener; the first that matches wins"},
    {.name = "tls",
     .type = CONF_GROUP,
     .help = "TLS with the clients; without it TLS passes as it is"},
    {.name = "upstream_tls",
     .type = CONF_GROUP,
     .help = "TLS with the upstream"},
    {.name = "accept_proxy",
     .type = CONF_BOOL,
     .def = "false",
     .offset = offsetof(struct conf_route, accept_proxy),
     .help = "Clients begin with a PROXY header, which names the real "
	     "client"},
    {.name = "accept",
     .type = CONF_ENUM,
     .choices = conf_accepts,
     .def = "plain",
     .offset = offsetof(struct conf_route, accept),
     .help = "How a connection says where its client wants to go: plain: it "
	     "does not; redirect, tproxy: rules of the kernel's firewall "
	     "brought it here (see `faultwire intercept`); connect: by "
	     "HTTP's CONNECT (and whole URLs, with http); socks5: by SOCKS "
	     "version 5"},
    {.name = "keep_source",
     .type = CONF_BOOL,
     .def = "false",
     .offset = offsetof(struct conf_route, keep_source),
     .help = "Dial the upstream from the client's own address; needs accept = "
	     "\"tproxy\" and CAP_NET_ADMIN"},
    {.name = "send_proxy",
     .type = CONF_ENUM,
     .choices = proxy_headers,
     .def = "off",
     .offset = offsetof(struct conf_route, send_proxy),
     .help = "Begin upstream connections with a PROXY header"},
    {.name = "connect_timeout",
     .type = CONF_DURATION,
     .bare = 1000,
     .min = MS,
     .max = HOUR,
     .def = "10s",
     .offset = offsetof(struct conf_route, connect_timeout_us),
     .help = "How long the upstream may take to accept, handshake "
	     "included; with udp and dns, how long its name may take to be "
	     "resolved"},
    {.name = "idle_timeout",
     .type = CONF_DURATION,
     .bare = 1000,
     .def = "0ms",
     .offset = offsetof(struct conf_route, idle_timeout_us),
     .help = "Ends a session without traffic; 0: never; with http the "
	     "default is 60s between requests, with udp 60s, with dns 10s "
	     "(there also for a query without an answer)"},
    {.name = "header_timeout",
     .type = CONF_DURATION,
     .bare = 1000,
     .min = MS,
     .max = HOUR,
     .def = "30s",
     .offset = offsetof(struct conf_route, header_timeout_us),
     .help = "How long a request's head (http), or what comes before the "
	     "first byte (PROXY header, TLS handshake), may take"},
    {.name = "buffer",
     .type = CONF_SIZE,
     .bare = 1,
     .min = 4 * KIB,
     .max = 1024 * MIB,
     .def = "4MiB",
     .offset = offsetof(struct conf_route, buffer_bytes),
     .help = "Bytes that faults may hold per direction of a flow "
	     "before the sender feels it; datagrams beyond it are lost, and "
	     "each counts at least 256"},
    {.name = "max_connections",
     .type = CONF_INT,
     .max = 1e6,
     .def = "0",
     .offset = offsetof(struct conf_route, max_connections),
     .help = "Sessions at a time; 0: no limit"},
    {.name = "max_header",
     .type = CONF_SIZE,
     .bare = 1,
     .min = KIB,
     .max = MIB,
     .def = "64KiB",
     .offset = offsetof(struct conf_route, max_header_bytes),
     .help = "The largest head of a message, its first line and all headers "
	     "together (http); a request beyond it is answered with 431, or "
	     "414 if its first line alone is"},
    {.name = "upstream_protocol",
     .type = CONF_ENUM,
     .choices = upstream_protocols,
     .def = "auto",
     .offset = offsetof(struct conf_route, upstream_protocol),
     .help = "What the upstream is spoken to in: auto: as the client speaks, "
	     "with upstream_tls as the upstream agrees to; http1: HTTP/2 is "
	     "translated; http2: clients of HTTP/1 are refused (http)"},
    {.name = "max_concurrent_streams",
     .type = CONF_INT,
     .min = 1,
     .max = 10000,
     .def = "100",
     .offset = offsetof(struct conf_route, max_concurrent_streams),
     .help = "Requests that a client may have under way on one HTTP/2 "
	     "connection; a change is announced on open ones (http)"},
    {.name = "envoy_faults",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_route, envoy_text),
     .help = "What requests may ask for by Envoy's x-envoy-fault- headers: "
	     "delay, abort, rate_limit, each with the largest share of "
	     "them, as in \"abort=50%\" or \"abort=5/10000\" (http)"},
    {.name = "proxy_status",
     .type = CONF_ENUM,
     .choices = proxy_statuses,
     .def = "errors",
     .offset = offsetof(struct conf_route, proxy_status),
     .help = "Which replies of the proxy's own say so by a Proxy-Status "
	     "header: errors that are real; all: what faults answer, too "
	     "(http)"},
    {.name = "fault_header",
     .type = CONF_BOOL,
     .def = "false",
     .offset = offsetof(struct conf_route, fault_header),
     .help = "Whether a response names the faults that acted on its exchange, "
	     "as in x-faultwire-fault: latency;id=slow, for applications to "
	     "log (http)"},
    {.name = "precise",
     .type = CONF_BOOL,
     .def = "false",
     .offset = offsetof(struct conf_route, precise),
     .help = "Wake early and spin, so that delays are exact to a few "
	     "microseconds, for processor time"},
    {.name = "faults",
     .type = CONF_GROUP,
     .type_text = "list of groups",
     .help = "Its faults, in the order in which bytes meet them"},
    CONF_FIELD_END,
};

const struct conf_field conf_match_fields[] = {
    {.name = "host",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_route, match_host.text),
     .help = "Pattern of the request's host, without port (http)"},
    {.name = "path",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_route, match_path.text),
     .help = "Pattern of the request's path (http)"},
    {.name = "sni",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_route, match_sni.text),
     .help = "Pattern of the server name in the client's TLS hello"},
    {.name = "destination",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_route, destination_text),
     .help = "Where the client wants to go, any of them: a pattern of names or "
	     "a range of addresses, with a port or a range of ports: "
	     "db:5432, *.example.com, 10.0.0.0/8:8000-8999, [::1]:443, *:80 "
	     "(needs accept)"},
    CONF_FIELD_END,
};

#define CONDITION(member) offsetof(struct conf_fault, conditions.member)

const struct conf_field conf_fault_fields[] = {
    {.name = "type",
     .type = CONF_GROUP,
     .type_text = "fault kind",
     .flags = CONF_REQUIRED,
     .help = "What it does; see the fault kinds"},
    {.name = "name",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_fault, name),
     .help = "Unique on its route; default: <type>_<stream>, or "
	     "<type>_<at>"},
    {.name = "stream",
     .type = CONF_ENUM,
     .choices = streams,
     .def = "downstream",
     .offset = offsetof(struct conf_fault, stream),
     .help = "upstream: from client to server; downstream: from server "
	     "to client"},
    {.name = "layer",
     .type = CONF_ENUM,
     .choices = layers,
     .def = "stream",
     .offset = offsetof(struct conf_fault, layer),
     .help = "wire: it acts below TLS, on the records exchanged with the "
	     "client; upstream_wire: with the upstream"},
    {.name = "at",
     .type = CONF_ENUM,
     .choices = moments,
     .def = "data",
     .offset = offsetof(struct conf_fault, at),
     .help = "When it acts: data: as bytes come; open: once the connection "
	     "is there (reset_peer); before: on a request, before the "
	     "server has it; after: on the whole answer, before the client "
	     "has any of it; both stand for a stream (http, redis, postgres, "
	     "mysql)"},
    {.name = "enabled",
     .type = CONF_BOOL,
     .def = "true",
     .offset = offsetof(struct conf_fault, enabled),
     .help = "A fault that is not enabled does nothing"},
    {.name = "probability",
     .type = CONF_FRACTION,
     .def = "1",
     .offset = CONDITION(probability),
     .help = "Share of flows that it acts on; drawn once per flow"},
    {.name = "when",
     .type = CONF_GROUP,
     .help = "Which flows it is about; all conditions must hold"},
    {.name = "first",
     .type = CONF_INT,
     .def = "0",
     .offset = CONDITION(first),
     .help = "Acts on so many flows only, then no more; 0: on all"},
    {.name = "skip",
     .type = CONF_INT,
     .def = "0",
     .offset = CONDITION(skip),
     .help = "Leaves out so many flows at first"},
    {.name = "every",
     .type = CONF_INT,
     .def = "0",
     .offset = CONDITION(every),
     .help = "Acts on every n-th flow; 0: on each"},
    {.name = "for",
     .type = CONF_DURATION,
     .bare = 1000,
     .def = "0ms",
     .offset = CONDITION(for_us),
     .help = "Ends by itself after so long; 0: stays"},
    {.name = "on",
     .type = CONF_DURATION,
     .bare = 1000,
     .def = "0ms",
     .offset = CONDITION(on_us),
     .help = "Flapping: in force for so long, then off; needs off"},
    {.name = "off",
     .type = CONF_DURATION,
     .bare = 1000,
     .def = "0ms",
     .offset = CONDITION(off_us),
     .help = "Flapping: out of force for so long, then on; needs on"},
    {.name = "max_active",
     .type = CONF_INT,
     .def = "0",
     .offset = CONDITION(max_active),
     .help = "Flows that it acts on at a time; 0: no limit"},
    {.name = "flows",
     .type = CONF_ENUM,
     .choices = flows,
     .def = "all",
     .offset = CONDITION(flows),
     .help = "Flows by age: those that began before or after it came "
	     "into force"},
    CONF_FIELD_END,
};

const struct conf_field conf_when_fields[] = {
    {.name = "client",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_when, client_text),
     .help = "Addresses, ranges (10.1.0.0/16) or services of clients; "
	     "any of them"},
    {.name = "sni",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, sni.text),
     .help = "Pattern of the server name in the client's TLS hello"},
    {.name = "alpn",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, alpn.text),
     .help = "Pattern of the protocol agreed on by TLS; where TLS passes "
	     "through, of the client's offers with commas between them"},
    {.name = "host",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, host.text),
     .help = "Pattern of the request's host, without port (http)"},
    {.name = "method",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, method.text),
     .help = "Pattern of the request's method (http)"},
    {.name = "path",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, path.text),
     .help = "Pattern of the request's path (http)"},
    {.name = "query",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, query.text),
     .help = "Pattern of what follows ? in the request's target (http)"},
    {.name = "header",
     .type = CONF_STRINGS,
     .offset = offsetof(struct conf_when, header_text),
     .help = "\"Name\" (present) or \"Name: pattern\" of request "
	     "headers; all of them (http)"},
    {.name = "status",
     .type = CONF_STRING,
     .flags = CONF_NUMERAL,
     .offset = offsetof(struct conf_when, status_text),
     .help = "Status of the response: 503, 5xx or 500-599 (http)"},
    {.name = "command",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, command.text),
     .help = "Pattern of the command's name: GET, SELECT, COMMIT, …; of "
	     "several in one request any (redis, postgres, mysql)"},
    {.name = "dns_name",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, dns_name.text),
     .help = "Pattern of the name that is asked for, without a final dot "
	     "(dns)"},
    {.name = "dns_type",
     .type = CONF_STRING,
     .offset = offsetof(struct conf_when, dns_type.text),
     .help = "Pattern of the type that is asked for: A, AAAA, MX, …; types "
	     "without a name are TYPE65280 and the like (dns)"},
    CONF_FIELD_END,
};
