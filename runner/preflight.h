/* SPDX-License-Identifier: Apache-2.0 */
/* Is everything there that an experiment needs? Asked before anything else. */
#ifndef RUNNER_PREFLIGHT_H
#define RUNNER_PREFLIGHT_H

#include "base/str.h"
#include "config/model.h"

#define PREFLIGHT_US INT64_C(2000000) /* for each upstream */

/* Connects to every upstream of a route that carries streams and is enabled,
 * but where clients say where they want to go.
 * Appends a line for each that does not accept, with the route's name and the
 * address; true: all do. */
bool preflight_upstreams(const struct conf_model *model, struct str *problems);

#endif
