/* SPDX-License-Identifier: Apache-2.0 */
/* The front's part with destinations: learning them, and the route.
 *
 * Clients that ask hear of the dial from the protocol where it dials at once
 * (tcp). Where the dial has to wait for what the client says next, its hello
 * or a request, the client is told to go on. */
#include <stdlib.h>

#include "base/log.h"
#include "proxy/client_facts.h"
#include "proxy/destination.h"
#include "proxy/front_parts.h"

/* Longer wishes are none. */
#define ASKING_HEAD_MAX ((size_t)16 * 1024)

/* --- the route --- */

static const struct destination *
destination_of(const struct front *f)
{
	return f->from.facts != NULL ? f->from.facts->destination : NULL;
}

static bool
fits(const struct front *f, const struct armed_route *r, const char *sni,
    bool is_tls)
{
	const struct conf_pattern *p = &r->conf->match_sni;

	if (!is_tls && r->conf->tls.enabled)
		return false;
	if (!destination_fits(r->conf, destination_of(f)))
		return false;
	return p->text == NULL ||
	    (sni[0] != '\0' && conf_pattern_match(p, view_of(sni)));
}

void
front_choose(struct front *f, const char *sni, bool is_tls)
{
	const struct plan_listener *l = f->listener;

	for (size_t i = 0; i < l->routes_count && f->from.route == NULL; i++) {
		if (fits(f, l->routes[i], sni, is_tls))
			f->from.route = l->routes[i];
	}
	if (f->from.route == NULL)
		return;
	f->session.route = f->from.route->name;
	if (f->from.flow == UINT64_MAX)
		f->from.flow = atomic_fetch_add(
		    conf_protocol_has_exchanges(l->protocol)
			? &f->from.route->shared->next_connection
			: &f->from.route->shared->next_flow,
		    1);
}

/* How many routes take the destination, whatever else they ask for. */
static size_t
count_takers(const struct front *f)
{
	const struct plan_listener *l = f->listener;
	size_t n = 0;

	for (size_t i = 0; i < l->routes_count; i++) {
		if (destination_fits(l->routes[i]->conf, destination_of(f)))
			n++;
	}
	return n;
}

/* --- the destination --- */

/* Sends what a client that asked is to hear; false: it does not listen. */
static bool
say(struct front *f, struct str *text)
{
	bool said = text->len == 0 ||
	    end_write(&f->client, text->text, text->len) ==
		(ssize_t)text->len;

	str_clear(text);
	if (!said)
		front_close(f, CLOSE_CLIENT_RESET, true);
	return said;
}

/* The dial comes later: the client is to go on. */
static bool
say_go_on(struct front *f)
{
	if (!conf_accept_is_asked(f->listener->accept) ||
	    f->asking.per_request)
		return true;
	asking_answer(f->listener->accept, DIAL_OK, &f->asking.reply);
	return say(f, &f->asking.reply);
}

static void
go_on(struct front *f)
{
	const struct plan_listener *l = f->listener;
	bool dials_now = l->protocol == PROTOCOL_TCP && !l->hello;

	if (dials_now)
		f->from.owes = conf_accept_is_asked(l->accept) ? l->accept
							       : ACCEPT_PLAIN;
	else if (!say_go_on(f))
		return;
	f->state = FRONT_HELLO;
	if (l->hello && !f->asking.per_request)
		return;
	/* Where several take it, requests choose among them. */
	if (l->accept != ACCEPT_PLAIN &&
	    (dials_now || count_takers(f) == 1))
		front_choose(f, "", false);
	front_hand_over(f);
}

static void
log_refusal(const struct front *f, const char *why)
{
	const struct destination *d = destination_of(f);

	if (!front_log_due(f, LINE_DESTINATION))
		return;
	log_line(LOG_INFO, "destination_refused",
	    "a client's destination was refused",
	    LOG_STR("listener", f->session.listener),
	    LOG_UINT("session", f->session.number),
	    LOG_STR("destination", d != NULL ? d->at.text : NULL),
	    LOG_STR("error", why), LOG_END);
}

/* Takes d. */
static void
learnt(struct front *f, struct destination *d)
{
	bool asked = conf_accept_is_asked(f->listener->accept);

	front_facts(f)->destination = d;
	if (count_takers(f) > 0) {
		go_on(f);
		return;
	}
	log_refusal(f, "no route takes it");
	if (asked) {
		asking_deny(f->listener->accept, &f->asking.reply);
		if (!say(f, &f->asking.reply))
			return;
	}
	front_close(f, CLOSE_NO_ROUTE, !asked);
}

void
front_look_destination(struct front *f)
{
	struct asking *a = &f->asking;
	struct destination *d;
	enum asking_result result =
	    asking_look(a, f->in.text + f->in_at, f->in.len - f->in_at);

	f->in_at += a->used;
	if (!say(f, &a->reply))
		return;
	switch (result) {
	case ASKING_MORE:
		break;
	case ASKING_BAD:
		log_refusal(f, a->why);
		front_close(f, CLOSE_NO_DESTINATION, false);
		break;
	case ASKING_DONE:
		d = destination_new(a->host, a->port, f->from.port);
		d->per_request = a->per_request;
		learnt(f, d);
		break;
	}
}

static void
log_loop(const struct front *f, const struct destination *d)
{
	if (!front_log_due(f, LINE_LOOP))
		return;
	log_line(LOG_WARN, "destination_loop",
	    "our own traffic was brought back to us: refused; leave it out of "
	    "the firewall's rules",
	    LOG_STR("listener", f->session.listener),
	    LOG_STR("destination", d->at.text), LOG_END);
}

/* The kernel knows it. */
static void
look_up(struct front *f)
{
	struct error err;
	struct destination *d = destination_of_socket(f->client.fd,
	    f->listener->accept, f->from.port, &err);

	if (d == NULL) {
		log_refusal(f, err.text);
		front_close(f, CLOSE_NO_DESTINATION, true);
	} else if (loops_has(&f->session.worker->shared->loops, &f->from.peer,
		       d)) {
		log_loop(f, d);
		destination_free(d);
		front_close(f, CLOSE_LOOP, true);
	} else {
		learnt(f, d);
	}
}

void
front_destination(struct front *f)
{
	const struct plan_listener *l = f->listener;

	f->state = FRONT_DESTINATION;
	if (conf_accept_is_transparent(l->accept))
		look_up(f);
	else if (conf_accept_is_asked(l->accept))
		asking_init(&f->asking, l->accept,
		    l->protocol == PROTOCOL_HTTP,
		    MIN((size_t)l->routes[0]->conf->max_header_bytes,
			ASKING_HEAD_MAX));
	else
		go_on(f);
}
