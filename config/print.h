/* SPDX-License-Identifier: Apache-2.0 */
/* A model as the text of a configuration file. */
#ifndef CONFIG_PRINT_H
#define CONFIG_PRINT_H

#include "base/str.h"
#include "config/model.h"

/* Appends a file that loads back to an equal model. What has its default is
 * left out, and so are an experiment and the name of a profile, whose faults
 * stand there. Partitions and routes keep their order. */
void conf_model_print(struct str *to, const struct conf_model *model);

#endif
