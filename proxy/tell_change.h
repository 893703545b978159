/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the plan, told as log lines and events. */
#ifndef PROXY_TELL_CHANGE_H
#define PROXY_TELL_CHANGE_H

#include <stdint.h>

#include "observe/sink.h"
#include "proxy/plan_diff.h"

/* Between these times (monotonic, microseconds) workers took the plan over
 * in turn. What begins is told as of the first, what ends as of the second, so
 * that nothing a fault does lies outside. */
struct telling {
	struct event_buffer *events; /* borrowed; NULL: log lines alone */
	int64_t from_us, to_us;
};

/* Tells one change; for plan_diff(). `arg` is a const struct telling. */
void tell_change(void *arg, const struct plan_change_item *item);

#endif
