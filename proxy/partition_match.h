/* SPDX-License-Identifier: Apache-2.0 */
/* Which service a route leads to, and which client addresses are whose. */
#ifndef PROXY_PARTITION_MATCH_H
#define PROXY_PARTITION_MATCH_H

#include <stddef.h>

#include "config/model.h"
#include "proxy/hosts.h"

/* Index of the service that an upstream's address belongs to; SIZE_MAX:
 * none. */
size_t partition_route_to(const struct conf_model *model,
    const struct conf_address *upstream);
/* Adds a service's addresses to when->clients (owned array); those of names
 * as far as hosts (NULL: none) knows them. */
void partition_when_add(struct conf_when *when,
    const struct conf_service *service, const struct hosts *hosts);
/* Copies the client conditions of one `when` into another (owned). */
void partition_when_copy(struct conf_when *to, const struct conf_when *from);

#endif
