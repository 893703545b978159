/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of destinations, and what goes with them on a route. */
#include "config/destination.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/pattern.h"
#include "config/tables.h"

#define EXPECTED                                                               \
	"expected such as db:5432, *.example.com, 10.0.0.0/8:5432, "           \
	"[2001:db8::/32]:443, *:8000-8999"

/* --- one pattern --- */

static bool
read_port(const char **p, uint16_t *port)
{
	char *end;
	unsigned long value = strtoul(*p, &end, 10);

	if (end == *p || **p < '0' || **p > '9' || value < 1 ||
	    value > UINT16_MAX)
		return false;
	*p = end;
	*port = (uint16_t)value;
	return true;
}

/* "443", "8000-8999", "*". */
static bool
parse_ports(const char *text, struct conf_destination *to)
{
	if (strcmp(text, "*") == 0)
		return true;
	if (!read_port(&text, &to->port_min))
		return false;
	to->port_max = to->port_min;
	if (*text == '-') {
		text++;
		if (!read_port(&text, &to->port_max))
			return false;
	}
	return *text == '\0' && to->port_min <= to->port_max;
}

/* Cuts the text in two: brackets around the host go, what follows its colon
 * is the ports (NULL: there are none). */
static bool
split(char *text, char **host, char **ports)
{
	char *colon = strchr(text, ':');

	*host = text;
	*ports = NULL;
	if (text[0] == '[') {
		char *end = strchr(text, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*end = '\0';
		*host = text + 1;
		if (end[1] == ':')
			*ports = end + 2;
		return true;
	}
	/* More than one colon without brackets is an IPv6 range. */
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		*colon = '\0';
		*ports = colon + 1;
	}
	return true;
}

static bool
host_pattern_valid(const char *host)
{
	char *plain = xstrdup(host), *p;
	bool valid;

	for (p = plain; *p != '\0'; p++) {
		if (*p == '*' || *p == '?')
			*p = 'x';
	}
	valid = conf_host_valid(plain, strlen(plain));
	free(plain);
	return valid;
}

static bool
parse_host(const char *host, struct conf_destination *to, struct error *err)
{
	if (host[0] != '\0' && conf_cidr_meant(host))
		return conf_cidr_parse(host, &to->range, err);
	if (!host_pattern_valid(host))
		return error_set(err, 0, "\"%.60s\" is not a host; " EXPECTED,
				 host);
	to->host.text = xstrdup(host);
	return conf_pattern_compile(&to->host, true, err);
}

bool
conf_destination_parse(const char *text, struct conf_destination *to,
		       struct error *err)
{
	char *copy = xstrdup(text), *host, *ports;
	bool ok = false;

	*to = (struct conf_destination){.port_max = UINT16_MAX};
	if (!split(copy, &host, &ports))
		error_set(err, 0,
			  "\"%.60s\" has no end of its brackets; " EXPECTED,
			  text);
	else if (ports != NULL && !parse_ports(ports, to))
		error_set(err, 0,
			  "\"%.60s\" has no valid port; expected "
			  "a number from 1 to 65535, a range such as "
			  "8000-8999, or *",
			  text);
	else
		ok = parse_host(host, to, err);
	if (!ok)
		conf_destination_fini(to);
	free(copy);
	return ok;
}

void
conf_destination_fini(struct conf_destination *d)
{
	conf_pattern_clear(&d->host);
	free(d->host.text);
	*d = (struct conf_destination){0};
}

bool
conf_destination_match(const struct conf_destination *d,
		       const struct conf_wanted *wanted)
{
	if (wanted->port < d->port_min || wanted->port > d->port_max)
		return false;
	if (d->host.text != NULL)
		return conf_pattern_match(&d->host, view_of(wanted->host));
	return wanted->ip != NULL && conf_cidr_contains(&d->range, wanted->ip);
}

bool
conf_route_wants(const struct conf_route *r, const struct conf_wanted *wanted)
{
	size_t i;

	for (i = 0; i < r->destinations_count; i++) {
		if (conf_destination_match(&r->destinations[i], wanted))
			return true;
	}
	return r->destinations_count == 0;
}

/* --- on a route --- */

void
conf_destinations_clear(struct conf_route *r)
{
	size_t i;

	for (i = 0; i < r->destinations_count; i++)
		conf_destination_fini(&r->destinations[i]);
	free(r->destinations);
	r->destinations = NULL;
	r->destinations_count = 0;
}

void
conf_destinations_compile(struct conf_route *r, const struct conf_spot *at)
{
	size_t i, count = r->destination_text.count;
	struct error err;

	conf_destinations_clear(r);
	if (count == 0)
		return;
	r->destinations = xcalloc(count, sizeof(*r->destinations));
	for (i = 0; i < count; i++) {
		const char *text = r->destination_text.items[i];
		struct conf_destination *d =
		    &r->destinations[r->destinations_count];

		if (conf_destination_parse(text, d, &err))
			r->destinations_count++;
		else
			conf_spot_error(at, "destination", "%s", err.text);
	}
}

/* Connections that were redirected carry addresses, never names. */
static bool
is_name(const struct conf_destination *d)
{
	return d->host.text != NULL && strcmp(d->host.text, "*") != 0;
}

void
conf_destinations_check(const struct conf_route *r, struct conf_diag *diag)
{
	const char *name = r->name != NULL ? r->name : "?";
	size_t i;

	if (r->destination_text.count > 0 && r->accept == ACCEPT_PLAIN)
		conf_error(diag, &r->where,
			   "route \"%.80s\": its clients do not say where "
			   "they want to go; expected accept beside "
			   "match = { destination }",
			   name);
	for (i = 0;
	     i < r->destinations_count && conf_accept_is_transparent(r->accept);
	     i++) {
		if (is_name(&r->destinations[i]))
			conf_error(diag, &r->where,
				   "route \"%.80s\": destination \"%.60s\" is "
				   "a name, and what was redirected carries "
				   "none; expected an address, a range or *",
				   name, r->destinations[i].host.text);
	}
	if (conf_accept_is_asked(r->accept) && r->upstream.is_destination &&
	    r->destinations_count == 0 && r->enabled &&
	    r->listen.text != NULL && !conf_address_is_local(&r->listen))
		conf_warn(diag, &r->where,
			  "route \"%.80s\": whoever reaches %s reaches "
			  "everything that this host does; expected match = "
			  "{ destination }, or to listen on 127.0.0.1",
			  name, r->listen_text);
}

void
conf_accept_compile(const struct conf_route *r, const struct conf_spot *at)
{
	const char *word = conf_accepts[r->accept];

	if (r->upstream.is_destination && r->accept == ACCEPT_PLAIN)
		conf_spot_error(at, "upstream",
				"clients of this route do not say where they "
				"want to go; expected an address, or accept");
	if (r->keep_source && r->accept != ACCEPT_TPROXY)
		conf_spot_error(at, "keep_source",
				"answers would not find their way back; "
				"expected accept = \"tproxy\"");
	if (r->accept == ACCEPT_PLAIN)
		return;
	if (conf_protocol_is_datagram(r->protocol))
		conf_spot_error(at, "accept",
				"%s is for connections; expected protocol = "
				"\"tcp\" or \"http\"",
				word);
	if (conf_accept_is_transparent(r->accept) && r->listen.is_unix)
		conf_spot_error(at, "listen",
				"nothing can be redirected to a Unix socket; "
				"expected host:port with accept = \"%s\"",
				word);
}
