/* SPDX-License-Identifier: Apache-2.0 */
/* Running another program to its end, with text in and text out. */
#ifndef CONTROL_CHILD_H
#define CONTROL_CHILD_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/* Runs argv[0] (argv: NULL-ended; found in PATH or the folders of system
 * programs) with `input` (NULL: none) on its standard input. What it prints
 * is appended to out, what it complains of to complaint. Blocks. Returns its
 * exit code (128 + a signal's number), or -1 and err: it could not be run;
 * err->code is ENOENT if there is no such program. */
int child_run(const char *const argv[], const char *input, struct str *out,
    struct str *complaint, struct error *err);

#endif
