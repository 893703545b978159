/* SPDX-License-Identifier: Apache-2.0 */
/* From routes to a script for nft.
 *
 *	chain output, prerouting	accept = "redirect": NAT
 *	chain divert			accept = "tproxy"
 *
 * Each chain begins with what is left alone; then routes in their order, so
 * that the first that wants a destination gets it, as on a listener. */
#include "control/intercept.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/dial_socket.h"

/* --- what a user wrote --- */

bool
intercept_hooks(struct intercept *i, const char *text, struct error *err)
{
	static const struct {
		const char *word;
		unsigned hooks;
	} words[] = {
	    {"output", INTERCEPT_OUTPUT},
	    {"prerouting", INTERCEPT_PREROUTING},
	    {"both", INTERCEPT_OUTPUT | INTERCEPT_PREROUTING},
	};

	for (size_t k = 0; k < COUNT_OF(words); k++) {
		if (strcmp(text, words[k].word) == 0) {
			i->hooks = words[k].hooks;
			return true;
		}
	}
	return error_set(err, 0,
	    "\"%.40s\" is no hook; expected output, prerouting or both", text);
}

bool
intercept_skip_user(struct intercept *i, const char *text, struct error *err)
{
	const struct passwd *pw = getpwnam(text);
	unsigned long uid = 0;
	char *end;

	if (pw != NULL) {
		uid = pw->pw_uid;
	} else {
		uid = strtoul(text, &end, 10);
		if (*text < '0' || *text > '9' || *end != '\0' ||
		    uid >= UINT32_MAX)
			return error_set(err, 0, "there is no user \"%.80s\"; "
			    "expected a name or a number", text);
	}
	i->skip_uids = xrealloc(i->skip_uids,
	    (i->skip_uids_count + 1) * sizeof(*i->skip_uids));
	i->skip_uids[i->skip_uids_count++] = (unsigned)uid;
	return true;
}

bool
intercept_skip(struct intercept *i, const char *text, struct error *err)
{
	struct conf_destination d;

	if (!conf_destination_parse(text, &d, err))
		return false;
	if (d.host.text != NULL && strcmp(d.host.text, "*") != 0) {
		conf_destination_fini(&d);
		return error_set(err, 0, "\"%.60s\" is a name; expected an "
		    "address, a range or *", text);
	}
	i->skip = xrealloc(i->skip, (i->skip_count + 1) * sizeof(*i->skip));
	i->skip[i->skip_count++] = d;
	return true;
}

bool
intercept_cgroup(struct intercept *i, const char *path, struct error *err)
{
	if (path != NULL && (path[0] == '\0' || path[0] == '/' ||
		strpbrk(path, "\"\\\n") != NULL))
		return error_set(err, 0, "\"%.80s\" is no control group; "
		    "expected a path below /sys/fs/cgroup, such as "
		    "system.slice/app.service", path);
	i->cgroup = path;
	return true;
}

void
intercept_fini(struct intercept *i)
{
	for (size_t k = 0; k < i->skip_count; k++)
		conf_destination_fini(&i->skip[k]);
	free(i->skip);
	free(i->skip_uids);
	*i = (struct intercept){0};
}

/* --- what routes want --- */

static bool
any_accepts(const struct conf_model *m, unsigned accepts)
{
	for (size_t i = 0; i < m->routes_count; i++) {
		if (m->routes[i].enabled &&
		    accepts & 1u << m->routes[i].accept)
			return true;
	}
	return false;
}

bool
intercept_wanted(const struct conf_model *model)
{
	return any_accepts(model, 1u << ACCEPT_REDIRECT | 1u << ACCEPT_TPROXY);
}

bool
intercept_diverts(const struct conf_model *model)
{
	return any_accepts(model, 1u << ACCEPT_TPROXY);
}

/* Which families a listener takes. */
enum { FAMILY_V4 = 0x1, FAMILY_V6 = 0x2 };

static unsigned
families(const struct conf_address *at)
{
	struct in6_addr v6;

	if (at->host == NULL)
		return FAMILY_V4 | FAMILY_V6;
	if (inet_pton(AF_INET6, at->host, &v6) != 1)
		return FAMILY_V4;
	return IN6_IS_ADDR_UNSPECIFIED(&v6) ? FAMILY_V4 | FAMILY_V6
					    : FAMILY_V6;
}

/* Packets that others sent never arrive at the loopback. */
static bool
check_listener(const struct conf_route *r, unsigned hooks, struct error *err)
{
	if (r->listen.port == 0)
		return error_set(err, 0, "route \"%.80s\" listens on any free "
		    "port; expected a fixed one, for the rules name it",
		    r->name);
	if ((hooks & INTERCEPT_PREROUTING || r->accept == ACCEPT_TPROXY) &&
	    conf_address_is_local(&r->listen))
		return error_set(err, 0, "route \"%.80s\" listens on %s, where "
		    "nothing that others send arrives; expected :%u",
		    r->name, r->listen.text, r->listen.port);
	return true;
}

/* --- rules --- */

/* Appends the conditions on one destination. Returns the families that meet
 * them, of those that are taken; none: there is nothing to catch. */
static unsigned
add_destination(struct str *to, const struct conf_destination *d,
    unsigned takes)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = IN6_IS_ADDR_V4MAPPED(&d->range.net) && d->range.bits >= 96;

	str_add(to, "\t\t");
	if (d->host.text != NULL) {
		if (takes != (FAMILY_V4 | FAMILY_V6))
			str_printf(to, "meta nfproto %s ",
			    takes == FAMILY_V4 ? "ipv4" : "ipv6");
		/* This host's own addresses are not meant by "*". */
		str_add(to, "fib daddr type != local ");
	} else {
		takes &= v4 ? FAMILY_V4 : FAMILY_V6;
		inet_ntop(v4 ? AF_INET : AF_INET6,
		    v4 ? &d->range.net.s6_addr[12] : d->range.net.s6_addr,
		    text, sizeof(text));
		str_printf(to, "%s daddr %s/%u ", v4 ? "ip" : "ip6", text,
		    v4 ? d->range.bits - 96 : d->range.bits);
	}
	if (d->port_min == d->port_max)
		str_printf(to, "tcp dport %u ", d->port_min);
	else if (d->port_min > 0 || d->port_max < UINT16_MAX)
		str_printf(to, "tcp dport %u-%u ", d->port_min, d->port_max);
	else
		str_add(to, "meta l4proto tcp ");
	return takes;
}

static void
add_rule(struct str *to, const struct conf_route *r,
    const struct conf_destination *d)
{
	static const char *const words[] = {
	    [FAMILY_V4] = "ip ",
	    [FAMILY_V6] = "ip6 ",
	    [FAMILY_V4 | FAMILY_V6] = "",
	};
	struct str rule = {0};
	unsigned takes = add_destination(&rule, d, families(&r->listen));

	if (takes != 0 && r->accept == ACCEPT_REDIRECT)
		str_printf(to, "%sredirect to :%u\n", rule.text,
		    r->listen.port);
	else if (takes != 0)
		str_printf(to, "%smeta mark set 0x%x tproxy %sto :%u accept\n",
		    rule.text, DIAL_DIVERT, words[takes], r->listen.port);
	str_fini(&rule);
}

/* What a chain leaves alone. */
static void
add_skips(struct str *to, const struct intercept *i, bool output)
{
	struct str rule = {0};
	const char *p = i->cgroup;
	unsigned level = 1;

	if (output) {
		str_printf(to, "\t\tmeta mark 0x%x return\n", DIAL_MARK);
		for (size_t k = 0; k < i->skip_uids_count; k++)
			str_printf(to, "\t\tmeta skuid %u return\n",
			    i->skip_uids[k]);
	}
	if (output && p != NULL) {
		for (; *p != '\0'; p++)
			level += *p == '/';
		str_printf(to, "\t\tsocket cgroupv2 level %u != \"%s\" "
		    "return\n", level, i->cgroup);
	}
	for (size_t k = 0; k < i->skip_count; k++) {
		str_clear(&rule);
		add_destination(&rule, &i->skip[k], FAMILY_V4 | FAMILY_V6);
		str_printf(to, "%sreturn\n", rule.text);
	}
	str_fini(&rule);
}

static void
add_routes(struct str *to, const struct conf_model *m,
    enum conf_accept accept)
{
	char any[] = "*";
	const struct conf_destination all = {
	    .host = {.text = any}, .port_max = UINT16_MAX};

	for (size_t k = 0; k < m->routes_count; k++) {
		const struct conf_route *r = &m->routes[k];

		if (!r->enabled || r->accept != (int)accept)
			continue;
		for (size_t n = 0; n < r->destinations_count; n++)
			add_rule(to, r, &r->destinations[n]);
		if (r->destinations_count == 0)
			add_rule(to, r, &all);
	}
}

static void
add_chain(struct str *to, const char *name, const char *hook)
{
	str_printf(to, "\tchain %s {\n\t\ttype %s; policy accept;\n", name,
	    hook);
}

/* They stay while the proxy drains: translating for open connections would
 * stop with them. */
static void
add_redirects(struct str *to, const struct intercept *i,
    const struct conf_model *m, bool output)
{
	add_skips(to, i, output);
	add_routes(to, m, ACCEPT_REDIRECT);
	str_add(to, "\t}\n");
}

bool
intercept_script(const struct intercept *i, const struct conf_model *m,
    struct str *to, struct error *err)
{
	bool redirects = any_accepts(m, 1u << ACCEPT_REDIRECT);

	for (size_t k = 0; k < m->routes_count; k++) {
		const struct conf_route *r = &m->routes[k];

		if (r->enabled && conf_accept_is_transparent(r->accept) &&
		    !check_listener(r, i->hooks, err))
			return false;
	}
	/* Naming it makes it, so that deleting cannot fail. */
	str_add(to, "table inet faultwire\ndelete table inet faultwire\n"
		    "table inet faultwire {\n");
	if (redirects && i->hooks & INTERCEPT_OUTPUT) {
		add_chain(to, "output", "nat hook output priority -100");
		add_redirects(to, i, m, true);
	}
	if (redirects && i->hooks & INTERCEPT_PREROUTING) {
		add_chain(to, "prerouting",
		    "nat hook prerouting priority dstnat");
		add_redirects(to, i, m, false);
	}
	if (intercept_diverts(m)) {
		add_chain(to, "divert",
		    "filter hook prerouting priority mangle");
		/* What belongs to a connection that we have is ours. */
		str_printf(to, "\t\tmeta l4proto tcp socket transparent 1 meta "
		    "mark set 0x%x accept\n", DIAL_DIVERT);
		add_skips(to, i, false);
		if (!i->draining)
			add_routes(to, m, ACCEPT_TPROXY);
		str_add(to, "\t}\n");
	}
	str_add(to, "}\n");
	return true;
}
