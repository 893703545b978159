/* SPDX-License-Identifier: Apache-2.0 */
/* Noticing that files changed, however they were changed: written in place,
 * renamed over, swapped behind a symbolic link, on a mount that tells nothing
 * (then by looking now and then). */
#ifndef PROXY_WATCH_H
#define PROXY_WATCH_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "config/field.h"

struct watch;

/* Calls on_change(arg) from the loop when the contents of any file differ
 * from what they were at the last call of watch_files() or of on_change.
 * Returns owned; borrows the loop. */
struct watch *watch_new(struct event_base *base, void (*on_change)(void *arg),
    void *arg);
/* Watches these files (one at least; names are copied) from now on, in place
 * of earlier ones. While one of the first `needed` is missing nothing is a
 * change; that another one vanished is. Of the same files as before the known
 * contents stay the known ones; of others their contents now are, unless the
 * first file's differ from `loaded`, its watch_hash() from before it was read:
 * then on_change is called soon. */
void watch_files(struct watch *w, const struct conf_strings *files,
    size_t needed, uint64_t loaded);
/* A hash of the file's contents now, or of why there are none (a folder, no
 * permission); 0 if it is not there. */
uint64_t watch_hash(const char *file);
/* Ends the watching; NULL is accepted. */
void watch_free(struct watch *w);

#endif
