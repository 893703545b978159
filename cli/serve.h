/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy as a process, whichever front started it. */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "control/run_config.h"

/* Runs the proxy until it is told to end, with signals, journal and reloads.
 * Borrows the options. Returns an exit code; why it is not EXIT_DONE was said
 * on standard error. */
int serve_proxy(const struct run_options *opt);

#endif
