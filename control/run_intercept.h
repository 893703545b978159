/* SPDX-License-Identifier: Apache-2.0 */
/* Firewall rules with the life of `faultwire run --intercept`: made once the
 * listeners are ready, made anew when routes change, gone at the end. What a
 * predecessor left behind when it was killed is replaced. */
#ifndef CONTROL_RUN_INTERCEPT_H
#define CONTROL_RUN_INTERCEPT_H

#include "control/intercept.h"

struct run_intercept {
	struct intercept what;
	bool asked;	/* by the command line */
	struct str made; /* the script in force; empty: none */
};

/* `hook`: as intercept_hooks() takes it; NULL: not asked for. False: err says
 * what was expected. */
bool run_intercept_init(struct run_intercept *r, const char *hook,
    struct error *err) WARN_UNUSED;
/* Makes the rules of that model, unless they are in force already. False: err;
 * what was in force stays. */
bool run_intercept_up(struct run_intercept *r, const struct conf_model *model,
    struct error *err) WARN_UNUSED;
/* The same for a model that came later: what goes wrong is logged. */
void run_intercept_follow(struct run_intercept *r,
    const struct conf_model *model);
/* Nothing new is to come; what is open goes on. */
void run_intercept_drain(struct run_intercept *r,
    const struct conf_model *model);
/* Removes them. */
void run_intercept_fini(struct run_intercept *r);

#endif
