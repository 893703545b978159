/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong between the groups of a model: equal names, listeners that
 * clash, services that nobody declared, an API open to others. Parts that
 * failed to load are NULL here and passed over: they were reported. */
#include "config/check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "config/build.h"
#include "config/destination.h"
#include "config/envoy.h"
#include "config/tables.h"

static void
report_twice(const char *what, const char *name, const struct conf_where *where,
	     const struct conf_where *first, struct conf_diag *diag)
{
	if (first->file != NULL && first->line > 0)
		conf_conflict(diag, where,
			   "there is another %s \"%.80s\" at "
			   "%s:%u; expected different names",
			   what, name, first->file, first->line);
	else
		conf_conflict(diag, where,
			   "there is another %s \"%.80s\"; expected "
			   "different names",
			   what, name);
}

/* Faults that requests ask for have names of their own. */
static void
check_envoy_name(const struct conf_route *r, const struct conf_fault *f,
		 struct conf_diag *diag)
{
	int i;

	for (i = 0; i < ENVOY_COUNT; i++) {
		if (r->envoy[i].denominator > 0 &&
		    strcmp(f->name, conf_envoy_name(i)) == 0)
			conf_conflict(diag, &f->where,
				      "\"%s\" is the name of a fault that "
				      "requests ask for (envoy_faults); "
				      "expected another name",
				      f->name);
	}
}

static void
check_fault_names(const struct conf_route *r, struct conf_diag *diag)
{
	struct names names = {0};
	size_t i, first;

	for (i = 0; i < r->faults_count; i++) {
		if (r->faults[i].name != NULL &&
		    !names_add(&names, r->faults[i].name, i, &first))
			report_twice("fault", r->faults[i].name,
				     &r->faults[i].where,
				     &r->faults[first].where, diag);
		if (r->faults[i].name != NULL)
			check_envoy_name(r, &r->faults[i], diag);
	}
	names_fini(&names);
}

static void
check_names(const struct conf_model *m, struct conf_diag *diag)
{
	struct names names = {0};
	size_t i, first;

	for (i = 0; i < m->services_count; i++) {
		const struct conf_service *s = &m->services[i];

		if (s->name != NULL && !names_add(&names, s->name, i, &first))
			report_twice("service", s->name, &s->where,
				     &m->services[first].where, diag);
	}
	names_fini(&names);
	for (i = 0; i < m->routes_count; i++) {
		const struct conf_route *r = &m->routes[i];

		if (r->name != NULL && !names_add(&names, r->name, i, &first))
			report_twice("route", r->name, &r->where,
				     &m->routes[first].where, diag);
		check_fault_names(r, diag);
	}
	names_fini(&names);
	for (i = 0; i < m->partitions_count; i++) {
		const struct conf_partition *p = &m->partitions[i];

		if (p->name != NULL && !names_add(&names, p->name, i, &first))
			report_twice("partition", p->name, &p->where,
				     &m->partitions[first].where, diag);
	}
	names_fini(&names);
}

static const char *
name_of(const struct conf_route *r)
{
	return r->name != NULL ? r->name : "?";
}

static bool
has_match(const struct conf_route *r)
{
	return r->match_host.text != NULL || r->match_path.text != NULL ||
	       r->match_sni.text != NULL || r->destination_text.count > 0;
}

/* The address in one spelling; owned. NULL if it takes any free port. */
static char *
listen_key(const struct conf_route *r)
{
	const struct conf_address *a = &r->listen;
	char *key, *p;

	if (a->text == NULL || (!a->is_unix && a->port == 0))
		return NULL;
	if (a->is_unix)
		return xasprintf("unix:%s", a->path);
	key = xasprintf("%s%s:%u",
			conf_protocol_is_datagram(r->protocol) ? "udp:" : "",
			a->host != NULL ? a->host : "", a->port);
	for (p = key; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return key;
}

/* Two routes of one listener, b right behind a (or behind others of it). */
static void
check_neighbours(const struct conf_route *a, const struct conf_route *b,
		 struct conf_diag *diag)
{
	if (conf_protocol_is_datagram(b->protocol))
		conf_conflict(
		    diag, &b->where,
		    "route \"%.80s\" listens on %s as route \"%.80s\" "
		    "does, and nothing tells their datagrams apart; expected "
		    "another address",
		    name_of(b), b->listen_text, name_of(a));
	else if (a->protocol != b->protocol)
		conf_conflict(
		    diag, &b->where,
		    "route \"%.80s\" listens on %s with "
		    "another protocol than route \"%.80s\"; expected the same",
		    name_of(b), b->listen_text, name_of(a));
	else if (b->protocol == PROTOCOL_HTTP &&
		 a->tls.enabled != b->tls.enabled)
		conf_error(
		    diag, &b->where,
		    "route \"%.80s\" listens on %s %s tls, unlike route "
		    "\"%.80s\"; expected both with it or without",
		    name_of(b), b->listen_text,
		    b->tls.enabled ? "with" : "without", name_of(a));
	else if (a->accept_proxy != b->accept_proxy)
		conf_conflict(
		    diag, &b->where,
		    "route \"%.80s\" listens on %s with "
		    "another accept_proxy than route \"%.80s\"; expected the "
		    "same",
		    name_of(b), b->listen_text, name_of(a));
	else if (a->accept != b->accept)
		conf_conflict(
		    diag, &b->where,
		    "route \"%.80s\" listens on %s with accept = \"%s\", "
		    "route \"%.80s\" with accept = \"%s\"; expected the same",
		    name_of(b), b->listen_text, conf_accepts[b->accept],
		    name_of(a), conf_accepts[a->accept]);
	else if (!has_match(a))
		conf_conflict(
		    diag, &b->where,
		    "route \"%.80s\" is never reached: "
		    "route \"%.80s\" takes everything on %s; expected match = "
		    "{ host, path, sni or destination } on all but the last",
		    name_of(b), name_of(a), b->listen_text);
}

static char *
match_key(const char *listen, const struct conf_route *r)
{
	const struct conf_field *f;
	struct str key = {0};

	str_printf(&key, "%s", listen);
	for (f = conf_match_fields; f->name != NULL; f++) {
		str_add(&key, "\n");
		conf_field_print(f, r, &key);
	}
	return key.text;
}

static void
check_listeners(const struct conf_model *m, struct conf_diag *diag)
{
	char **keys = xcalloc(m->routes_count * 2 + 1, sizeof(*keys));
	size_t *last = xcalloc(m->routes_count + 1, sizeof(*last));
	struct names listens = {0}, matches = {0};
	size_t i, first;

	for (i = 0; i < m->routes_count; i++) {
		const struct conf_route *r = &m->routes[i];

		/* Routes that do not run may wait for one port. */
		if (!r->enabled)
			continue;
		keys[2 * i] = listen_key(r);
		if (keys[2 * i] == NULL)
			continue;
		if (names_add(&listens, keys[2 * i], i, &first)) {
			last[i] = i;
		} else {
			check_neighbours(&m->routes[last[first]], r, diag);
			last[first] = i;
		}
		keys[2 * i + 1] = match_key(keys[2 * i], r);
		if (has_match(r) &&
		    !names_add(&matches, keys[2 * i + 1], i, &first))
			conf_conflict(diag, &r->where,
				   "route \"%.80s\" is never "
				   "reached: route \"%.80s\" on %s has the "
				   "same match; "
				   "expected another one",
				   name_of(r), name_of(&m->routes[first]),
				   r->listen_text);
	}
	for (i = 0; i < m->routes_count * 2; i++)
		free(keys[i]);
	names_fini(&listens);
	names_fini(&matches);
	free(keys);
	free(last);
}

static bool
host_is_any(const char *host)
{
	return host == NULL || strcmp(host, "0.0.0.0") == 0 ||
	       strcmp(host, "::") == 0;
}

/* True if connecting to `to` surely arrives at `at`. */
static bool
leads_to(const struct conf_address *to, const struct conf_address *at)
{
	if (to->text == NULL || at->text == NULL || to->is_unix != at->is_unix)
		return false;
	if (to->is_unix)
		return strcmp(to->path, at->path) == 0;
	if (to->port != at->port || to->host == NULL)
		return false;
	if (host_is_any(at->host))
		return host_is_any(to->host) || conf_address_is_local(to);
	return strcasecmp(to->host, at->host) == 0;
}

static void
check_control(const struct conf_model *m, struct conf_diag *diag)
{
	const struct conf_control *c = &m->control;
	struct conf_address at;
	size_t i;

	if (c->listen == NULL ||
	    !conf_address_parse(c->listen, true, &at, NULL))
		return;
	if (!conf_address_is_local(&at) && c->token_file == NULL &&
	    !c->insecure)
		conf_error(diag, &c->where,
			   "control: others can reach %s; "
			   "expected token_file, or insecure = true",
			   c->listen);
	for (i = 0; i < m->routes_count; i++) {
		const struct conf_route *r = &m->routes[i];

		if (r->listen.text != NULL && leads_to(&r->listen, &at) &&
		    !conf_protocol_is_datagram(r->protocol) &&
		    (at.is_unix || at.port != 0))
			conf_conflict(
			    diag, &r->where,
			    "route \"%.80s\" listens "
			    "where the control API does, %s; expected another "
			    "address",
			    name_of(r), c->listen);
	}
	conf_address_fini(&at);
}

void
conf_model_check(const struct conf_model *model, struct conf_diag *diag)
{
	struct names known = check_services_known(model);
	size_t i;

	check_names(model, diag);
	check_listeners(model, diag);
	check_control(model, diag);
	for (i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];

		conf_destinations_check(r, diag);
		check_service(model, &known, r->from, "from", &r->where, diag);
		check_service(model, &known, r->to, "to", &r->where, diag);
		if (leads_to(&r->upstream, &r->listen))
			conf_error(
			    diag, &r->where,
			    "route \"%.80s\" leads to "
			    "its own listener %s; expected another upstream",
			    name_of(r), r->listen_text);
	}
	check_partitions(model, &known, diag);
	names_fini(&known);
	check_telemetry(model, diag);
}
