/* SPDX-License-Identifier: Apache-2.0 */
/* The control API as a whole. */
#include "control/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "control/guard.h"
#include "control/health.h"
#include "control/hooks.h"
#include "control/metrics.h"
#include "control/toxiproxy.h"
#include "control/v1.h"
#include "control/web_server.h"

struct api {
	struct state *state; /* borrowed */
	struct web_server *server;
	struct guard guard;
	struct v1 *v1;
	struct reload *reload; /* borrowed */
	struct health health;
	struct metrics metrics;
	const struct telemetry *telemetry; /* borrowed */
	struct hooks *hooks; /* owned */
	char *listen; /* owned; as configured */
};

/* Health needs no token: who asks for it is an orchestrator. */
static bool
on_admit(void *arg, const struct web_request *request, struct web_reply *reply)
{
	struct api *api = arg;

	return health_is(request) ||
	    guard_admits(&api->guard, request, reply);
}

static bool
handle_health(struct api *api, const struct web_request *request,
    struct web_reply *reply)
{
	return health_handle(&api->health, request, reply);
}

static bool
handle_metrics(struct api *api, const struct web_request *request,
    struct web_reply *reply)
{
	return metrics_handle(&api->metrics, request, reply);
}

static bool
handle_hooks(struct api *api, const struct web_request *request,
    struct web_reply *reply)
{
	return hooks_handle(api->hooks, request, reply);
}

static bool
handle_v1(struct api *api, const struct web_request *request,
    struct web_reply *reply)
{
	return v1_handle(api->v1, request, reply);
}

static bool
handle_toxiproxy(struct api *api, const struct web_request *request,
    struct web_reply *reply)
{
	return toxiproxy_handle(api->state, request, reply);
}

/* Tried in this order; false: the request is for another. */
static bool (*const handlers[])(struct api *api,
    const struct web_request *request, struct web_reply *reply) = {
    handle_health,
    handle_metrics,
    handle_hooks,
    handle_v1,
    handle_toxiproxy,
};

static void
on_request(void *arg, const struct web_request *request,
    struct web_reply *reply)
{
	struct api *api = arg;

	for (size_t i = 0; i < COUNT_OF(handlers); i++) {
		if (handlers[i](api, request, reply))
			return;
	}
	reply->status = 404;
	reply->type = "text/plain; charset=utf-8";
	str_add(&reply->headers, "X-Content-Type-Options: nosniff\r\n");
	str_add(&reply->body, "404 page not found\n");
}

static const struct web_ops web_ops = {
    .admit = on_admit,
    .handle = on_request,
};

static bool
read_guard(const struct api *api, const struct conf_control *control,
    struct guard *to, struct error *err)
{
	struct conf_address address = {0};
	bool ok = conf_address_parse(api->listen, true, &address, err);

	/* The new address may need no token, but we stay at the old one. */
	if (ok && !conf_address_is_local(&address) &&
	    control->token_file == NULL && !control->insecure)
		ok = error_set(err, 0,
		    "control: others can reach %s until a restart; expected "
		    "token_file, or insecure = true", api->listen);
	ok = ok && guard_init(to, control, &address, err);
	conf_address_fini(&address);
	return ok;
}

/* Could the API go on with the new settings? */
static bool
check_reload(void *arg, const struct conf_model *model, struct conf_diag *diag)
{
	struct guard guard = {0};
	struct error err;
	bool ok = read_guard(arg, &model->control, &guard, &err);

	if (!ok)
		conf_error(diag, &model->control.where, "%s", err.text);
	guard_fini(&guard);
	return ok;
}

/* Takes a new token from them, and tells if the address would have to change,
 * which it does not while running. */
static void
on_reload(void *arg, const struct conf_model *model)
{
	const struct conf_control *control = &model->control;
	struct api *api = arg;
	struct guard guard = {0};
	struct error err;

	if (read_guard(api, control, &guard, &err))
		api->guard = guard;
	guard_fini(&guard);
	if (control->listen == NULL ||
	    strcmp(control->listen, api->listen) != 0)
		log_line(LOG_WARN, "control_unchanged",
		    "the control API listens where it did; another address "
		    "needs a restart", LOG_STR("listen", api->listen),
		    LOG_END);
}

struct api *
api_new(struct event_base *base, struct state *state,
    const struct api_options *options, struct error *err)
{
	const struct conf_control *control = options->control;
	struct api *api = xcalloc(1, sizeof(*api));
	struct conf_address address = {0};

	api->state = state;
	api->listen = xstrdup(control->listen);
	api->reload = options->reload;
	api->health.state = state;
	api->telemetry = options->telemetry;
	api->hooks = hooks_new(options->feed, api->telemetry);
	api->metrics = (struct metrics){
	    .hooks = api->hooks,
	    .state = state,
	    .feed = options->feed,
	    .journal = options->journal,
	    .observer = options->observer,
	    .telemetry = options->telemetry,
	    .toxiproxy = options->toxiproxy_metrics,
	};
	api->v1 = v1_new(&(struct v1_parts){
	    .base = base,
	    .state = state,
	    .feed = options->feed,
	    .observer = options->observer,
	    .reload = options->reload,
	    .clock = &clock_real,
	});
	api->metrics.leases = v1_leases(api->v1);
	fault_windows_leases(telemetry_windows(api->telemetry),
	    v1_leases(api->v1));
	reload_attach(api->reload, check_reload, on_reload, api);
	if (conf_address_parse(control->listen, true, &address, err) &&
	    guard_init(&api->guard, control, &address, err))
		api->server = web_server_new(base, &address, &web_ops, api,
		    err);
	conf_address_fini(&address);
	if (api->server != NULL)
		return api;
	api_free(api);
	return NULL;
}

const char *
api_address(const struct api *api)
{
	return web_server_address(api->server);
}

void
api_drain(struct api *api)
{
	api->health.draining = true;
	v1_drain(api->v1);
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	reload_attach(api->reload, NULL, NULL, NULL);
	web_server_free(api->server); /* its streams tell v1 that they end */
	fault_windows_leases(telemetry_windows(api->telemetry), NULL);
	v1_free(api->v1);
	hooks_free(api->hooks);
	guard_fini(&api->guard);
	free(api->listen);
	free(api);
}
