/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration after it was read and found good: immutable and counted.
 * Every thread may read it; the last reference frees it. */
#ifndef CONFIG_MODEL_H
#define CONFIG_MODEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diag.h"
#include "config/experiment.h"
#include "config/route.h"

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

/* The log's lines for Loki. */
struct conf_loki {
	char *url;    /* NULL: none */
	char *tenant; /* NULL: none is named */
	char *token_file, *ca_file;
	char *service_name;	    /* NULL: "faultwire" */
	struct conf_strings labels; /* "name=value" */
	bool metadata;
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
	struct conf_loki loki;
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

/* One reference more, to be dropped by whoever asked for it. Any thread. */
struct conf_model *conf_model_ref(struct conf_model *model);
/* Drops one reference; NULL is accepted. */
void conf_model_unref(struct conf_model *model);

#endif
