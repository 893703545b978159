/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a configuration file. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

/* Appends the whole file to `to`; fails if it cannot be read or has more than
 * `most` bytes. */
bool source_read(const char *path, size_t most, struct str *to,
		 struct error *err) WARN_UNUSED;

#endif
