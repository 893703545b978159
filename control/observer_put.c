/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts about what is known so far. */
#include "control/observer_put.h"

#include "experiment/judge.h"

void
observer_put_verdicts(struct jsonw *w, const struct record *record,
    size_t route)
{
	struct verdicts found = {0};

	judge_route(record, route, &found);
	jsonw_key(w, "verdicts");
	jsonw_array(w);
	for (size_t i = 0; i < found.count; i++) {
		/* There is no journal whose lines these were. */
		found.items[i].line_first = 0;
		verdict_put_json(w, &found.items[i]);
	}
	jsonw_array_end(w);
	verdicts_fini(&found);
}
