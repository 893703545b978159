/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Toxiproxy API share: tox_*.c, and toxiproxy.c that
 * finds the handler. */
#ifndef CONTROL_TOX_H
#define CONTROL_TOX_H

#include <jansson.h>
#include <sys/socket.h>

#include "control/state.h"
#include "control/web_server.h"

/* How a proxy that does not run keeps an empty `listen`. */
#define TOX_ANY_PORT ":0"

/* One call under way. */
struct tox_call {
	struct state *state;
	const struct web_request *request;
	struct web_reply *reply;
	const char *proxy, *toxic; /* decoded from the path; NULL: none */
};

/* The route that the path names as a proxy, of the model in force; NULL: 404
 * was replied. (tox_proxies.c) */
const struct conf_route *tox_route(struct tox_call *call);

/* --- replies (tox_print.c) --- */

/* {"error":…,"status":…} as Toxiproxy sends it. Always false. */
bool tox_error(struct tox_call *call, int status, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Replies with that status and the JSON that is in reply->body by now; what
 * Go's encoding/json escapes is escaped. */
void tox_json(struct tox_call *call, int status);
/* The upstream as the API was given it, else as the file has it. Borrowed. */
const char *tox_upstream(const struct conf_route *r);
/* Append a route, a fault and all faults of a route as Toxiproxy has them. */
void tox_print_proxy(struct str *to, const struct conf_route *route);
void tox_print_toxic(struct str *to, const struct conf_fault *fault);
void tox_print_toxics(struct str *to, const struct conf_route *route);

/* --- attributes (tox_attributes.c) --- */

/* The kind that a type names on that route; NULL: none. */
const struct fault_ops *tox_kind(const char *type,
    const struct conf_route *route);
/* The defaults of an alias, where they are not its kind's. */
void tox_attributes_default(struct conf_fault *f);
/* True if the fault was made as Toxiproxy's packet_loss. Its correlation,
 * 0 … 1, which we keep as the mean length of a burst. */
bool tox_is_packet_loss(const struct conf_fault *f);
double tox_correlation(const struct conf_fault *f);
/* Sets what the body gives (NULL: nothing); null is absent, unknown keys are
 * ignored. False: err says what is wrong, the fault is half changed. */
bool tox_attributes_set(struct conf_fault *f, json_t *attributes,
    struct error *err);
/* False if one is missing that has no default: err names it. */
bool tox_attributes_complete(const struct conf_fault *f, json_t *attributes,
    struct error *err);

/* --- listening (tox_listen.c, tox_lookup.c) --- */

/* The address as Toxiproxy would report it once bound: numeric, with a real
 * port where 0 was asked. Returns owned text for conf_route.listen_text, or
 * NULL and err in the words of Go's net package. */
char *tox_listen_resolve(const char *listen, struct error *err);
/* What is wrong with an address that a proxy does not listen at yet: the
 * error's words without their beginning. Borrowed. */
const char *tox_address_text(const struct error *err);
/* An address of a host by name, IPv4 before others, with port 0. Waits 80 ms at
 * most. False: err in the words of Go's net package. */
bool tox_lookup(const char *host, struct sockaddr_storage *to,
    struct error *err);
/* Can it be bound now? False: err in the words of Go's net package. */
bool tox_listen_probe(const char *resolved, struct error *err);

/* --- changes (tox_proxies.c) --- */

/* What a body may say of a proxy; borrowed from the JSON. */
struct tox_proxy {
	const char *name; /* "": absent */
	const char *listen, *upstream; /* NULL: absent */
	bool enabled, has_enabled;
};

/* False: err has Go's words for what is of a wrong type. */
bool tox_proxy_read(json_t *json, struct tox_proxy *to, struct error *err);
/* Fills a new route in; it listens at `given`, or if that is no address of
 * ours at `resolved`. */
void tox_proxy_fill(struct conf_route *r, const struct tox_proxy *proxy,
    const char *given, const char *resolved);
/* Puts the draft into force (taken). False: replied with 500. */
bool tox_commit(struct tox_call *call, struct conf_model *draft);
/* The route listens there from now on. False: err says what is wrong with the
 * address, nothing has changed. */
bool tox_set_listen(struct conf_route *r, const char *listen,
    struct error *err);
/* True if routes of the file share the route's listener, so that its port is
 * taken by right. `route` may be of another model. */
bool tox_shares_listener(const struct conf_model *model,
    const struct conf_route *route);

/* --- populate (tox_populate.c), also for the configuration file --- */

/* False: err has the text of a 400. */
bool tox_populate_check(json_t *list, struct error *err);
/* Creates, replaces or leaves alone, in order, by as few commits as their ports
 * allow. Returns how many entries were done; fewer than all: err has the text
 * of a 500 for the next one, or (0) for a commit that was refused. */
size_t tox_populate_run(struct state *state, json_t *list, struct error *err);

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
