/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about experiments share. */
#ifndef CLI_EXPERIMENT_H
#define CLI_EXPERIMENT_H

#include "cli/options.h"
#include "config/model.h"

#define EXIT_BAD_FILE 2 /* of an experiment: also usage */

/* The model of a file that holds an experiment; what is wrong, and what is
 * legal and surely not meant, is said on stderr. NULL: it is bad. */
struct conf_model *experiment_load(const char *path);

extern const struct command command_experiment_schedule;

#endif
