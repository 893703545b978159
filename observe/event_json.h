/* SPDX-License-Identifier: Apache-2.0 */
/* One event as a JSON object: a line of the journal, the data of an event that
 * the API sends. docs/journal.md describes it. */
#ifndef OBSERVE_EVENT_JSON_H
#define OBSERVE_EVENT_JSON_H

#include "base/str.h"
#include "observe/event.h"

/* Appends the object; times count from start_us. */
void event_put_json(struct str *to, const struct event_record *e,
		    int64_t start_us);

#endif
