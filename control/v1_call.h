/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the /v1 API share. */
#ifndef CONTROL_V1_CALL_H
#define CONTROL_V1_CALL_H

#include <jansson.h>

#include "base/json.h"
#include "control/lease.h"
#include "control/v1.h"
#include "control/v1_read.h"
#include "control/web_path.h"

#define V1_QUERY_MAX 8 /* parameters of one call */

struct v1_streams;

struct v1 {
	struct v1_parts parts;
	struct leases leases;
	struct event *lease_ev;
	struct v1_streams *streams; /* owned; clients of /v1/events */
	int64_t start_us;
	bool draining;
};

/* A change under way; all calls of one POST /v1/apply share it. */
struct v1_edit {
	struct conf_model *draft; /* owned */
	uint64_t lease;		  /* that the change depends on; 0: none */
	uint64_t arming;	  /* what starts a clock anew */
	char **closing;		  /* owned; routes whose sessions end with it */
	size_t closing_count;
};

struct v1_parameter {
	char *name, *value; /* owned */
};

enum v1_effect {
	V1_READ,
	V1_CHANGE, /* of a draft, which is put into force behind it */
	V1_ACTION, /* something else than the configuration */
};

struct v1_call;

struct v1_endpoint {
	const char *method, *path; /* "/v1/routes/{route}" */
	enum v1_effect effect;
	/* Reads, acts, or changes the draft. False: call->status and the
	 * findings say why not. */
	bool (*run)(struct v1_call *call);
	/* Writes the body of a change that is in force; NULL: none. */
	bool (*show)(struct v1_call *call);
	int status; /* of success */
	const char *summary;
	const char *body, *reply;	      /* names of schemas; NULL: none */
	const char *parameters[V1_QUERY_MAX]; /* of the query; NULL-ended */
	const char *type;		      /* of the reply; NULL: JSON */
};

/* One call under way. */
struct v1_call {
	struct v1 *v1;
	const struct v1_endpoint *endpoint;
	const char *names[WEB_PATH_NAMES]; /* borrowed from path, or made */
	struct web_path path;
	struct v1_parameter query[V1_QUERY_MAX];
	size_t query_count;
	json_t *body;		/* counted; NULL: none */
	const char *at;		/* place of the body: "" or "changes[2].body" */
	struct v1_edit *edit;	/* changes: borrowed; else NULL */
	struct conf_diag *diag; /* borrowed; findings */
	int status;
	bool dry_run;
	char *made;	/* owned; the name of what was created */
	struct str out; /* owned; the body of the reply */
	const struct web_request *request; /* NULL within an apply */
	struct web_reply *reply;	   /* likewise */
	struct v1_call *subs;		   /* owned; the calls of an apply */
	size_t subs_count;
};

/* --- endpoints (v1_table.c) --- */

/* All of them; NULL method ends. */
extern const struct v1_endpoint v1_endpoints[];
/* Finds the endpoint of call->path; sets call->endpoint and names. `allow`
 * (empty) gets the methods of the path, as the header Allow has them. True
 * without an endpoint: the method is OPTIONS. False: 404 or 405 was said. */
bool v1_find(struct v1_call *call, struct view method, struct str *allow);
/* Takes a target ("/v1/routes?at=0") apart into path and query; false: 400
 * was said. */
bool v1_target(struct v1_call *call, struct view path, struct view query);
/* Parameters that the endpoint does not have are refused; sets call->dry_run.
 * False: 400 was said. */
bool v1_check_query(struct v1_call *call);
void v1_call_fini(struct v1_call *call);

/* --- parameters of the query (v1_query.c) --- */

/* The value; NULL: not given. */
const char *v1_query(const struct v1_call *call, const char *name);
/* *to becomes what is given: true, if it is so without a value; left alone if
 * it is not given. False: it is neither true nor false, 400 was said. */
bool v1_query_bool(struct v1_call *call, const char *name, bool *to);
/* A number of at most `max`; left alone if it is not given. False: 400 was
 * said. */
bool v1_query_number(struct v1_call *call, const char *name, uint64_t max,
		     uint64_t *to);
/* A number in the path. False: 404 was said. */
bool v1_number(struct v1_call *call, const char *text, uint64_t *to);

/* --- replies (v1_reply.c) --- */

/* Notes an error about a member of the body, or a parameter (NULL: the call).
 * Always false. */
bool v1_fail(struct v1_call *call, int status, const char *field,
	     const char *format, ...) PRINTF_LIKE(4, 5);
/* 404 about something that has no such name; `hint` (NULL: none) says what was
 * expected. Always false. */
bool v1_unknown(struct v1_call *call, const char *what, const char *name,
		const char *hint);
/* The findings as {"error":…,"field":…,"errors":[…]}. */
void v1_put_findings(struct str *to, const struct conf_diag *diag);
/* A time in seconds, to the millisecond. */
void v1_put_seconds(struct jsonw *w, const char *key, int64_t us);
/* Sets headers, status, type and body of the reply: call->out, or, if not `ok`,
 * the findings. */
void v1_reply(struct v1_call *call, bool ok);
/* The reply of an action that was not done. Always true. */
bool v1_dry_action(struct v1_call *call);

/* --- changes (v1_edit.c) --- */

/* A call that changes: a draft, the endpoint's run, then commit and show. With
 * dry_run nothing comes of it but a description. False: said. */
bool v1_edit_run(struct v1_call *call);
/* Prepares reading call->body; v1_reader_fini() ends it. False: there is no
 * object (said). */
bool v1_body(struct v1_call *call, struct v1_reader *r, bool merge,
	     const char *what);
/* True if the body says nothing; else 400 was said. */
bool v1_body_empty(struct v1_call *call);
/* The name that the body gives must be that of the path. False: said. */
bool v1_name_kept(struct v1_call *call, const char *name, const char *path);
/* Ends the reader. True unless something was found; else the status is 400. */
bool v1_body_end(struct v1_call *call, struct v1_reader *r);
/* Where later checks place what was changed: interned, of the whole body. */
struct conf_where v1_where(const struct v1_call *call);
/* The sessions of that route end with the change. */
void v1_edit_close(struct v1_edit *edit, const char *route);
/* Notes on which lease something depends that is enabled now and was not
 * before; on none, if it is disabled now and was not before. */
void v1_edit_enabled(const struct v1_edit *edit, bool was, bool is,
		     struct conf_leased *to);
/* Describes what the draft would change, in call->out. False: it would be
 * refused, diag says why. */
bool v1_dry_run(struct v1_call *call);

/* --- finding things in a model (v1_look.c); SIZE_MAX: 404 was said --- */

size_t v1_route(struct v1_call *call, const struct conf_model *model);
size_t v1_fault(struct v1_call *call, const struct conf_route *route);
size_t v1_partition(struct v1_call *call, const struct conf_model *model);
/* The model in force. */
const struct conf_model *v1_model(const struct v1_call *call);

/* --- what is now (v1_state.c): the member "state" --- */

void v1_put_route_state(struct v1 *v1, struct jsonw *w,
			const struct conf_route *r);
void v1_put_fault_state(struct v1 *v1, struct jsonw *w,
			const struct conf_route *r, const struct conf_fault *f);
void v1_put_partition_state(struct v1 *v1, struct jsonw *w,
			    const struct conf_partition *p);
/* Is a fault of it in force? *ends_us: when it ends by itself (on the clock of
 * v1->parts), or DEADLINE_NEVER. */
bool v1_partition_active(struct v1 *v1, const struct conf_partition *p,
			 int64_t *ends_us);

/* --- sessions (v1_sessions.c) --- */

struct session;

/* "stream", "exchange", …; constant. */
const char *v1_flow_type(enum flow_type type);
/* "10.0.0.1:4000", "[::1]:4000", "unix"; for any thread. */
void v1_put_client(struct jsonw *w, const struct session *s);

/* --- leases (v1_leases.c) --- */

/* Lifts what depends on the lease, in one commit, and logs it. */
void v1_lift(struct v1 *v1, const struct lease *lease, const char *why);
/* Looks at the time again, after a lease came or changed: ends those whose time
 * is over, and has itself called again. */
void v1_leases_tick(struct v1 *v1);

/* --- events (v1_events.c) --- */

/* None yet; a heartbeat from now on. Returns owned. */
struct v1_streams *v1_streams_new(struct v1 *v1);
/* All of them must have ended. */
void v1_streams_free(struct v1_streams *s);

/* --- the description (v1_schema.c) --- */

/* The schemas that stand in no table, by name; NULL name ends. */
struct v1_schema {
	const char *name, *json; /* ' for " */
};
extern const struct v1_schema v1_schemas[];

/* --- handlers: v1_endpoint.run and .show -------------------------------- */

bool v1_root(struct v1_call *call);
bool v1_openapi(struct v1_call *call);
bool v1_status(struct v1_call *call);
bool v1_kinds(struct v1_call *call);
bool v1_kind(struct v1_call *call);
bool v1_services(struct v1_call *call);
bool v1_config(struct v1_call *call);
bool v1_reset(struct v1_call *call);
bool v1_reload(struct v1_call *call);
bool v1_apply(struct v1_call *call);
bool v1_apply_show(struct v1_call *call);
bool v1_routes_list(struct v1_call *call);
bool v1_route_create(struct v1_call *call);
bool v1_route_show(struct v1_call *call);
bool v1_route_put(struct v1_call *call);
bool v1_route_patch(struct v1_call *call);
bool v1_route_delete(struct v1_call *call);
bool v1_route_enable(struct v1_call *call);
bool v1_route_disable(struct v1_call *call);
bool v1_faults_list(struct v1_call *call);
bool v1_fault_create(struct v1_call *call);
bool v1_fault_show(struct v1_call *call);
bool v1_fault_put(struct v1_call *call);
bool v1_fault_patch(struct v1_call *call);
bool v1_fault_delete(struct v1_call *call);
bool v1_fault_enable(struct v1_call *call);
bool v1_fault_disable(struct v1_call *call);
bool v1_partitions_list(struct v1_call *call);
bool v1_partition_create(struct v1_call *call);
bool v1_partition_show(struct v1_call *call);
bool v1_partition_put(struct v1_call *call);
bool v1_partition_patch(struct v1_call *call);
bool v1_partition_delete(struct v1_call *call);
bool v1_partition_start(struct v1_call *call);
bool v1_partition_heal(struct v1_call *call);
bool v1_sessions_list(struct v1_call *call);
bool v1_session_delete(struct v1_call *call);
bool v1_session_explain(struct v1_call *call);
bool v1_flow_explain(struct v1_call *call);
bool v1_events(struct v1_call *call);
bool v1_reactions(struct v1_call *call);
bool v1_leases_list(struct v1_call *call);
bool v1_lease_create(struct v1_call *call);
bool v1_lease_show(struct v1_call *call);
bool v1_lease_delete(struct v1_call *call);
bool v1_lease_renew(struct v1_call *call);

#endif
