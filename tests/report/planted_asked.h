/* SPDX-License-Identifier: Apache-2.0 */
/* The experiment of the planted run. */
#ifndef TESTS_REPORT_PLANTED_ASKED_H
#define TESTS_REPORT_PLANTED_ASKED_H

#include "experiment/run.h"

/* Sets what was asked for, routes, names; the rest stays zeroed. */
void planted_asked(struct run *run);

#endif
