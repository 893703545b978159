/* SPDX-License-Identifier: Apache-2.0 */
/* From the texts of one group to what is matched at run time, and the checks
 * that single fields cannot make. What takes several groups stands in
 * check.c. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "base/xalloc.h"
#include "config/build.h"
#include "config/destination.h"
#include "config/envoy.h"
#include "config/names.h"
#include "config/pattern.h"
#include "config/tables.h"

#define NAME_MAX_LEN 200

/* Names stand in logs, metrics and URLs. NULL is for others to report. */
static void
check_name(const char *name, const struct conf_spot *at)
{
	const char *p;

	if (name == NULL)
		return;
	if (name[0] == '\0' || strlen(name) > NAME_MAX_LEN) {
		conf_spot_error(at, "name",
				"the name has %zu bytes; "
				"expected 1 \xe2\x80\xa6 %d",
				strlen(name), NAME_MAX_LEN);
		return;
	}
	for (p = name; *p != '\0'; p++) {
		if (iscntrl((unsigned char)*p)) {
			conf_spot_error(at, "name",
					"the name holds a control "
					"character; expected printable text");
			return;
		}
	}
}

static void
compile_pattern(struct conf_pattern *p, const struct conf_pattern_slot *slot,
		const struct conf_spot *at)
{
	struct error err;

	if (!conf_pattern_compile(p, slot->nocase, &err))
		conf_spot_error(at, slot->key, "%s", err.text);
}

/* Such a condition is legal and never met. */
static void
warn_tls_fact(const struct conf_route *route, const char *key,
	      const struct conf_spot *at)
{
	struct conf_where where = conf_spot_where(at, key);

	if (route->protocol != PROTOCOL_TCP && !route->tls.enabled)
		conf_warn(at->diag, &where,
			  "%s: an %s route without tls sees no hello, so "
			  "nothing ever fits; expected tls on it",
			  key, conf_protocols[route->protocol]);
}

/* The fact is known on routes of `protocol` only. */
static void
refuse_fact(const struct conf_route *route, int protocol, const char *key,
	    const struct conf_spot *at)
{
	if (route->protocol != protocol)
		conf_spot_error(at, key,
				"a %s route knows nothing of it; "
				"expected protocol = \"%s\"",
				conf_protocols[route->protocol],
				conf_protocols[protocol]);
}

/* The same of commands, which several protocols have. */
static void
refuse_command(const struct conf_route *route, const char *key,
	       const struct conf_spot *at)
{
	if (!conf_protocol_has_commands(route->protocol))
		conf_spot_error(at, key,
				"a %s route knows nothing of it; "
				"expected protocol = \"redis\", \"postgres\" "
				"or \"mysql\"",
				conf_protocols[route->protocol]);
}

/* Compiles the patterns of `target` and refuses those that its route cannot
 * know. */
static void
compile_patterns(const struct conf_pattern_slot *slots, void *target,
		 const struct conf_route *route, const struct conf_spot *at)
{
	const struct conf_pattern_slot *slot;

	for (slot = slots; slot->key != NULL; slot++) {
		struct conf_pattern *p = conf_pattern_at(slot, target);

		compile_pattern(p, slot, at);
		if (p->text != NULL && slot->http)
			refuse_fact(route, PROTOCOL_HTTP, slot->key, at);
		if (p->text != NULL && slot->dns)
			refuse_fact(route, PROTOCOL_DNS, slot->key, at);
		if (p->text != NULL && slot->command)
			refuse_command(route, slot->key, at);
		if (p->text != NULL && slot->tls)
			warn_tls_fact(route, slot->key, at);
	}
}

void
conf_match_compile(struct conf_route *r, const struct conf_spot *at)
{
	compile_patterns(conf_match_patterns, r, r, at);
	conf_destinations_compile(r, at);
}

static void
compile_address(const char *text, bool listen, const char *key,
		struct conf_address *to, const struct conf_spot *at)
{
	struct error err;
	bool ok;

	conf_address_fini(to);
	if (text == NULL)
		return;
	ok = listen ? conf_address_parse(text, true, to, &err)
		    : conf_upstream_parse(text, to, &err);
	if (!ok)
		conf_spot_error(at, key, "%s", err.text);
}

/* What only connections have. */
static void
check_datagram_route(const struct conf_route *r, const struct conf_spot *at)
{
	const char *protocol = conf_protocols[r->protocol];

	if (!conf_protocol_is_datagram(r->protocol))
		return;
	if (r->listen.is_unix)
		conf_spot_error(at, "listen",
				"a %s route cannot listen on a Unix socket; "
				"expected host:port",
				protocol);
	if (r->upstream.is_unix)
		conf_spot_error(at, "upstream",
				"a %s route cannot lead to a Unix socket; "
				"expected host:port",
				protocol);
	if (r->accept_proxy || r->send_proxy != PROXY_HEADER_OFF)
		conf_spot_error(at,
				r->accept_proxy ? "accept_proxy" : "send_proxy",
				"PROXY headers go before a stream of bytes; "
				"expected none on a %s route",
				protocol);
	if (r->idle_timeout_us == 0)
		conf_spot_error(at, "idle_timeout",
				"datagrams know no end but silence; "
				"expected more than 0 on a %s route",
				protocol);
}

void
conf_route_compile(struct conf_route *r, const struct conf_spot *at)
{
	check_name(r->name, at);
	compile_address(r->listen_text, true, "listen", &r->listen, at);
	compile_address(r->upstream_text, false, "upstream", &r->upstream, at);
	check_datagram_route(r, at);
	conf_accept_compile(r, at);
	conf_envoy_compile(r, at);
}

void
conf_partition_compile(const struct conf_partition *p,
		       const struct conf_spot *at)
{
	check_name(p->name, at);
}

void
conf_service_clear(struct conf_service *s)
{
	size_t i;

	for (i = 0; i < s->hosts_count; i++)
		free(s->hosts[i]);
	free(s->hosts);
	free(s->cidrs);
	s->hosts = NULL;
	s->cidrs = NULL;
	s->hosts_count = s->cidrs_count = 0;
}

void
conf_service_compile(struct conf_service *s, const struct conf_spot *at)
{
	size_t i, count = s->addresses_text.count;
	struct error err;

	check_name(s->name, at);
	conf_service_clear(s);
	if (count == 0)
		return;
	s->cidrs = xcalloc(count, sizeof(*s->cidrs));
	s->hosts = xcalloc(count, sizeof(*s->hosts));
	for (i = 0; i < count; i++) {
		const char *text = s->addresses_text.items[i];

		if (!conf_cidr_meant(text) &&
		    conf_host_valid(text, strlen(text)))
			s->hosts[s->hosts_count++] = xstrdup(text);
		else if (conf_cidr_parse(text, &s->cidrs[s->cidrs_count], &err))
			s->cidrs_count++;
		else
			conf_spot_error(at, "addresses", "%s, or a host name",
					err.text);
	}
}

static void
add_client(struct conf_when *w, const struct conf_cidr *range)
{
	w->clients = xgrow(w->clients, &w->clients_count, sizeof(*w->clients));
	w->clients[w->clients_count - 1] = *range;
}

/* Adds the ranges of the service called `name` to the condition. */
static void
add_service(struct conf_when *w, const char *name,
	    const struct conf_model *model, const struct conf_spot *at)
{
	const struct conf_service *s = NULL;
	struct near near;
	size_t i;

	near_start(&near, name);
	for (i = 0; i < model->services_count && s == NULL; i++) {
		near_offer(&near, model->services[i].name);
		if (model->services[i].name != NULL &&
		    strcmp(model->services[i].name, name) == 0)
			s = &model->services[i];
	}
	if (s == NULL) {
		conf_spot_error(
		    at, "client",
		    "\"%.80s\" is neither an address "
		    "nor a service; expected such as 10.1.0.0/16 or a name "
		    "from services" NEAR_HINT,
		    name, NEAR_ARGS(&near));
		return;
	}
	if (s->hosts_count > 0 || s->cidrs_count == 0)
		conf_spot_error(
		    at, "client",
		    "the service \"%.80s\" is not "
		    "known by numeric addresses alone; expected one whose "
		    "addresses are ranges",
		    name);
	for (i = 0; i < s->cidrs_count; i++)
		add_client(w, &s->cidrs[i]);
}

static void
compile_clients(struct conf_when *w, const struct conf_model *model,
		const struct conf_spot *at)
{
	struct error err;
	size_t i;

	free(w->clients);
	w->clients = NULL;
	w->clients_count = 0;
	w->has_clients = w->client_text.count > 0;
	for (i = 0; i < w->client_text.count; i++) {
		const char *text = w->client_text.items[i];
		struct conf_cidr range;

		if (!conf_cidr_meant(text))
			add_service(w, text, model, at);
		else if (conf_cidr_parse(text, &range, &err))
			add_client(w, &range);
		else
			conf_spot_error(at, "client", "%s", err.text);
	}
}

/* "Name" or "Name: pattern". */
static void
compile_headers(struct conf_when *w, const struct conf_route *route,
		const struct conf_spot *at)
{
	struct error err;
	size_t i, len;

	conf_headers_clear(w);
	if (w->header_text.count == 0)
		return;
	refuse_fact(route, PROTOCOL_HTTP, "header", at);
	w->headers = xcalloc(w->header_text.count, sizeof(*w->headers));
	for (i = 0; i < w->header_text.count; i++) {
		const char *text = w->header_text.items[i];
		struct conf_header_match *h = &w->headers[w->headers_count++];

		len = strcspn(text, ": \t");
		if (len == 0 || (text[len] != ':' && text[len] != '\0'))
			conf_spot_error(
			    at, "header",
			    "\"%.60s\" is not a "
			    "header; expected \"Name\" or \"Name: pattern\"",
			    text);
		h->name = xmemdup0(text, len);
		if (text[len] != ':')
			continue;
		text += len + 1;
		h->value.text = xstrdup(text + strspn(text, " \t"));
		if (!conf_pattern_compile(&h->value, false, &err))
			conf_spot_error(at, "header", "%s", err.text);
	}
}

void
conf_when_compile(struct conf_when *w, const struct conf_model *model,
		  const struct conf_route *route, const struct conf_spot *at)
{
	struct error err;

	compile_patterns(conf_when_patterns, w, route, at);
	compile_clients(w, model, at);
	compile_headers(w, route, at);
	w->status_min = w->status_max = 0;
	if (w->status_text == NULL)
		return;
	refuse_fact(route, PROTOCOL_HTTP, "status", at);
	if (!conf_status_parse(w->status_text, &w->status_min, &w->status_max,
			       &err))
		conf_spot_error(at, "status", "%s", err.text);
}

/* True if any condition is given. */
static bool
when_given(const struct conf_when *w)
{
	const struct conf_pattern_slot *slot;

	for (slot = conf_when_patterns; slot->key != NULL; slot++) {
		if (conf_pattern_at(slot, (void *)w)->text != NULL)
			return true;
	}
	return w->has_clients || w->headers_count > 0 || w->status_min > 0;
}

/* The kind itself may have no use for what is said. */
static void
compile_at(const struct conf_fault *f, const struct conf_route *route,
	   const struct conf_spot *at)
{
	bool exchange = f->at == AT_BEFORE || f->at == AT_AFTER;

	if (f->at == AT_OPEN && (f->kind->flags & KIND_AT_OPEN) == 0)
		conf_spot_error(at, "at",
				"%s does not act on connections that are "
				"merely there; expected data, before or after",
				f->kind->name);
	if (!exchange)
		return;
	if (!conf_protocol_has_exchanges(route->protocol))
		conf_spot_error(at, "at",
				"a %s route knows no requests and answers; "
				"expected protocol = \"http\", \"redis\", "
				"\"postgres\" or \"mysql\"",
				conf_protocols[route->protocol]);
	else if ((f->kind->flags & KIND_CONNECTION) != 0)
		conf_spot_error(at, "at",
				"%s acts on connections, not on requests; "
				"expected it without at",
				f->kind->name);
	else if (f->layer != LAYER_STREAM)
		conf_spot_error(at, "at",
				"records are below requests and answers; "
				"expected layer = \"stream\"");
}

/* A condition on the answer is for a fault that may wait for it. By then the
 * request has passed, but for the rest of one that was answered early. */
static void
compile_status(const struct conf_fault *f, const struct conf_spot *at)
{
	const char *expected = NULL;

	if (f->conditions.when.status_min == 0)
		return;
	if (f->at == AT_BEFORE)
		expected = "at = \"after\"";
	else if (f->at != AT_AFTER && f->kind->early != NULL)
		expected = f->kind->early(f);
	if (expected != NULL)
		conf_spot_error(at, "when",
				"status is known with the answer, and %s acts "
				"on the request here; expected %s, or when "
				"without status",
				f->kind->name, expected);
}

void
conf_fault_compile(struct conf_fault *f, const struct conf_route *route,
		   const struct conf_spot *at)
{
	struct conf_conditions *c = &f->conditions;
	const char *unfit;

	check_name(f->name, at);
	c->has_when = when_given(&c->when);
	if ((c->on_us > 0) != (c->off_us > 0))
		conf_spot_error(at, c->on_us > 0 ? "on" : "off",
				"flapping "
				"takes both; expected %s as well",
				c->on_us > 0 ? "off" : "on");
	unfit = conf_kind_unfit(f->kind, route->protocol);
	if (unfit != NULL)
		conf_spot_error(at, "type", "%s %s", f->kind->name, unfit);
	conf_layer_compile(f, route, at);
	compile_at(f, route, at);
	compile_status(f, at);
	if (f->kind->check != NULL)
		f->kind->check(f->params, &at->where, at->diag);
}

void
conf_route_name_faults(struct conf_route *route)
{
	struct names names = {0};
	size_t i, first;
	unsigned n;

	for (i = 0; i < route->faults_count; i++) {
		if (route->faults[i].name != NULL)
			names_add(&names, route->faults[i].name, i, &first);
	}
	for (i = 0; i < route->faults_count; i++) {
		struct conf_fault *f = &route->faults[i];
		const char *stream = conf_fault_direction(f);

		if (f->name != NULL)
			continue;
		f->name = xasprintf("%s_%s", f->kind->name, stream);
		for (n = 2; !names_add(&names, f->name, i, &first); n++) {
			free(f->name);
			f->name =
			    xasprintf("%s_%s_%u", f->kind->name, stream, n);
		}
	}
	names_fini(&names);
}
