/* SPDX-License-Identifier: Apache-2.0 */
/* The /v1 API: from a request to its endpoint, and what all calls share. */
#include "control/v1.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "control/v1_call.h"

static bool
is_json(struct view type)
{
	const char *end = memchr(type.at, ';', type.len);

	if (end != NULL)
		type.len = (size_t)(end - type.at);
	while (type.len > 0 && type.at[type.len - 1] == ' ')
		type.len--;
	return view_is_nocase(type, "application/json");
}

/* One value, nothing behind it, no key twice. */
static bool
parse_body(struct v1_call *call)
{
	struct view body = call->request->body, type = {0};
	json_error_t e;

	if (body.len == 0)
		return true;
	if (!web_header(call->request, "content-type", &type) || !is_json(type))
		return v1_fail(
		    call, 415, NULL,
		    "the body's type is \"%.*s\"; expected Content-Type: "
		    "application/json",
		    (int)MIN(type.len, 80), type.at);
	call->body = json_loadb(body.at, body.len,
				JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (call->body == NULL)
		return v1_fail(
		    call, 400, NULL,
		    "the body is no JSON: %s (line %d, column %d); expected "
		    "one value",
		    e.text, e.line, e.column);
	return true;
}

/* "3", W/"3", * or a list of those. */
static bool
fits(struct view given, uint64_t generation)
{
	char wanted[24];
	size_t len = (size_t)snprintf(wanted, sizeof(wanted), "\"%llu\"",
				      (unsigned long long)generation);

	return view_is(given, "*") ||
	       memmem(given.at, given.len, wanted, len) != NULL;
}

static bool
check_match(struct v1_call *call)
{
	uint64_t generation = state_generation(call->v1->parts.state);
	struct view given;

	if (call->endpoint->effect == V1_READ ||
	    !web_header(call->request, "if-match", &given) ||
	    fits(given, generation))
		return true;
	return v1_fail(
	    call, 412, NULL,
	    "If-Match is %.*s, but generation %llu is in force; expected "
	    "\"%llu\"",
	    (int)MIN(given.len, 80), given.at, (unsigned long long)generation,
	    (unsigned long long)generation);
}

/* Finds the endpoint and does what it says. */
static bool
run(struct v1_call *call, struct str *allow)
{
	if (!v1_target(call, call->request->path, call->request->query) ||
	    !v1_find(call, call->request->method, allow))
		return false;
	if (call->endpoint == NULL) { /* OPTIONS */
		call->status = 204;
		return true;
	}
	if (!v1_check_query(call) || !check_match(call) || !parse_body(call))
		return false;
	if (call->endpoint->body == NULL && !v1_body_empty(call))
		return false;
	call->status = call->endpoint->status;
	if (call->endpoint->effect == V1_CHANGE)
		return v1_edit_run(call);
	return call->endpoint->run(call);
}

static bool
is_ours(struct view path)
{
	return path.len >= 3 && memcmp(path.at, "/v1", 3) == 0 &&
	       (path.len == 3 || path.at[3] == '/');
}

bool
v1_handle(struct v1 *v1, const struct web_request *request,
	  struct web_reply *reply)
{
	struct conf_diag diag = {0};
	struct v1_call call = {
	    .v1 = v1,
	    .request = request,
	    .reply = reply,
	    .at = "",
	    .diag = &diag,
	};
	struct str allow = {0};
	bool ok;

	if (!is_ours(request->path))
		return false;
	ok = run(&call, &allow);
	if ((call.status == 405 || call.endpoint == NULL) && allow.len > 0)
		str_printf(&reply->headers, "Allow: %s\r\n", allow.text);
	v1_reply(&call, ok);
	str_fini(&allow);
	v1_call_fini(&call);
	conf_diag_fini(&diag);
	return true;
}

/* --- life --- */

static void
on_lease_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	v1_leases_tick(arg);
}

static void
on_lease_expired(void *arg, const struct lease *lease)
{
	v1_lift(arg, lease, "expired");
}

struct v1 *
v1_new(const struct v1_parts *parts)
{
	struct v1 *v1 = xcalloc(1, sizeof(*v1));

	v1->parts = *parts;
	v1->start_us = clock_now(parts->clock);
	leases_init(&v1->leases, parts->clock, on_lease_expired, v1);
	v1->lease_ev = event_new(parts->base, -1, 0, on_lease_due, v1);
	v1->streams = v1_streams_new(v1);
	return v1;
}

void
v1_drain(struct v1 *v1)
{
	v1->draining = true;
}

const struct leases *
v1_leases(const struct v1 *v1)
{
	return &v1->leases;
}

void
v1_free(struct v1 *v1)
{
	if (v1 == NULL)
		return;
	v1_streams_free(v1->streams);
	event_free(v1->lease_ev);
	leases_fini(&v1->leases);
	free(v1);
}
