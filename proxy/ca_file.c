/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the local CA. */
#include "proxy/ca_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "config/source.h"
#include "proxy/ca.h"
#include "proxy/tls_file.h"

#define FILE_MAX (64 * 1024)

/* Where the CA is kept if nobody says otherwise: $XDG_DATA_HOME/faultwire/ca,
 * else ~/.local/share/faultwire/ca. Returns owned. */
static char *
default_dir(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (data != NULL && data[0] == '/')
		return xasprintf("%s/faultwire/ca", data);
	return xasprintf("%s/.local/share/faultwire/ca",
	    home != NULL ? home : "");
}

static char *
path_of(const char *dir, const char *name)
{
	char *base = dir != NULL ? xstrdup(dir) : default_dir();
	char *path = xasprintf("%s/%s", base, name);

	free(base);
	return path;
}

char *
ca_cert_path(const char *dir)
{
	return path_of(dir, "ca.pem");
}

/* mkdir -p of the folder that the file is in. */
static bool
make_folder(const char *file, struct error *err)
{
	char *path = xstrdup(file);

	for (char *p = strchr(path + 1, '/'); p != NULL;
	     p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			error_set(err, errno, "%s: %s", path, strerror(errno));
			free(path);
			return false;
		}
		*p = '/';
	}
	free(path);
	return true;
}

/* Opens a file that must not be there yet. */
static FILE *
create(const char *path, mode_t mode, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file;

	if (fd < 0) {
		error_set(err, errno, "%s: %s", path,
		    errno == EEXIST
			? "it is there already; expected a folder without a CA"
			: strerror(errno));
		return NULL;
	}
	file = fdopen(fd, "w");
	if (file == NULL) {
		error_set(err, errno, "%s: %s", path, strerror(errno));
		close(fd);
		unlink(path);
	}
	return file;
}

static bool
finish(FILE *file, const char *path, bool ok, struct error *err)
{
	ok = fclose(file) == 0 && ok;
	if (ok)
		return true;
	unlink(path);
	return error_set(err, errno, "%s: it cannot be written", path);
}

bool
ca_file_write(const char *dir, X509 *cert, EVP_PKEY *key, struct error *err)
{
	char *cert_path = path_of(dir, "ca.pem");
	char *key_path = path_of(dir, "ca.key");
	bool ok = make_folder(key_path, err);
	FILE *file;

	file = ok ? create(key_path, 0600, err) : NULL;
	ok = file != NULL &&
	    finish(file, key_path, PEM_write_PrivateKey(file, key, NULL, NULL,
				       0, NULL, NULL) == 1, err);
	file = ok ? create(cert_path, 0644, err) : NULL;
	if (ok && file == NULL)
		unlink(key_path);
	ok = file != NULL &&
	    finish(file, cert_path, PEM_write_X509(file, cert) == 1, err);
	free(cert_path);
	free(key_path);
	return ok;
}

/* A file that others must not be able to read. */
static BIO *
open_secret(const char *path, struct str *text, struct error *err)
{
	if (!tls_file_is_open(path))
		return tls_file_open(path, text, err);
	error_set(err, 0,
	    "%s: others than its owner may read it; expected mode 0600", path);
	return NULL;
}

bool
ca_file_read(const char *dir, X509 **cert, EVP_PKEY **key, struct error *err)
{
	char *cert_path = path_of(dir, "ca.pem");
	char *key_path = path_of(dir, "ca.key");
	struct str cert_text = {0}, key_text = {0};
	BIO *cert_bio = tls_file_open(cert_path, &cert_text, err);
	BIO *key_bio = cert_bio != NULL
	    ? open_secret(key_path, &key_text, err)
	    : NULL;
	bool ok = false;

	*cert = NULL;
	*key = NULL;
	if (key_bio != NULL) {
		*cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
		*key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
		ok = *cert != NULL && *key != NULL &&
		    X509_check_private_key(*cert, *key) == 1;
		if (!ok)
			error_set(err, 0, "%s: it holds no CA that its key "
					  "fits; expected what faultwire ca "
					  "init makes", cert_path);
	}
	if (!ok) {
		X509_free(*cert);
		EVP_PKEY_free(*key);
		*cert = NULL;
		*key = NULL;
	}
	BIO_free(cert_bio);
	BIO_free(key_bio);
	if (key_text.len > 0)
		OPENSSL_cleanse(key_text.text, key_text.len);
	str_fini(&cert_text);
	str_fini(&key_text);
	free(cert_path);
	free(key_path);
	return ok;
}

bool
ca_export(const char *dir, struct str *to, struct error *err)
{
	char *path = ca_cert_path(dir);
	struct error why;
	bool ok = source_read(path, FILE_MAX, to, &why);

	if (!ok)
		error_set(err, why.code, "%s %s", path, why.text);
	free(path);
	return ok;
}
