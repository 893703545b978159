/* SPDX-License-Identifier: Apache-2.0 */
/* Which faults requests may ask for by Envoy's headers, and how often: the
 * texts of a route's envoy_faults. */
#ifndef CONFIG_ENVOY_H
#define CONFIG_ENVOY_H

#include "config/build.h"

/* What such a fault is called in events, metrics and the journal. */
const char *conf_envoy_name(enum conf_envoy which) PURE;
/* Fills r->envoy from r->envoy_text; errors go to the spot. */
void conf_envoy_compile(struct conf_route *r, const struct conf_spot *at);

#endif
