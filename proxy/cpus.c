/* SPDX-License-Identifier: Apache-2.0 */
/* How many processors this process may really use: containers limit it by a
 * quota (cgroup v2 cpu.max, v1 cpu.cfs_quota_us) that no CPU count shows. */
#include "proxy/cpus.h"

#include <sched.h>
#include <stdio.h>

#include "base/attr.h"

/* Numbers from a file of the kernel; returns how many were there. */
static int
read_numbers(const char *path, const char *format, long *a, long *b)
{
	FILE *file = fopen(path, "re");
	int n;

	if (file == NULL)
		return 0;
	n = fscanf(file, format, a, b);
	fclose(file);
	return n;
}

static unsigned
quota(void)
{
	long quota_us = 0, period_us = 0;

	if (read_numbers("/sys/fs/cgroup/cpu.max", "%ld %ld", &quota_us,
		&period_us) != 2 &&
	    (read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "%ld",
		 &quota_us, NULL) != 1 ||
		read_numbers("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "%ld",
		    &period_us, NULL) != 1))
		return 0;
	if (quota_us <= 0 || period_us <= 0)
		return 0;
	return (unsigned)((quota_us + period_us - 1) / period_us);
}

unsigned
cpus_available(void)
{
	unsigned count = 1, limit = quota();
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = (unsigned)CPU_COUNT(&set);
	if (limit > 0)
		count = MIN(count, limit);
	return MAX(count, 1);
}
