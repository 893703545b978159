/* SPDX-License-Identifier: Apache-2.0 */
/* Firewall rules with the life of `faultwire run --intercept`: made once the
 * listeners are ready, made anew when routes change, gone at the end. What a
 * predecessor left behind when it was killed is replaced. */
#ifndef CONTROL_RUN_INTERCEPT_H
#define CONTROL_RUN_INTERCEPT_H

#include "control/intercept.h"

/* Zeroed before it starts. */
struct run_intercept {
	struct intercept what;
	bool asked;	/* by the command line */
	struct str made; /* the script in force; empty: none */
};

/* Connections may come: makes the rules, and logs if connections to upstreams
 * cannot be marked. `hook`: as intercept_hooks() takes it; NULL: no rules were
 * asked for. False: said on standard error. To be finished in any case. */
bool run_intercept_start(struct run_intercept *r, const char *hook,
    const struct conf_model *model);
/* Makes the rules of a model that came later: what goes wrong is logged, and
 * what was in force stays. */
void run_intercept_follow(struct run_intercept *r,
    const struct conf_model *model);
/* Nothing new is to come; what is open goes on. */
void run_intercept_drain(struct run_intercept *r,
    const struct conf_model *model);
/* Removes them; what goes wrong is logged. */
void run_intercept_fini(struct run_intercept *r);

#endif
