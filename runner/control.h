/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy, as the runner sees it: a client of its control API. Calls block,
 * but never for long: the lease has to be renewed meanwhile. */
#ifndef RUNNER_CONTROL_H
#define RUNNER_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "client/http_client.h"
#include "config/model.h"

struct control {
	struct http_client_target target; /* owned */
	char *token;			  /* owned; NULL: none */
	char *lease;			  /* owned; NULL: none is held */
	int64_t lease_us;
	int64_t renewed_us; /* monotonic: when it was renewed last */
	bool answered;	    /* the last call had an answer, of any status */
};

/* Whom to ask: a URL or unix:PATH; the token is copied. False: err says what is
 * wrong with the URL. To be finished in both cases. */
bool control_init(struct control *c, const char *url, const char *token,
		  struct error *err) WARN_UNUSED;
/* Zeroed memory is accepted. No call is made. */
void control_fini(struct control *c);
struct control_ask {
	const char *method, *path;
	json_t *body; /* NULL: none */
};
#define ASK(method, path, body)                                                \
	(&(const struct control_ask){(method), (path), (body)})
/* One call; its body is taken. False: no answer, or one that is not 2xx; err
 * then has what the proxy says. *to (NULL: not wanted) is owned, and NULL if
 * the answer has no body. Changes are bound to the lease, if one is held. The
 * others below fail in the same way. */
bool control_call(struct control *c, const struct control_ask *ask, json_t **to,
		  struct error *err) WARN_UNUSED;

/* Takes a lease of that time, from then on calls wait no longer than a quarter
 * of it. */
bool control_lease(struct control *c, int64_t ttl_us, const char *name,
		   struct error *err) WARN_UNUSED;
/* Has the lease that is held count anew. */
bool control_renew(struct control *c, struct error *err) WARN_UNUSED;
/* Gives it back: whatever was done under it is undone. True if there is none.
 */
bool control_release(struct control *c, struct error *err) WARN_UNUSED;

/* Arms and lifts one step. */
bool control_arm(struct control *c, const struct conf_step *step,
		 struct error *err) WARN_UNUSED;
bool control_lift(struct control *c, const struct conf_step *step,
		  struct error *err) WARN_UNUSED;
/* Is it gone from the configuration, and from every flow of the first 20,000
 * sessions? False: err says what still has it, or why it is not known. */
bool control_lifted(struct control *c, const struct conf_step *step,
		    struct error *err) WARN_UNUSED;

/* When, on our monotonic clock, the proxy's time was 0: exact to half a round
 * trip and a millisecond. */
bool control_origin(struct control *c, int64_t *origin_us,
		    struct error *err) WARN_UNUSED;
/* Does the proxy have all routes of the model? Those it lacks are added under
 * the lease; *added counts them. False: one of that name leads elsewhere, or
 * cannot be added. */
bool control_routes(struct control *c, const struct conf_model *model,
		    size_t *added, struct error *err) WARN_UNUSED;
/* Where the route listens, as bound; owned. NULL, with err: it does not. */
char *control_listening(struct control *c, const char *route,
			struct error *err) WARN_UNUSED;

#endif
