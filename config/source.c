/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a file whole, with a bound. */
#include "config/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool
source_read(const char *path, size_t most, struct str *to, struct error *err)
{
	char buffer[16384];
	size_t n, sum = 0;
	bool failed;
	FILE *file;

	file = fopen(path, "re");
	if (file == NULL)
		return error_set(err, errno,
				 "cannot be read: %s; expected a "
				 "readable file",
				 strerror(errno));
	errno = 0;
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0 &&
	       sum + n <= most) {
		str_add_bytes(to, buffer, n);
		sum += n;
	}
	failed = ferror(file) != 0;
	if (failed)
		error_set(err, errno,
			  "cannot be read: %s; expected a "
			  "readable file",
			  strerror(errno));
	fclose(file);
	if (!failed && n > 0)
		return error_set(
		    err, EFBIG,
		    "the configuration is too "
		    "large; expected at most %zu bytes in all files",
		    most);
	return !failed;
}
