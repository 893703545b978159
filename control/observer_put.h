/* SPDX-License-Identifier: Apache-2.0 */
/* What the observer has seen of a route, as members of the object that is open
 * in w. */
#ifndef CONTROL_OBSERVER_PUT_H
#define CONTROL_OBSERVER_PUT_H

#include "base/json.h"
#include "experiment/record.h"

/* "verdicts", of a finished record. */
void observer_put_verdicts(struct jsonw *w, const struct record *record,
    size_t route);

#endif
