/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses behind the host names of services, for partitions that tell
 * clients apart by them. Names are looked up in the background, again and
 * again, since the address of a container changes with every start; nobody
 * waits for a name server longer than a moment. When a lookup fails, what was
 * known last stays: a service that is gone is parted all the same.
 *
 *	hosts_add() ─► resolver ─► hosts_look(): changed ─► a new plan
 *
 * Control thread only. */
#ifndef PROXY_HOSTS_H
#define PROXY_HOSTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/model.h"
#include "proxy/resolve.h"

struct hosts;

/* Borrows resolver and clock. Returns owned, or NULL and err. */
struct hosts *hosts_new(struct resolver *resolver, const struct clock *clock,
    struct error *err);
/* Takes lookups under way back. NULL is accepted. */
void hosts_free(struct hosts *h);

/* From now on follows the names of the model's services too, if it has
 * partitions. Waits at most patience_us for the names that are new. */
void hosts_add(struct hosts *h, const struct conf_model *model,
    int64_t patience_us);
/* Forgets the names that are not the model's. */
void hosts_keep(struct hosts *h, const struct conf_model *model);
/* Looks at what is due. True if addresses have changed since the last call;
 * *next_us is lowered to when to call again. */
bool hosts_look(struct hosts *h, int64_t now_us, int64_t *next_us);
/* The addresses of a name as far as known, sorted (IPv4 mapped), and their
 * number in *count; borrowed until the next call of another function. NULL:
 * nothing is known. `h` may be NULL. */
const struct in6_addr *hosts_addresses(const struct hosts *h, const char *name,
    size_t *count);

#endif
