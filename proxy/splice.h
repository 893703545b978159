/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk bytes that nobody looks at move inside the kernel, through a pipe that
 * is borrowed from the worker for one pass and kept only while the sink is
 * slower than the source. */
#ifndef PROXY_SPLICE_H
#define PROXY_SPLICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "proxy/tcp.h"

/* True if a pipe can be had. */
bool splice_possible(struct tcp *t, enum link_dir dir);
/* Moves what the source has, as far as the sink takes it; what the sink left
 * stays in t->pipes[dir]. Returns the bytes read, or what end_read() would
 * have said. */
ssize_t splice_relay(struct tcp *t, enum link_dir dir);
/* Writes what is left in t->pipes[dir]; true once the pipe is empty (and given
 * back). A failed sink is reported to the session. */
bool splice_flush(struct tcp *t, enum link_dir dir);
/* Gives a pipe back with whatever is in it (the session ends). */
void splice_drop(struct tcp *t, enum link_dir dir);
/* Closes the worker's spare pipes. */
void splice_fini(struct worker *w);

#endif
