/* SPDX-License-Identifier: Apache-2.0 */
/* A load group from JSON, for tests that have no configuration file. */
#ifndef TESTS_LOAD_LOAD_JSON_H
#define TESTS_LOAD_LOAD_JSON_H

#include <jansson.h>

#include "config/experiment.h"

/* Members are called as in configuration files; durations are microseconds
 * (timeout_us). Texts are borrowed from the JSON, arrays are owned. */
struct conf_load load_json_read(json_t *json);
void load_json_fini(struct conf_load *load);

#endif
