/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions have no mechanism of their own: each becomes ordinary faults on
 * the routes between the services that it separates. */
#ifndef PROXY_PARTITION_H
#define PROXY_PARTITION_H

#include <stdbool.h>
#include <stddef.h>

#include "config/model.h"
#include "proxy/hosts.h"

/* A fault that a partition puts on a route. */
struct partition_fault {
	size_t route; /* index into model->routes */
	struct conf_fault fault;
};

/* Works out the faults of all enabled partitions of the model. Returns an
 * owned array (its conf_faults owned too, see partition_fault_fini) and its
 * length. `hosts` (NULL: nothing is known) has the addresses of services that
 * are host names. */
struct partition_fault *partition_faults(const struct conf_model *model,
    const struct hosts *hosts, uint64_t seed, size_t *count);
/* Frees what a fault of partition_faults() owns. */
void partition_fault_fini(struct conf_fault *fault);

#endif
