/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a configuration file. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

/* Appends the whole file to `to`. False: err says why it cannot be read; its
 * code is EFBIG if the file has more than `most` bytes. `to` may then have a
 * part of it. */
bool source_read(const char *path, size_t most, struct str *to,
		 struct error *err) WARN_UNUSED;

#endif
