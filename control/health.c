/* SPDX-License-Identifier: Apache-2.0 */
/* Health: each path asks some checks of a table; all must pass. */
#include "control/health.h"

#include <string.h>

#include "base/clock.h"

/* That this runs says it. */
static bool
control_turns(const struct health *h)
{
	(void)h;
	return true;
}

static bool
workers_turn(const struct health *h)
{
	return server_turns(state_server(h->state), clock_now(&clock_real));
}

/* A plan is put into force once all its listeners are bound. */
static bool
has_plan(const struct health *h)
{
	return server_plan(state_server(h->state)) != NULL;
}

static bool
not_draining(const struct health *h)
{
	return !h->draining;
}

#define LIVE  0x1u
#define READY 0x2u

static const struct {
	const char *name;
	unsigned paths;
	bool (*passes)(const struct health *h);
	const char *failure;
} checks[] = {
    {"control", LIVE | READY, control_turns, "stuck"},
    {"workers", LIVE | READY, workers_turn, "a worker is stuck"},
    {"configuration", READY, has_plan, "none is in force"},
    {"listeners", READY, has_plan, "not bound"},
    {"drain", READY, not_draining, "draining"},
};

static const struct {
	const char *path;
	unsigned checks;
} paths[] = {{"/livez", LIVE}, {"/healthz", LIVE}, {"/readyz", READY}};

static unsigned
checks_of(struct view path)
{
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		if (view_is(path, paths[i].path))
			return paths[i].checks;
	}
	return 0;
}

/* True if `verbose` is asked for, with or without a value. */
static bool
is_verbose(struct view query)
{
	size_t len = sizeof("verbose") - 1;

	return query.len >= len && memcmp(query.at, "verbose", len) == 0 &&
	    (query.len == len || query.at[len] == '=' || query.at[len] == '&');
}

/* Adds a line a check, or just what fails; true if all pass. */
static bool
run_checks(const struct health *h, unsigned which, bool verbose,
    struct str *to)
{
	bool good = true;

	for (size_t i = 0; i < COUNT_OF(checks); i++) {
		bool passes;

		if (!(checks[i].paths & which))
			continue;
		passes = checks[i].passes(h);
		good = good && passes;
		if (verbose)
			str_printf(to, "%s: %s\n", checks[i].name,
			    passes ? "ok" : checks[i].failure);
		else if (!passes)
			str_printf(to, "%s\n", checks[i].failure);
	}
	if (good)
		str_add(to, "ok\n");
	return good;
}

bool
health_is(const struct web_request *request)
{
	return checks_of(request->path) != 0;
}

bool
health_handle(const struct health *h, const struct web_request *request,
    struct web_reply *reply)
{
	unsigned which = checks_of(request->path);

	if (which == 0)
		return false;
	reply->type = "text/plain; charset=utf-8";
	str_add(&reply->headers, "Cache-Control: no-store\r\n");
	if (view_is(request->method, "GET") ||
	    view_is(request->method, "HEAD")) {
		reply->status = run_checks(h, which, is_verbose(request->query),
				    &reply->body)
		    ? 200
		    : 503;
		return true;
	}
	reply->status = 405;
	str_add(&reply->headers, "Allow: GET, HEAD\r\n");
	return true;
}
