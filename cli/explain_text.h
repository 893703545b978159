/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation of the API (/v1/…/explain) in sentences. */
#ifndef CLI_EXPLAIN_TEXT_H
#define CLI_EXPLAIN_TEXT_H

#include <jansson.h>

#include "base/str.h"

/* Appends lines: what the flow is, and of every fault that was considered
 * whether it acts, and why. */
void explain_text(struct str *to, const json_t *answer);

#endif
