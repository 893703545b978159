/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to /v1. */
#include "runner/control.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "config/json_out.h"
#include "config/units.h"

#define TIMEOUT_US INT64_C(5000000) /* while no lease is held */

bool
control_init(struct control *c, const char *url, const char *token,
	     struct error *err)
{
	*c = (struct control){.token = xstrdup(token)};
	if (!http_client_target_init(&c->target, url, err))
		return false;
	c->target.token = c->token;
	c->target.timeout_us = TIMEOUT_US;
	return true;
}

void
control_fini(struct control *c)
{
	http_client_target_fini(&c->target);
	free(c->token);
	free(c->lease);
	*c = (struct control){0};
}

/* What the proxy says of a refusal. */
static bool
refused(const struct http_client_reply *reply, struct error *err)
{
	json_t *answer = json_loads(
	    reply->body.text != NULL ? reply->body.text : "", 0, NULL);
	const char *text = json_string_value(json_object_get(answer, "error"));

	error_set(err, 0, "%s (status %d)",
		  text != NULL ? text : "the proxy refused", reply->status);
	json_decref(answer);
	return false;
}

bool
control_call(struct control *c, const struct control_ask *ask, json_t **to,
	     struct error *err)
{
	char *text =
	    ask->body != NULL ? json_dumps(ask->body, JSON_COMPACT) : NULL;
	const struct http_client_request request = {
	    ask->method, ask->path, text,
	    strcmp(ask->method, "GET") != 0 ? c->lease : NULL};
	struct http_client_reply reply;
	bool ok;

	if (to != NULL)
		*to = NULL;
	ok = http_client_call(&c->target, &request, &reply, err);
	c->answered = ok;
	if (ok && (reply.status < 200 || reply.status >= 300))
		ok = refused(&reply, err);
	else if (ok && to != NULL && reply.body.text != NULL)
		*to = json_loads(reply.body.text, 0, NULL);
	http_client_reply_fini(&reply);
	json_decref(ask->body);
	free(text);
	return ok;
}

/* A path, owned; what stands for each "%" is escaped. */
static char *
path_of(const char *format, const char *a, const char *b)
{
	const char *const args[] = {a, b};
	struct str path = {0};
	size_t n = 0;

	for (; *format != '\0'; format++) {
		if (*format == '%')
			http_client_escape(&path, args[n++]);
		else
			str_add_char(&path, *format);
	}
	return str_take(&path);
}

/* A call whose path is freed. */
static bool
call(struct control *c, const char *method, char *path, json_t *body,
     struct error *err)
{
	bool ok = control_call(c, ASK(method, path, body), NULL, err);

	free(path);
	return ok;
}

/* --- the lease -------------------------------------------------------------
 */

bool
control_lease(struct control *c, int64_t ttl_us, const char *name,
	      struct error *err)
{
	struct str ttl = {0};
	json_t *answer;
	const char *id;

	units_print_duration(&ttl, ttl_us);
	c->renewed_us = clock_now(&clock_real);
	if (!control_call(
		c,
		ASK("POST", "/v1/leases",
		    json_pack("{ssss}", "ttl", ttl.text, "name", name)),
		&answer, err)) {
		str_fini(&ttl);
		return false;
	}
	id = json_string_value(json_object_get(answer, "lease"));
	if (id != NULL)
		c->lease = xstrdup(id);
	json_decref(answer);
	str_fini(&ttl);
	c->lease_us = ttl_us;
	c->target.timeout_us = ttl_us / 4;
	return c->lease != NULL ||
	       error_set(err, 0, "the proxy answered without a lease");
}

bool
control_renew(struct control *c, struct error *err)
{
	int64_t now_us = clock_now(&clock_real);

	if (!call(c, "POST", path_of("/v1/leases/%/renew", c->lease, NULL),
		  NULL, err))
		return false;
	c->renewed_us = now_us;
	return true;
}

bool
control_release(struct control *c, struct error *err)
{
	char *lease = c->lease;
	bool ok;

	if (lease == NULL)
		return true;
	c->lease = NULL;
	ok = call(c, "DELETE", path_of("/v1/leases/%", lease, NULL), NULL, err);
	free(lease);
	return ok;
}

/* --- steps -----------------------------------------------------------------
 */

/* Begins an object in `text`, for conf_put_*(). */
static struct conf_writer
body_begin(struct str *text)
{
	struct conf_writer w = {0};

	jsonw_init(&w.w, text);
	jsonw_object(&w.w);
	return w;
}

/* What was written, parsed; frees the text. */
static json_t *
body_end(struct conf_writer *w, struct str *text)
{
	json_t *body;

	jsonw_object_end(&w->w);
	body = json_loads(text->text, 0, NULL);
	str_fini(text);
	return body;
}

static json_t *
step_body(const struct conf_step *step)
{
	struct str text = {0};
	struct conf_writer w = body_begin(&text);

	if (step->fault != NULL)
		conf_put_fault(&w, step->fault);
	else
		conf_put_partition(&w, step->cut);
	return body_end(&w, &text);
}

bool
control_arm(struct control *c, const struct conf_step *step, struct error *err)
{
	if (step->fault != NULL)
		return call(c, "POST",
			    path_of("/v1/routes/%/faults", step->route, NULL),
			    step_body(step), err);
	if (step->cut != NULL)
		return control_call(
		    c, ASK("POST", "/v1/partitions", step_body(step)), NULL,
		    err);
	return call(c, "POST",
		    path_of("/v1/partitions/%/start", step->partition, NULL),
		    NULL, err);
}

bool
control_lift(struct control *c, const struct conf_step *step, struct error *err)
{
	if (step->fault != NULL)
		return call(c, "DELETE",
			    path_of("/v1/routes/%/faults/%", step->route,
				    step->fault->name),
			    NULL, err);
	if (step->cut != NULL)
		return call(c, "DELETE",
			    path_of("/v1/partitions/%", step->partition, NULL),
			    NULL, err);
	return call(c, "POST",
		    path_of("/v1/partitions/%/heal", step->partition, NULL),
		    NULL, err);
}

static size_t
count_flows(const struct conf_step *step, const json_t *session)
{
	const json_t *flow, *fault;
	size_t i, k, count = 0;

	json_array_foreach(json_object_get(session, "flows"), i, flow)
	{
		json_array_foreach(json_object_get(flow, "faults"), k, fault)
		    count += conf_step_made(step, json_string_value(fault));
	}
	return count;
}

/* Is it gone from what is configured? */
static bool
is_unconfigured(struct control *c, const struct conf_step *step,
		struct error *err)
{
	char *path = step->fault != NULL
			 ? path_of("/v1/routes/%/faults", step->route, NULL)
			 : path_of("/v1/partitions", NULL, NULL);
	const json_t *item;
	bool ok, there = false;
	json_t *answer;
	size_t i;

	ok = control_call(c, ASK("GET", path, NULL), &answer, err);
	free(path);
	json_array_foreach(json_object_get(answer, step->fault != NULL
						       ? "faults"
						       : "partitions"),
			   i, item)
	{
		const json_t *state = json_object_get(item, "state");
		const char *name =
		    json_string_value(json_object_get(item, "name"));

		if (step->fault != NULL)
			there |= name != NULL &&
				 strcmp(name, step->fault->name) == 0;
		else
			there |= name != NULL &&
				 strcmp(name, step->partition) == 0 &&
				 json_is_true(json_object_get(state, "active"));
	}
	json_decref(answer);
	return ok && (!there || error_set(err, 0, "it is still in force"));
}

bool
control_lifted(struct control *c, const struct conf_step *step,
	       struct error *err)
{
	struct str path = {0};
	const json_t *session;
	size_t i, flows = 0;
	json_t *answer;
	bool ok;

	if (!is_unconfigured(c, step, err))
		return false;
	str_add(&path, "/v1/sessions?limit=20000");
	if (step->route != NULL) {
		str_add(&path, "&route=");
		http_client_escape(&path, step->route);
	}
	ok = control_call(c, ASK("GET", path.text, NULL), &answer, err);
	json_array_foreach(json_object_get(answer, "sessions"), i, session)
	    flows += count_flows(step, session);
	json_decref(answer);
	str_fini(&path);
	return ok &&
	       (flows == 0 || error_set(err, 0, "%zu flows have it", flows));
}

/* --- the proxy as a whole --------------------------------------------------
 */

bool
control_origin(struct control *c, int64_t *origin_us, struct error *err)
{
	int64_t before_us = clock_now(&clock_real), after_us;
	const json_t *uptime;
	json_t *answer;
	bool ok;

	if (!control_call(c, ASK("GET", "/v1/status", NULL), &answer, err))
		return false;
	after_us = clock_now(&clock_real);
	uptime = json_object_get(answer, "uptime");
	ok = json_is_number(uptime);
	if (ok)
		*origin_us = (before_us + after_us) / 2 -
			     (int64_t)(json_number_value(uptime) * 1e6);
	json_decref(answer);
	return ok ||
	       error_set(err, 0, "the proxy does not say how long it runs");
}

char *
control_listening(struct control *c, const char *route, struct error *err)
{
	char *path = path_of("/v1/routes/%", route, NULL), *at = NULL;
	const char *text;
	json_t *answer;

	if (control_call(c, ASK("GET", path, NULL), &answer, err)) {
		text = json_string_value(json_object_get(
		    json_object_get(answer, "state"), "listening"));
		at = xstrdup(text);
		if (text == NULL)
			error_set(err, 0, "route \"%s\" does not listen",
				  route);
	}
	json_decref(answer);
	free(path);
	return at;
}

static json_t *
route_body(const struct conf_route *r)
{
	struct str text = {0};
	struct conf_writer w = body_begin(&text);

	conf_put_route(&w, r);
	return body_end(&w, &text);
}

/* The proxy's route of that name; NULL: it has none. */
static const json_t *
route_among(const json_t *routes, const char *name)
{
	const json_t *route;
	size_t i;

	json_array_foreach(routes, i, route)
	{
		const char *n =
		    json_string_value(json_object_get(route, "name"));

		if (n != NULL && strcmp(n, name) == 0)
			return route;
	}
	return NULL;
}

bool
control_routes(struct control *c, const struct conf_model *model, size_t *added,
	       struct error *err)
{
	json_t *answer;
	bool ok;

	*added = 0;
	ok = control_call(c, ASK("GET", "/v1/routes", NULL), &answer, err);
	for (size_t i = 0; ok && i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];
		const json_t *there =
		    route_among(json_object_get(answer, "routes"), r->name);
		const char *upstream =
		    json_string_value(json_object_get(there, "upstream"));

		if (there == NULL) {
			ok = control_call(
			    c, ASK("POST", "/v1/routes", route_body(r)), NULL,
			    err);
			*added += ok;
		} else if (upstream == NULL ||
			   strcmp(upstream, r->upstream_text) != 0) {
			ok = error_set(err, 0,
				       "route \"%.80s\" of the proxy leads to "
				       "%.80s; expected %.80s as in the file",
				       r->name,
				       upstream != NULL ? upstream : "nowhere",
				       r->upstream_text);
		}
	}
	json_decref(answer);
	return ok;
}
