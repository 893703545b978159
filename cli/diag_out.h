/* SPDX-License-Identifier: Apache-2.0 */
/* What was found in a configuration, for people and programs. */
#ifndef CLI_DIAG_OUT_H
#define CLI_DIAG_OUT_H

#include "config/diag.h"

/* An object {"valid": …, "messages": […]} on stdout. */
void diag_out_json(const struct conf_diag *diag);
/* Lines on stderr. */
void diag_out_findings(const struct conf_diag *diag);
/* The same, how many errors there are, and on stdout that the file is good, if
 * it is. */
void diag_out_text(const struct conf_diag *diag, const char *path);

#endif
