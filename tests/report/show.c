/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the report of a planted run into a folder: for the golden files, for
 * checks by other programs, and to look at.
 *
 *	show DIR [SEED [WITHOUT]]	WITHOUT: bits of planted.h
 */
#include <stdio.h>
#include <stdlib.h>

#include "report/write.h"
#include "tests/report/planted.h"

int
main(int argc, char **argv)
{
	struct run run = {0};
	struct error err;
	bool ok;

	if (argc < 2) {
		fprintf(stderr, "usage: show DIR [SEED [WITHOUT]]\n");
		return 2;
	}
	planted_run(&run, argc > 2 ? strtoull(argv[2], NULL, 10) : 7,
		    argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0);
	ok = report_write(&run, argv[1], &err);
	if (!ok)
		fprintf(stderr, "show: %s\n", err.text);
	run_fini(&run);
	return ok ? 0 : 1;
}
