/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and wiping secrets. */
#include "load/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

char *
load_secret_read(const char *path, struct error *err)
{
	char line[1024] = "", *secret = NULL;
	FILE *file;

	if (path == NULL)
		return xstrdup("");
	file = fopen(path, "re");
	if (file == NULL ||
	    (fgets(line, sizeof(line), file) == NULL && ferror(file))) {
		error_set(err, errno, "password_file %s: %s", path,
			  strerror(errno));
	} else {
		line[strcspn(line, "\r\n")] = '\0';
		secret = xstrdup(line);
	}
	if (file != NULL)
		fclose(file);
	OPENSSL_cleanse(line, sizeof(line));
	return secret;
}

void
load_secret_free(char *secret)
{
	if (secret != NULL)
		OPENSSL_cleanse(secret, strlen(secret));
	free(secret);
}
