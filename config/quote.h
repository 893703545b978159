/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as string values of a configuration file: quoted and escaped on the
 * way out, ${NAME} of the environment expanded on the way in. */
#ifndef CONFIG_QUOTE_H
#define CONFIG_QUOTE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

/* Appends `text` in quotes, so that a file gives the same text back. */
void quote_add(struct str *to, const char *text);
/* Appends `text` with ${NAME} and ${NAME:-default} (also for an empty NAME)
 * replaced and "$$" as "$"; any other "$" stands for itself. False, with err,
 * if NAME is unset and has no default, or the braces do not close; `to` then
 * has what stands before. */
bool env_expand(const char *text, struct str *to,
		struct error *err) WARN_UNUSED;

#endif
