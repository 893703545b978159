/* SPDX-License-Identifier: Apache-2.0 */
/* The reply of GET /v1/reactions: what was counted beside what was found. */
#ifndef CONTROL_OBSERVER_PUT_H
#define CONTROL_OBSERVER_PUT_H

#include "base/str.h"
#include "control/looker.h"
#include "control/observed.h"

struct observed_routes {
	struct observed **items; /* owned, each */
	size_t count;
};

/* Adds the document, of that route (NULL: of all). `look` NULL: nothing is
 * watched. */
void observer_put(struct str *to, const struct look *look,
    const struct observed_routes *routes, const char *only);

#endif
