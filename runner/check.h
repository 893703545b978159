/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an experiment beside what its configuration tells. */
#ifndef RUNNER_CHECK_H
#define RUNNER_CHECK_H

#include "config/model.h"

/* Reports expectations that do not exist, whose values cannot be, or that
 * speak of routes that the file lacks. Warns where no scenario is enabled. */
void check_expectations(const struct conf_model *model, struct conf_diag *diag);

#endif
