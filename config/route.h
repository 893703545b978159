/* SPDX-License-Identifier: Apache-2.0 */
/* A route of a configuration: a listener, what it matches, the upstream it
 * leads to, and its faults. */
#ifndef CONFIG_ROUTE_H
#define CONFIG_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/address.h"
#include "config/diag.h"
#include "config/fault.h"

enum conf_protocol {
	PROTOCOL_TCP,
	PROTOCOL_HTTP,
	PROTOCOL_UDP,
	PROTOCOL_DNS, /* over UDP */
	PROTOCOL_REDIS,
	PROTOCOL_POSTGRES,
	PROTOCOL_MYSQL, /* and MariaDB */
	PROTOCOL_COUNT,
};
/* True if routes of that protocol listen for datagrams. */
static inline bool
conf_protocol_is_datagram(int protocol)
{
	return protocol == PROTOCOL_UDP || protocol == PROTOCOL_DNS;
}
/* True if a connection of that protocol carries commands and their answers. */
static inline bool
conf_protocol_has_commands(int protocol)
{
	return protocol == PROTOCOL_REDIS || protocol == PROTOCOL_POSTGRES ||
	    protocol == PROTOCOL_MYSQL;
}
/* True if a connection of that protocol carries exchanges, each a flow of its
 * own: a request or a command, and its answer. */
static inline bool
conf_protocol_has_exchanges(int protocol)
{
	return protocol == PROTOCOL_HTTP ||
	    conf_protocol_has_commands(protocol);
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
	bool fault_header; /* responses name the faults that acted */
	struct conf_strings envoy_text; /* as the tables hold it */
	struct conf_envoy_cap envoy[ENVOY_COUNT];
	bool precise;  /* wake early and spin for exact delays */
	bool from_api; /* made by the control API: outlives reloads */
	struct conf_leased leased;
	struct conf_fault *faults;
	size_t faults_count;
	struct conf_where where;
};

/* May connections to its upstream serve other clients of it, too? Not where the
 * upstream was told who the client is. */
static inline bool
conf_route_shares_upstreams(const struct conf_route *r)
{
	return r->send_proxy == PROXY_HEADER_OFF && !r->keep_source;
}

#endif
