/* SPDX-License-Identifier: Apache-2.0 */
/* The program behind docs/update and behind the build of manual pages.
 *
 *	generate pages FOLDER
 *	generate man TEMPLATE FILE */
#include "docs/generate.h"

#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "pages") == 0)
		return generate_pages(argv[2]) ? 0 : 1;
	if (argc == 4 && strcmp(argv[1], "man") == 0)
		return generate_man(argv[2], argv[3]) ? 0 : 1;
	fprintf(stderr, "Usage: generate pages FOLDER\n"
			"       generate man TEMPLATE FILE\n");
	return 2;
}
