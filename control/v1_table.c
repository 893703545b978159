/* SPDX-License-Identifier: Apache-2.0 */
/* Every endpoint of the /v1 API, and the way from a request to one. */
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "control/v1_call.h"

#define ROUTE	  "/v1/routes/{route}"
#define FAULT	  ROUTE "/faults/{fault}"
#define PARTITION "/v1/partitions/{partition}"
#define LEASE	  "/v1/leases/{lease}"

/* clang-format off */
const struct v1_endpoint v1_endpoints[] = {
    {"GET", "/v1", V1_READ, v1_root, NULL, 200, "What this is",
	NULL, "Root"},
    {"GET", "/v1/openapi.json", V1_READ, v1_openapi, NULL, 200,
	"This description", NULL, "Anything"},
    {"GET", "/v1/status", V1_READ, v1_status, NULL, 200,
	"How the proxy is", NULL, "Status"},
    {"GET", "/v1/kinds", V1_READ, v1_kinds, NULL, 200,
	"The fault kinds and their parameters", NULL, "Kinds"},
    {"GET", "/v1/kinds/{kind}", V1_READ, v1_kind, NULL, 200,
	"One fault kind", NULL, "Kind"},
    {"GET", "/v1/services", V1_READ, v1_services, NULL, 200,
	"The named parties", NULL, "Services", {"defaults"}},

    {"GET", "/v1/routes", V1_READ, v1_routes_list, NULL, 200,
	"All routes, in order", NULL, "Routes", {"name", "defaults"}},
    {"POST", "/v1/routes", V1_CHANGE, v1_route_create, v1_route_show, 201,
	"Create a route, its faults included", "Route", "Route",
	{"defaults"}},
    {"GET", ROUTE, V1_READ, v1_route_show, NULL, 200, "One route", NULL,
	"Route", {"defaults"}},
    {"PUT", ROUTE, V1_CHANGE, v1_route_put, v1_route_show, 200,
	"Replace a route, or create it", "Route", "Route", {"defaults"}},
    {"PATCH", ROUTE, V1_CHANGE, v1_route_patch, v1_route_show, 200,
	"Change what is given of a route", "RoutePatch", "Route",
	{"defaults"}},
    {"DELETE", ROUTE, V1_CHANGE, v1_route_delete, NULL, 204,
	"Remove a route; sessions go on unless sessions=close", NULL, NULL,
	{"sessions"}},
    {"POST", ROUTE "/enable", V1_CHANGE, v1_route_enable, v1_route_show, 200,
	"Let a route listen", NULL, "Route", {"defaults"}},
    {"POST", ROUTE "/disable", V1_CHANGE, v1_route_disable, v1_route_show,
	200, "Stop a route from listening", NULL, "Route", {"defaults"}},

    {"GET", ROUTE "/faults", V1_READ, v1_faults_list, NULL, 200,
	"The faults of a route, in order", NULL, "Faults", {"defaults"}},
    {"POST", ROUTE "/faults", V1_CHANGE, v1_fault_create, v1_fault_show, 201,
	"Add a fault; at=N: at that place", "Fault", "Fault",
	{"at", "defaults"}},
    {"GET", FAULT, V1_READ, v1_fault_show, NULL, 200, "One fault", NULL,
	"Fault", {"defaults"}},
    {"PUT", FAULT, V1_CHANGE, v1_fault_put, v1_fault_show, 200,
	"Replace a fault, or add it", "Fault", "Fault", {"defaults"}},
    {"PATCH", FAULT, V1_CHANGE, v1_fault_patch, v1_fault_show, 200,
	"Change what is given of a fault", "FaultPatch", "Fault",
	{"defaults"}},
    {"DELETE", FAULT, V1_CHANGE, v1_fault_delete, NULL, 204,
	"Remove a fault", NULL, NULL},
    {"POST", FAULT "/enable", V1_CHANGE, v1_fault_enable, v1_fault_show, 200,
	"Enable a fault; its clock (for) starts anew", NULL, "Fault",
	{"defaults"}},
    {"POST", FAULT "/disable", V1_CHANGE, v1_fault_disable, v1_fault_show,
	200, "Disable a fault", NULL, "Fault", {"defaults"}},

    {"GET", "/v1/partitions", V1_READ, v1_partitions_list, NULL, 200,
	"All partitions", NULL, "Partitions", {"defaults"}},
    {"POST", "/v1/partitions", V1_CHANGE, v1_partition_create,
	v1_partition_show, 201, "Create a partition", "Partition",
	"Partition", {"defaults"}},
    {"GET", PARTITION, V1_READ, v1_partition_show, NULL, 200,
	"One partition", NULL, "Partition", {"defaults"}},
    {"PUT", PARTITION, V1_CHANGE, v1_partition_put, v1_partition_show, 200,
	"Replace a partition, or create it", "Partition", "Partition",
	{"defaults"}},
    {"PATCH", PARTITION, V1_CHANGE, v1_partition_patch, v1_partition_show,
	200, "Change what is given of a partition", "PartitionPatch",
	"Partition",
	{"defaults"}},
    {"DELETE", PARTITION, V1_CHANGE, v1_partition_delete, NULL, 204,
	"Remove a partition", NULL, NULL},
    {"POST", PARTITION "/start", V1_CHANGE, v1_partition_start,
	v1_partition_show, 200, "Cut; its clock (for) starts anew", "Start",
	"Partition", {"defaults"}},
    {"POST", PARTITION "/heal", V1_CHANGE, v1_partition_heal,
	v1_partition_show, 200, "Heal", NULL, "Partition", {"defaults"}},

    {"GET", "/v1/sessions", V1_READ, v1_sessions_list, NULL, 200,
	"The sessions that are open", NULL, "Sessions",
	{"route", "client", "limit", "after"}},
    {"DELETE", "/v1/sessions/{session}", V1_ACTION, v1_session_delete, NULL,
	204, "End a session, with how=fin or how=rst", NULL, NULL, {"how"}},
    {"GET", "/v1/sessions/{session}/explain", V1_READ, v1_session_explain,
	NULL, 200, "Why each fault acts on a session, or does not", NULL,
	"Explanation"},
    {"GET", ROUTE "/flows/{flow}/explain", V1_READ, v1_flow_explain, NULL,
	200, "The same for a flow, by its number on the route", NULL,
	"Explanation"},
    {"GET", "/v1/events", V1_READ, v1_events, NULL, 200,
	"What happens, as it happens", NULL, NULL,
	{"route", "type", "fault", "session"}, "text/event-stream"},

    {"GET", "/v1/reactions", V1_READ, v1_reactions, NULL, 200,
	"How clients react to faults, as far as it was watched", NULL,
	"Reactions", {"route"}},

    {"GET", "/v1/config", V1_READ, v1_config, NULL, 200,
	"What is in force, as a configuration file", NULL, "Config",
	{"format", "defaults"}, "text/plain; charset=utf-8"},
    {"POST", "/v1/apply", V1_CHANGE, v1_apply, v1_apply_show, 200,
	"Several changes at once, all or none", "Apply", "Applied"},
    {"POST", "/v1/reset", V1_CHANGE, v1_reset, NULL, 204,
	"Back to what the file says", NULL, NULL},
    {"POST", "/v1/reload", V1_ACTION, v1_reload, NULL, 200,
	"Read the file again", NULL, "Reloaded"},

    {"GET", "/v1/leases", V1_READ, v1_leases_list, NULL, 200,
	"The leases that run", NULL, "Leases"},
    {"POST", "/v1/leases", V1_ACTION, v1_lease_create, NULL, 201,
	"Take a lease", "LeaseBody", "Lease"},
    {"GET", LEASE, V1_READ, v1_lease_show, NULL, 200, "One lease", NULL,
	"Lease"},
    {"DELETE", LEASE, V1_ACTION, v1_lease_delete, NULL, 204,
	"Give a lease back: what depends on it is lifted", NULL, NULL},
    {"POST", LEASE "/renew", V1_ACTION, v1_lease_renew, NULL, 200,
	"A lease's time begins anew", "LeaseBody", "Lease"},
    {.method = NULL},
};
/* clang-format on */

/* --- the way there --- */

bool
v1_target(struct v1_call *call, struct view path, struct view query)
{
	bool broken = false, more = true;
	size_t i;

	web_path_split(&call->path, path);
	for (i = 0; i < V1_QUERY_MAX && more; i++) {
		more = web_query_next(&query, &call->query[i].name,
				      &call->query[i].value, &broken);
		call->query_count += more;
	}
	if (call->path.broken || broken)
		return v1_fail(
		    call, 400, NULL,
		    "the path or query has an escape that is none; expected "
		    "%%XX with two hexadecimal digits, not %%00");
	if (query.len > 0 && more)
		return v1_fail(call, 400, NULL,
			       "too many parameters; expected at most %d",
			       V1_QUERY_MAX);
	return true;
}

/* Says 404; a word of the path may have been mistyped. */
static bool
unknown_path(struct v1_call *call)
{
	const char *given = call->path.count > 1 ? call->path.segments[1] : "";
	char words[64][24];
	struct near near;

	near_start(&near, given);
	for (size_t i = 0; v1_endpoints[i].method != NULL && i < 64; i++) {
		const char *word = v1_endpoints[i].path + strlen("/v1");

		snprintf(words[i], sizeof(words[i]), "%.*s",
			 (int)strcspn(word + (*word == '/'), "/"),
			 word + (*word == '/'));
		near_offer(&near, words[i]);
	}
	if (near.best != NULL && strcmp(near.best, given) != 0 &&
	    *given != '\0')
		return v1_fail(
		    call, 404, NULL,
		    "there is nothing at this path; did you mean /v1/%s?",
		    near.best);
	return v1_fail(call, 404, NULL,
		       "there is nothing at this path; "
		       "expected one that /v1/openapi.json describes");
}

bool
v1_find(struct v1_call *call, struct view method, struct str *allow)
{
	const char *names[WEB_PATH_NAMES];
	bool head = view_is(method, "HEAD");

	for (const struct v1_endpoint *e = v1_endpoints; e->method; e++) {
		if (!web_path_match(&call->path, e->path, names))
			continue;
		str_printf(allow, "%s%s", allow->len > 0 ? ", " : "",
			   e->method);
		if (strcmp(e->method, "GET") == 0)
			str_add(allow, ", HEAD");
		if (!view_is(method, e->method) &&
		    !(head && strcmp(e->method, "GET") == 0))
			continue;
		call->endpoint = e;
		memcpy(call->names, names, sizeof(names));
	}
	if (call->endpoint != NULL)
		return true;
	if (allow->len == 0)
		return unknown_path(call);
	str_add(allow, ", OPTIONS");
	if (view_is(method, "OPTIONS"))
		return true;
	return v1_fail(call, 405, NULL,
		       "%.*s is not possible here; expected %s",
		       (int)method.len, method.at, allow->text);
}

static bool
takes(const struct v1_endpoint *e, const char *name)
{
	for (size_t i = 0; i < V1_QUERY_MAX && e->parameters[i]; i++) {
		if (strcmp(e->parameters[i], name) == 0)
			return true;
	}
	return e->effect != V1_READ && strcmp(name, "dry_run") == 0;
}

bool
v1_check_query(struct v1_call *call)
{
	const struct v1_endpoint *e = call->endpoint;

	for (size_t i = 0; i < call->query_count; i++) {
		const char *name = call->query[i].name;
		struct near near;

		if (takes(e, name))
			continue;
		near_start(&near, name);
		for (size_t k = 0; k < V1_QUERY_MAX && e->parameters[k]; k++)
			near_offer(&near, e->parameters[k]);
		if (e->effect != V1_READ)
			near_offer(&near, "dry_run");
		if (near.best != NULL)
			return v1_fail(call, 400, name,
				       "unknown parameter "
				       "\"%.80s\"; did you mean \"%s\"?",
				       name, near.best);
		return v1_fail(call, 400, name,
			       "unknown parameter \"%.80s\"; expected one that "
			       "/v1/openapi.json describes",
			       name);
	}
	return v1_query_bool(call, "dry_run", &call->dry_run);
}

void
v1_call_fini(struct v1_call *call)
{
	for (size_t i = 0; i < call->query_count; i++) {
		free(call->query[i].name);
		free(call->query[i].value);
	}
	for (size_t i = 0; i < call->subs_count; i++)
		v1_call_fini(&call->subs[i]);
	free(call->subs);
	json_decref(call->body);
	web_path_fini(&call->path);
	free(call->made);
	str_fini(&call->out);
}
