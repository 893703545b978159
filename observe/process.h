/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says about this process, for the standard metrics. */
#ifndef OBSERVE_PROCESS_H
#define OBSERVE_PROCESS_H

#include <stdint.h>

struct process_facts {
	double cpu_s, start_s; /* start: since 1970; 0: not known */
	uint64_t open_fds, max_fds;
	uint64_t resident_bytes, virtual_bytes;
};

/* Asks; what cannot be told stays 0. */
void process_facts_read(struct process_facts *to);

#endif
