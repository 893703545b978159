/* SPDX-License-Identifier: Apache-2.0 */
/* Globs over bytes that are not ended by NUL. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>

#include "base/str.h"

/* True if the whole text meets the glob: "*" stands for any bytes (also none,
 * also "/"), "?" for exactly one, everything else for itself. `nocase`: ASCII
 * letters are compared without regard to case. Never allocates; the time is
 * at most the product of both lengths. */
bool glob_match(struct view glob, struct view text, bool nocase);

#endif
