/* SPDX-License-Identifier: Apache-2.0 */
/* What is concluded of a route so far. A file of its own: verdicts have facts,
 * and so has the fault engine. */
#ifndef CONTROL_OBSERVER_PUT_H
#define CONTROL_OBSERVER_PUT_H

#include "base/json.h"
#include "experiment/record.h"

/* Puts the member "verdicts", of a finished record, into the object that is
 * open in w. */
void observer_put_verdicts(struct jsonw *w, const struct record *record,
    size_t route);

#endif
