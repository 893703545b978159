/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that live as long as the proxy does. */
#include "control/run_intercept.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "proxy/dial_socket.h"

/* Makes the rules of that model, unless they are in force already. False: err;
 * what was in force stays. */
static bool
run_intercept_up(struct run_intercept *r, const struct conf_model *model,
    struct error *err)
{
	struct str script = {0};
	bool ok;

	if (intercept_wanted(model) && !dial_socket_may_mark())
		log_line(LOG_INFO, "mark_unavailable",
		    "connections to upstreams carry no mark (CAP_NET_ADMIN or "
		    "CAP_NET_RAW is missing): rules have to leave out this "
		    "user's, as by faultwire intercept up --skip-user",
		    LOG_END);
	if (!r->asked)
		return true;
	ok = intercept_script(&r->what, model, &script, err);
	if (ok && r->made.len == script.len &&
	    memcmp(r->made.text, script.text, script.len) == 0) {
		str_fini(&script);
		return true;
	}
	ok = ok && intercept_up(script.text, intercept_diverts(model), err);
	if (ok) {
		str_fini(&r->made);
		r->made = script;
		log_line(LOG_INFO, "intercept_up",
		    "firewall rules are in force", LOG_END);
	} else {
		str_fini(&script);
	}
	return ok;
}

bool
run_intercept_start(struct run_intercept *r, const char *hook,
    const struct conf_model *model)
{
	struct error err;

	r->asked = hook != NULL;
	if ((hook == NULL || intercept_hooks(&r->what, hook, &err)) &&
	    run_intercept_up(r, model, &err))
		return true;
	fprintf(stderr, "faultwire: --intercept: %s\n", err.text);
	return false;
}

void
run_intercept_follow(struct run_intercept *r, const struct conf_model *model)
{
	struct error err;

	if (r->made.len > 0 && !run_intercept_up(r, model, &err))
		log_line(LOG_ERROR, "intercept_failed",
		    "firewall rules do not follow the routes",
		    LOG_STR("error", err.text), LOG_END);
}

void
run_intercept_drain(struct run_intercept *r, const struct conf_model *model)
{
	r->what.draining = true;
	run_intercept_follow(r, model);
}

void
run_intercept_fini(struct run_intercept *r)
{
	struct error err;

	if (r->made.len > 0) {
		if (intercept_down(&err))
			log_line(LOG_INFO, "intercept_down",
			    "firewall rules were removed", LOG_END);
		else
			log_line(LOG_ERROR, "intercept_failed",
			    "firewall rules could not be removed",
			    LOG_STR("error", err.text), LOG_END);
	}
	str_fini(&r->made);
	intercept_fini(&r->what);
}
