/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Toxiproxy API share: tox_proxies.c, tox_toxics.c,
 * tox_populate.c, tox_print.c, tox_listen.c, and toxiproxy.c that finds the
 * handler. */
#ifndef CONTROL_TOX_H
#define CONTROL_TOX_H

#include <jansson.h>

#include "control/state.h"
#include "control/web_server.h"

/* One call under way. */
struct tox_call {
	struct state *state;
	const struct web_request *request;
	struct web_reply *reply;
	const char *proxy, *toxic; /* decoded from the path; NULL: none */
};

/* --- replies (tox_print.c) --- */

/* {"error":…,"status":…} as Toxiproxy sends it. Always false. */
bool tox_error(struct tox_call *call, int status, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* 200 or 201 with JSON that the print functions below add to reply->body. */
void tox_json(struct tox_call *call, int status);
void tox_print_proxy(struct str *to, const struct conf_route *route);
void tox_print_toxic(struct str *to, const struct conf_fault *fault);
void tox_print_toxics(struct str *to, const struct conf_route *route);
/* Go's encoder writes < > & as escapes. */
void tox_escape(struct str *body);

/* --- listening (tox_listen.c) --- */

/* The address as Toxiproxy would report it once bound: numeric, with a real
 * port where 0 was asked. Returns owned text for conf_route.listen_text, or
 * NULL and err in the words of Go's net package. */
char *tox_listen_resolve(const char *listen, struct error *err);
/* Can it be bound now? False: err in the words of Go's net package. */
bool tox_listen_probe(const char *resolved, struct error *err);

/* --- changes (tox_proxies.c) --- */

/* What a body may say of a proxy; borrowed from the JSON. */
struct tox_proxy {
	const char *name, *listen, *upstream;
	bool enabled, has_enabled;
};

bool tox_proxy_read(json_t *json, struct tox_proxy *to, struct error *err);
/* Adds a route for the proxy to the draft, bound or disabled. False: err has
 * the text of a 500. */
bool tox_proxy_add(struct conf_model *draft, const struct tox_proxy *proxy,
    struct error *err);
/* Puts the draft into force (taken). False: replied with 500. */
bool tox_commit(struct tox_call *call, struct conf_model *draft);
bool tox_set_upstream(struct conf_route *r, const char *upstream);
bool tox_set_listen(struct conf_route *r, const char *listen,
    struct error *err);

/* --- handlers; false: an error was replied --- */

bool tox_proxies_list(struct tox_call *call);
bool tox_proxies_create(struct tox_call *call);
bool tox_proxies_show(struct tox_call *call);
bool tox_proxies_update(struct tox_call *call);
bool tox_proxies_delete(struct tox_call *call);
bool tox_toxics_list(struct tox_call *call);
bool tox_toxics_create(struct tox_call *call);
bool tox_toxics_show(struct tox_call *call);
bool tox_toxics_update(struct tox_call *call);
bool tox_toxics_delete(struct tox_call *call);
bool tox_populate(struct tox_call *call);
bool tox_reset(struct tox_call *call);
bool tox_version(struct tox_call *call);

#endif
