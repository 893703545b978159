/* SPDX-License-Identifier: Apache-2.0 */
/* An event of the API's stream as a line for people. */
#ifndef CLI_EVENT_LINE_H
#define CLI_EVENT_LINE_H

#include <jansson.h>

#include "base/str.h"

/* Appends the event without a line feed: its type, where it was (route/flow,
 * session), the fault, and all else as KEY=VALUE. */
void event_line(struct str *to, const json_t *event);

#endif
