/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says about this process (proc(5)). */
#include "observe/process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static double
clock_seconds(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The directory's size is their number since Linux 6.2; before, 0. */
static uint64_t
count_fds(void)
{
	struct stat st;
	uint64_t n = 0;
	DIR *dir;

	if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	dir = opendir("/proc/self/fd");
	if (dir == NULL)
		return 0;
	for (const struct dirent *it; (it = readdir(dir)) != NULL;)
		n += it->d_name[0] != '.';
	closedir(dir);
	return n - 1; /* the directory itself was open */
}

static void
read_stat(struct process_facts *to)
{
	FILE *file = fopen("/proc/self/stat", "re");
	unsigned long long start = 0, size = 0;
	long long pages = 0;
	char text[1024];
	const char *at;
	size_t n;

	if (file == NULL)
		return;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	/* The name may hold anything, even blanks and parentheses. */
	at = strrchr(text, ')');
	if (at == NULL ||
	    sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u "
			   "%*u %*d %*d %*d %*d %*d %*d %llu %llu %lld",
		&start, &size, &pages) != 3)
		return;
	to->virtual_bytes = size;
	to->resident_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	to->start_s = (double)clock_wall_us() / 1e6 -
	    (clock_seconds(CLOCK_BOOTTIME) -
		(double)start / (double)sysconf(_SC_CLK_TCK));
}

void
process_facts_read(struct process_facts *to)
{
	struct rlimit limit;

	*to = (struct process_facts){
	    .cpu_s = clock_seconds(CLOCK_PROCESS_CPUTIME_ID),
	    .open_fds = count_fds(),
	};
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		to->max_fds = limit.rlim_cur;
	read_stat(to);
}
