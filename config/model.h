/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration after it was read and found good: immutable and counted.
 * Every thread may read it; the last reference frees it. */
#ifndef CONFIG_MODEL_H
#define CONFIG_MODEL_H

#include <netinet/in.h>
#include <regex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diag.h"
#include "config/experiment.h"
#include "config/kind.h"

/* host:port, [v6]:port, :port, unix:/path */
struct conf_address {
	char *text; /* owned, as written */
	bool is_unix;
	bool is_destination; /* an upstream: wherever the client wants to go */
	char *host;    /* owned; NULL: every address (listen) */
	uint16_t port; /* 0: any free one (listen) */
	char *path;    /* owned; unix socket */
};

/* An address range. IPv4 is kept mapped (::ffff:a.b.c.d). */
struct conf_cidr {
	struct in6_addr net;
	unsigned bits; /* 0 … 128 */
};

/* One text condition: a glob ("*", "?"), or "~regex" (POSIX extended). */
struct conf_pattern {
	char *text; /* owned; NULL: no condition */
	bool negated; /* written with a leading "!" */
	bool is_regex, nocase;
	regex_t regex;
};

struct conf_header_match {
	char *name;
	struct conf_pattern value; /* text NULL: present at all */
};

/* Which flows a fault is about. All given conditions must hold. */
struct conf_when {
	/* As the table reads them; the rest is compiled from them. */
	struct conf_strings client_text; /* addresses, ranges, services */
	struct conf_strings header_text; /* "Name", "Name: pattern" */
	char *status_text;		 /* "503", "5xx", "500-599" */
	struct conf_cidr *clients; /* owned; any of them */
	size_t clients_count;
	bool has_clients; /* false: no condition on the client */
	struct conf_pattern sni, alpn, host, method, path, query, command;
	struct conf_pattern dns_name, dns_type;
	struct conf_header_match *headers; /* owned; all of them */
	size_t headers_count;
	int status_min, status_max; /* 0: no condition on the status */
};

enum conf_stream { STREAM_UPSTREAM, STREAM_DOWNSTREAM, STREAM_BOTH };

/* At which moment of its flow a fault acts. */
enum conf_at {
	AT_DATA, /* as bytes come */
	AT_OPEN, /* once the flow is there; kinds with KIND_AT_OPEN */
	AT_BEFORE, /* on the request, before the server has all of it */
	AT_AFTER, /* on the whole answer, before the client has any of it */
};

/* Which flows by age, seen from the moment the fault was armed. */
enum conf_flows { FLOWS_ALL, FLOWS_NEW, FLOWS_EXISTING };

/* Conditions that every fault takes; see faults/condition.h. */
struct conf_conditions {
	double probability;
	int64_t first, skip, every; /* 0: no condition */
	int64_t for_us;		    /* 0: until removed */
	int64_t on_us, off_us;	    /* both > 0: flapping */
	int64_t max_active;	    /* 0: no limit */
	int flows;		    /* enum conf_flows */
	struct conf_when when;
	bool has_when;
};

/* The leases that a thing of the control API depends on; 0: none. */
struct conf_leased {
	uint64_t made;	  /* it goes when that one ends */
	uint64_t enabled; /* it stops when that one ends */
};

/* Where on a route a fault stands. */
enum conf_layer {
	LAYER_STREAM, /* above TLS, if there is any */
	LAYER_WIRE,   /* below TLS with the client */
	LAYER_UPSTREAM_WIRE,
};

struct conf_fault {
	char *name;		      /* owned, unique on its route */
	char *type_shown; /* owned; as the API was given it; or NULL */
	const struct conf_kind *kind; /* borrowed, lives for the process */
	int stream;		      /* enum conf_stream */
	int layer; /* enum conf_layer, as written; see conf_fault_layer() */
	int at;	   /* enum conf_at */
	bool enabled;
	struct conf_conditions conditions;
	void *params; /* owned, laid out by kind->fields */
	char *stream_shown; /* owned; as the API was given it; or NULL */
	bool from_api; /* made by the control API: outlives reloads */
	uint64_t arming; /* another number starts its clock (for) anew */
	int profile; /* enum conf_profile_id; that it came with, or none */
	struct conf_leased leased;
	struct conf_where where;
};

enum conf_protocol {
	PROTOCOL_TCP,
	PROTOCOL_HTTP,
	PROTOCOL_UDP,
	PROTOCOL_DNS, /* over UDP */
	PROTOCOL_REDIS,
	PROTOCOL_POSTGRES,
	PROTOCOL_COUNT,
};
/* True if routes of that protocol listen for datagrams. */
static inline bool
conf_protocol_is_datagram(int protocol)
{
	return protocol == PROTOCOL_UDP || protocol == PROTOCOL_DNS;
}
/* True if a connection of that protocol carries exchanges, each a flow of its
 * own: a request or a command, and its answer. */
static inline bool
conf_protocol_has_exchanges(int protocol)
{
	return protocol == PROTOCOL_HTTP || protocol == PROTOCOL_REDIS ||
	    protocol == PROTOCOL_POSTGRES;
}
enum conf_tls_version { TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 };
enum conf_client_auth {
	CLIENT_AUTH_OFF,
	CLIENT_AUTH_REQUEST,
	CLIENT_AUTH_REQUIRE,
};

/* TLS with clients. */
struct conf_tls {
	bool enabled, intercept, resume;
	struct conf_strings certificates, keys, alpn;
	char *ca_dir, *client_ca;
	int client_auth;	      /* enum conf_client_auth */
	int min_version, max_version; /* enum conf_tls_version */
};

/* TLS with the upstream. */
struct conf_upstream_tls {
	bool enabled, verify, resume;
	char *ca_file, *server_name, *certificate, *key;
	struct conf_strings alpn;
	int min_version, max_version; /* enum conf_tls_version */
};

/* What an upstream of an HTTP route is spoken to in. */
enum conf_upstream_protocol {
	UPSTREAM_AUTO, /* as the client speaks */
	UPSTREAM_HTTP1,
	UPSTREAM_HTTP2,
};
/* Faults that requests may ask for by Envoy's headers (faults/envoy.h), in the
 * order in which they act. */
enum conf_envoy {
	ENVOY_DELAY,
	ENVOY_ABORT,
	ENVOY_RATE_LIMIT,
	ENVOY_COUNT,
};
/* The largest share of such requests: numerator of denominator (100, 10000 or
 * 1000000). denominator 0: they may not ask. */
struct conf_envoy_cap {
	int64_t numerator, denominator;
};

/* Which replies of our own say so, by Proxy-Status (RFC 9209). */
enum conf_proxy_status {
	PROXY_STATUS_OFF,
	PROXY_STATUS_ERRORS, /* what went wrong, not what faults answer */
	PROXY_STATUS_ALL,
};

/* What a route is to an experiment. */
enum conf_role {
	ROLE_AUTO, /* an edge if others name it in caused_by */
	ROLE_EDGE, /* callers come in there */
	ROLE_DEPENDENCY,
};
/* How a connection says where its client wants to go. */
enum conf_accept {
	ACCEPT_PLAIN, /* it does not */
	ACCEPT_REDIRECT, /* the kernel's NAT knows: SO_ORIGINAL_DST */
	ACCEPT_TPROXY, /* it is the local address: IP_TRANSPARENT */
	ACCEPT_CONNECT, /* a CONNECT request of HTTP */
	ACCEPT_SOCKS5,
};
/* True if clients know nothing of a proxy. */
static inline bool
conf_accept_is_transparent(int accept)
{
	return accept == ACCEPT_REDIRECT || accept == ACCEPT_TPROXY;
}
/* True if clients ask for their destination, and wait for an answer. */
static inline bool
conf_accept_is_asked(int accept)
{
	return accept == ACCEPT_CONNECT || accept == ACCEPT_SOCKS5;
}

enum conf_proxy_header { PROXY_HEADER_OFF, PROXY_HEADER_V1, PROXY_HEADER_V2 };

struct conf_route {
	char *name;
	char *listen_text, *upstream_text; /* as the tables hold them */
	char *upstream_shown; /* owned; the API was given this text, which is no
				 address: upstream leads nowhere; or NULL */
	struct conf_address listen, upstream;
	int protocol; /* enum conf_protocol */
	int profile;  /* enum conf_profile_id */
	char *from, *to;
	char *caused_by; /* the route whose calls cause its calls; NULL */
	char *owner;	 /* who answers for it, in reports; NULL: unsaid */
	int role;	 /* enum conf_role */
	bool enabled;
	struct conf_pattern match_host, match_path, match_sni;
	struct conf_strings destination_text; /* as the tables hold it */
	struct conf_destination *destinations; /* owned; config/destination.h */
	size_t destinations_count; /* 0: any */
	struct conf_tls tls;
	struct conf_upstream_tls upstream_tls;
	bool accept_proxy; /* a PROXY header is required */
	int accept; /* enum conf_accept */
	bool keep_source; /* the upstream sees the client's address */
	int send_proxy;	  /* enum conf_proxy_header */
	int64_t connect_timeout_us, idle_timeout_us, header_timeout_us;
	int64_t buffer_bytes;	 /* held per direction of a flow */
	int64_t max_connections; /* 0: no limit */
	int64_t max_header_bytes;
	int upstream_protocol; /* enum conf_upstream_protocol */
	int64_t max_concurrent_streams; /* of an HTTP/2 connection */
	int proxy_status; /* enum conf_proxy_status */
	struct conf_strings envoy_text; /* as the tables hold it */
	struct conf_envoy_cap envoy[ENVOY_COUNT];
	bool precise;  /* wake early and spin for exact delays */
	bool from_api; /* made by the control API: outlives reloads */
	struct conf_leased leased;
	struct conf_fault *faults;
	size_t faults_count;
	struct conf_where where;
};

struct conf_service {
	char *name;
	struct conf_strings addresses_text;
	struct conf_cidr *cidrs; /* owned; literals and CIDRs */
	size_t cidrs_count;
	char **hosts; /* owned; names to be resolved */
	size_t hosts_count;
	struct conf_where where;
};

enum conf_partition_mode { PARTITION_DROP, PARTITION_REJECT, PARTITION_JAM };
enum conf_partition_existing {
	EXISTING_AUTO, /* drop and jam: freeze; reject: reset */
	EXISTING_FREEZE,
	EXISTING_RESET,
	EXISTING_KEEP,
};
enum conf_partition_shape {
	SHAPE_GROUPS,
	SHAPE_HALVES,
	SHAPE_ISOLATE,
	SHAPE_RING,
	SHAPE_BRIDGE,
};

struct conf_partition {
	char *name;
	struct conf_strings *groups; /* owned; names of services */
	size_t groups_count;
	struct conf_strings members; /* for a shape; empty: all services */
	int shape;		     /* enum conf_partition_shape */
	char *isolate; /* for the shape isolate; NULL: drawn by the seed */
	int mode;      /* enum conf_partition_mode */
	char *direction; /* owned; NULL, "both"; "a->b": packets a to b */
	char *dial;	 /* owned; NULL; "a->b": connections a opens to b */
	int existing;	 /* enum conf_partition_existing */
	bool enabled;
	int64_t for_us, on_us, off_us;
	bool from_api; /* made by the control API: outlives reloads */
	uint64_t arming; /* another number starts its clock (for) anew */
	struct conf_leased leased;
	struct conf_where where;
};

struct conf_control {
	char *listen; /* owned; NULL: no control API */
	char *token_file;
	bool insecure; /* no token although others can reach the address */
	struct conf_where where;
};

/* In the order of base/log.h's. */
enum conf_log_level {
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR,
};
enum conf_log_format {
	LOG_FORMAT_AUTO,
	LOG_FORMAT_JSON,
	LOG_FORMAT_LOGFMT,
	LOG_FORMAT_TEXT,
};

struct conf_log {
	int level;  /* enum conf_log_level */
	int format; /* enum conf_log_format */
	bool access; /* a line for every request and session */
};

/* What is made of events while the proxy runs. */
struct conf_observe {
	bool reactions; /* how clients react to faults is watched */
	int64_t calls;	/* that are kept for it */
};

/* Where OTEL_* of the environment may say what the file does not, the first
 * choice is "auto". */
enum conf_trace_protocol {
	TRACE_PROTOCOL_AUTO,
	TRACE_PROTOCOL_PROTOBUF,
	TRACE_PROTOCOL_JSON,
};
enum conf_trace_sampler {
	TRACE_SAMPLER_AUTO,
	TRACE_PARENT_RATIO,
	TRACE_RATIO,
	TRACE_PARENT_ON,
	TRACE_PARENT_OFF,
	TRACE_ON,
	TRACE_OFF,
};
enum conf_trace_headers {
	TRACE_HEADERS_W3C, /* requests carry our spans on */
	TRACE_HEADERS_PASSTHROUGH,
};
enum conf_trace_faulted { TRACE_FAULTED_ALWAYS, TRACE_FAULTED_SAMPLED };

/* Spans for an OpenTelemetry collector. */
struct conf_trace {
	char *endpoint; /* base URL; NULL: the environment's, or none */
	char *url;	/* the whole one; NULL: made of endpoint */
	int protocol;	/* enum conf_trace_protocol */
	int headers;	/* enum conf_trace_headers */
	int sampler;	/* enum conf_trace_sampler */
	int faulted;	/* enum conf_trace_faulted */
	double ratio;
	int64_t timeout_us; /* 0: the environment's, or 10 s */
	char *token_file, *ca_file, *service_name;
	struct conf_strings attributes; /* "key=value" */
	struct conf_where where;
};

/* Windows of faults as annotations in Grafana. */
struct conf_grafana {
	char *url; /* NULL: none */
	char *token_file, *ca_file;
	struct conf_strings tags; /* beside our own */
	struct conf_where where;
};

struct conf_model {
	atomic_uint refs;
	bool has_seed;
	uint64_t seed;
	int64_t workers; /* 0: one per available CPU */
	int64_t version; /* of the configuration language: 1 */
	int64_t drain_timeout_us;
	struct conf_control control;
	struct conf_log log;
	struct conf_observe observe;
	struct conf_trace trace;
	struct conf_grafana grafana;
	struct conf_service *services;
	size_t services_count;
	struct conf_route *routes;
	size_t routes_count;
	struct conf_partition *partitions;
	size_t partitions_count;
	/* Owned; NULL: the file holds none. It is read by `faultwire
	 * experiment` only: copies of a model have none. */
	struct conf_experiment *experiment;
	char **files; /* owned; the file and everything it includes */
	size_t files_count;
};

struct conf_model *conf_model_ref(struct conf_model *model);
/* Drops one reference; NULL is accepted. */
void conf_model_unref(struct conf_model *model);

/* True if both faults are the same in kind, stream, conditions, params. */
bool conf_fault_equal(const struct conf_fault *a, const struct conf_fault *b);
/* Where the fault stands on its route: kinds that are about TLS records go to
 * the wire by themselves. */
enum conf_layer conf_fault_layer(const struct conf_fault *f,
    const struct conf_route *route) PURE;
/* "upstream", "downstream", "both"; or "before", "after", which say that. */
const char *conf_fault_direction(const struct conf_fault *f);
/* True if any condition depends on the single flow (probability, when, first,
 * skip, every, max_active, flows). */
bool conf_conditions_per_flow(const struct conf_conditions *c);
/* True if `text` (not ended by NUL) meets the pattern; an absent pattern
 * matches everything. */
bool conf_pattern_match(const struct conf_pattern *p, struct view text);
/* True if the address lies in the range. IPv4 addresses come mapped. */
bool conf_cidr_contains(const struct conf_cidr *c, const struct in6_addr *a);

/* Parses an address (see struct conf_address); `listen` allows an absent
 * host. Fills `*to` (owned) or err. */
bool conf_address_parse(const char *text, bool listen,
    struct conf_address *to, struct error *err) WARN_UNUSED;
/* May connections to its upstream serve other clients of it, too? Not where the
 * upstream was told who the client is. */
static inline bool
conf_route_shares_upstreams(const struct conf_route *r)
{
	return r->send_proxy == PROXY_HEADER_OFF && !r->keep_source;
}

#define CONF_DESTINATION_WORD "destination"
/* Likewise for an upstream, which may be that word. */
bool conf_upstream_parse(const char *text, struct conf_address *to,
    struct error *err) WARN_UNUSED;
void conf_address_fini(struct conf_address *a);
/* True if only this machine can reach it: loopback or a unix socket. */
bool conf_address_is_local(const struct conf_address *a) PURE;

#endif
