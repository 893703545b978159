/* SPDX-License-Identifier: Apache-2.0 */
/* How many processors this process may really use. */
#ifndef PROXY_CPUS_H
#define PROXY_CPUS_H

/* The affinity mask's count, cut by the cgroup's CPU quota; at least 1. */
unsigned cpus_available(void);

#endif
