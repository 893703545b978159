/* SPDX-License-Identifier: Apache-2.0 */
/* A fault of a configuration: a kind's parameters, and the conditions that
 * every fault takes. */
#ifndef CONFIG_FAULT_H
#define CONFIG_FAULT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/address.h"
#include "config/kind.h"

struct conf_route;

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

/* True if both faults do the same: in kind, place, conditions and parameters.
 * What they are called, and whether they are enabled, is not compared. */
bool conf_fault_equal(const struct conf_fault *a, const struct conf_fault *b);
/* Where the fault stands on its route: kinds that are about TLS records go to
 * the wire by themselves. */
enum conf_layer conf_fault_layer(const struct conf_fault *f,
    const struct conf_route *route) PURE;
/* "upstream", "downstream", "both"; or "before", "after", which say that. */
const char *conf_fault_direction(const struct conf_fault *f);
/* True if the partition of that name made the fault of this one: those are
 * called "partition:NAME", "partition:NAME/2", … */
bool conf_partition_made(const char *fault, const char *partition) PURE;
/* True if any condition depends on the single flow (probability, when, first,
 * skip, every, max_active, flows). */
bool conf_conditions_per_flow(const struct conf_conditions *c);
/* True if `text` (not ended by NUL) meets the pattern; an absent pattern
 * matches everything. */
bool conf_pattern_match(const struct conf_pattern *p, struct view text);

#endif
