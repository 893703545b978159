/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the loads of an experiment. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/loader.h"
#include "config/tables.h"

struct short_form {
	const char *key, *method;
	size_t offset;
};

static const struct short_form short_forms[] = {
    {"get", "GET", offsetof(struct conf_request, get)},
    {"post", "POST", offsetof(struct conf_request, post)},
    {"put", "PUT", offsetof(struct conf_request, put)},
    {"patch", "PATCH", offsetof(struct conf_request, patch)},
    {"delete", "DELETE", offsetof(struct conf_request, del)},
};

/* Methods that may be repeated without harm (RFC 9110, 9.2.2). */
static bool
is_idempotent(const char *method)
{
	return strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0 &&
	       strcmp(method, "CONNECT") != 0;
}

static void
settle_short(struct conf_request *r, const struct load_spot *at)
{
	const char *given = r->target != NULL ? "target" : NULL;
	size_t i;

	for (i = 0; i < COUNT_OF(short_forms); i++) {
		const struct short_form *s = &short_forms[i];
		const char *target =
		    *(char *const *)(const void *)((const char *)r + s->offset);

		if (target == NULL)
			continue;
		if (given != NULL) {
			conf_spot_error(&at->spot, s->key,
					"%s says where to as well; expected "
					"one of them",
					given);
			continue;
		}
		given = s->key;
		free(r->method);
		free(r->target);
		r->method = xstrdup(s->method);
		r->target = xstrdup(target);
	}
}

/* What each protocol needs to be told. */
static void
check_request(const struct conf_load *load, const struct conf_request *r,
	      const struct load_spot *at)
{
	bool http =
	    load->protocol == LOAD_HTTP1 || load->protocol == LOAD_HTTP2;

	if (http && (r->target == NULL || r->target[0] != '/'))
		conf_error(at->spot.diag, &at->spot.where,
			   "a request lacks its target; expected such as get = "
			   "\"/api/{seq}\"");
	if (!http && (r->send == NULL || r->send[0] == '\0'))
		conf_error(at->spot.diag, &at->spot.where,
			   "a request lacks what is sent; expected send = "
			   "\"\xe2\x80\xa6\"");
	if (http && r->send != NULL)
		conf_spot_error(&at->spot, "send",
				"requests of HTTP have a target and a body; "
				"expected such as get = \"/api/{seq}\"");
	if (!http && r->target != NULL)
		conf_error(at->spot.diag, &at->spot.where,
			   "only requests of HTTP have a target; expected send "
			   "= \"\xe2\x80\xa6\"");
}

static void
load_request(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_load *load = arg;
	struct load_spot at = load_spot(l, group);
	struct conf_request *r;

	load->requests =
	    xgrow(load->requests, &load->requests_count, sizeof(*r));
	r = &load->requests[load->requests_count - 1];
	r->where = at.spot.where;
	load_new(l, group, conf_request_fields, r, "a request");
	settle_short(r, &at);
	if (config_setting_get_member(group, "idempotent") == NULL)
		r->idempotent = is_idempotent(r->method);
	check_request(load, r, &at);
}

static void
load_mark(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_load *load = arg;
	struct conf_mark *m;

	load->degraded_when =
	    xgrow(load->degraded_when, &load->degraded_count, sizeof(*m));
	m = &load->degraded_when[load->degraded_count - 1];
	m->where = load_where(l, group);
	load_new(l, group, conf_mark_fields, m, "an element of degraded_when");
	if (m->header == NULL && m->body_contains == NULL && m->size_below == 0)
		conf_error(l->diag, &m->where,
			   "an element of degraded_when says nothing; expected "
			   "header, body_contains or size_below");
}

/* Moments must follow each other. */
static void
check_order(const struct loader *l, const config_setting_t *group,
	    const struct conf_load_step *steps, size_t count)
{
	struct conf_where where = load_where(l, group);

	if (count > 1 && steps[count - 1].at_us <= steps[count - 2].at_us)
		conf_error(l->diag, &where,
			   "at: it is not behind the one before; expected "
			   "moments in order");
}

static void
load_step(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_load *load = arg;

	load->steps =
	    xgrow(load->steps, &load->steps_count, sizeof(*load->steps));
	load_new(l, group, conf_load_step_fields,
		 &load->steps[load->steps_count - 1], "an element of steps");
	check_order(l, group, load->steps, load->steps_count);
}

void
load_scale(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_scenario *s = arg;

	s->load_scale = xgrow(s->load_scale, &s->load_scale_count,
				   sizeof(*s->load_scale));
	load_new(l, group, conf_load_scale_fields,
		 &s->load_scale[s->load_scale_count - 1],
		 "an element of load_scale");
	check_order(l, group, s->load_scale, s->load_scale_count);
}

void
load_one_load(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_experiment *e = arg;
	struct conf_load *load;

	e->loads = xgrow(e->loads, &e->loads_count, sizeof(*load));
	load = &e->loads[e->loads_count - 1];
	load->where = load_where(l, group);
	load_new(l, group, conf_load_fields, load, "a load");
	load_each(l, group, "steps", load_step, load);
	load_each(l, group, "requests", load_request, load);
	load_each(l, group, "degraded_when", load_mark, load);
	if (load->requests_count == 0 &&
	    config_setting_get_member(group, "requests") != NULL)
		conf_error(l->diag, &load->where,
			   "requests: there is none; expected one at least");
}
