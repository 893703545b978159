/* SPDX-License-Identifier: Apache-2.0 */
/* Where a load goes, as it is written. */
#ifndef CONFIG_TARGET_H
#define CONFIG_TARGET_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/error.h"
#include "config/model.h"

/* Reads "host:port", "unix:/path", and both behind "tls://", or "http://" and
 * "https://" (where the port is 80 or 443 unless given); *tls: it was tls or
 * https. The address is to be finished by conf_address_fini() in any case.
 * False: err says what was expected. */
bool conf_target_parse(const char *text, struct conf_address *to, bool *tls,
    struct error *err) WARN_UNUSED;

#endif
