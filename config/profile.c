/* SPDX-License-Identifier: Apache-2.0 */
/* How a route follows its link profile.
 *
 *   row ─► parts: texts, as on a command line ─► faults, by the kinds' tables
 */
#include "config/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/option.h"

/* What a retransmission timer waits beyond a round trip, at least. */
#define RTO_SLACK_MS 200.0

/* --- parts --- */

struct parts {
	const char *name;
	void (*each)(void *arg, const char *fault);
	void *arg;
};

/* Takes the text. */
static void
part(const struct parts *p, char *text)
{
	p->each(p->arg, text);
	free(text);
}

static void
rate_part(const struct parts *p, const char *what, double kbit)
{
	if (kbit > 0)
		part(p, xasprintf("bandwidth,name=%s_%s,stream=%sstream,"
				  "rate=%.10gkbit/s,shared=true",
				  p->name, what, what, kbit));
}

void
conf_profile_each(int id, void (*each)(void *arg, const char *fault), void *arg)
{
	const struct conf_profile *c = &conf_profiles[id];
	const struct parts p = {conf_profile_names[id], each, arg};

	if (c->rtt_ms > 0)
		part(&p, xasprintf("connect_delay,name=%s_connect,"
				   "delay=%.10gms",
				   p.name, c->rtt_ms));
	rate_part(&p, "up", c->up_kbit);
	rate_part(&p, "down", c->down_kbit);
	if (c->rtt_ms > 0)
		part(&p, xasprintf("latency,name=%s_latency,stream=both,"
				   "latency=%.10gms,jitter=%.10gms,"
				   "distribution=%s",
				   p.name, c->rtt_ms / 2, c->jitter_ms,
				   c->jitter_ms > 0 ? "normal" : "uniform"));
	if (c->loss_percent > 0)
		part(&p, xasprintf("loss,name=%s_loss,stream=both,"
				   "rate=%.10g%%,burst=%.10g,rtt=%.10gms,"
				   "rto=%.10gms",
				   p.name, c->loss_percent, c->burst,
				   c->rtt_ms, c->rtt_ms + RTO_SLACK_MS));
}

/* --- routes --- */

struct settling {
	struct conf_route *route;
	const struct conf_kinds *kinds;
};

static bool
has_fault(const struct conf_route *r, const char *name)
{
	for (size_t i = 0; i < r->faults_count; i++) {
		if (r->faults[i].name != NULL &&
		    strcmp(r->faults[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Adds the fault; one that the protocol cannot have, or whose name another
 * one has, goes again. */
static void
settle_part(void *arg, const char *text)
{
	const struct settling *s = arg;
	struct conf_route *r = s->route;
	struct conf_diag unfit = {0};
	const struct conf_spot at = {.diag = &unfit, .where = r->where};
	struct conf_fault *f = conf_route_option_fault(r, s->kinds, text, &at);
	char *name = NULL;

	if (f != NULL) {
		conf_fault_compile(f, r, &at);
		name = f->name;
		f->name = NULL;
		if (unfit.errors > 0 || has_fault(r, name)) {
			conf_route_remove_fault(r, r->faults_count - 1);
			free(name);
		} else {
			f->name = name;
			f->profile = r->profile;
		}
	}
	conf_diag_fini(&unfit);
}

void
conf_route_settle_profile(struct conf_route *route,
			  const struct conf_kinds *kinds)
{
	struct settling s = {route, kinds};

	for (size_t i = route->faults_count; i-- > 0;) {
		int profile = route->faults[i].profile;

		if (profile != PROFILE_NONE && profile != route->profile)
			conf_route_remove_fault(route, i);
	}
	conf_profile_each(route->profile, settle_part, &s);
}
