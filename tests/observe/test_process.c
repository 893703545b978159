/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says about this process. */
#include "observe/process.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/harness/check_run.h"

START_TEST(figures_are_those_of_this_process)
{
	struct process_facts f;
	double now_s = (double)clock_wall_us() / 1e6;

	process_facts_read(&f);
	ck_assert(f.cpu_s > 0 && f.cpu_s < 60);
	ck_assert(f.start_s > now_s - 300 && f.start_s <= now_s + 1);
	ck_assert_uint_gt(f.resident_bytes, 100000);
	ck_assert_uint_gt(f.virtual_bytes, f.resident_bytes);
	ck_assert_uint_ge(f.max_fds, f.open_fds);
}
END_TEST

START_TEST(descriptors_are_counted_exactly)
{
	struct process_facts before, after;
	int fds[5];

	process_facts_read(&before);
	for (int i = 0; i < 5; i++)
		fds[i] = open("/dev/null", O_RDONLY);
	process_facts_read(&after);
	ck_assert_uint_eq(after.open_fds, before.open_fds + 5);
	for (int i = 0; i < 5; i++)
		close(fds[i]);
}
END_TEST

int
main(void)
{
	return check_run("process",
	    (const TTest *const[]){figures_are_those_of_this_process,
		descriptors_are_counted_exactly, NULL});
}
