/* SPDX-License-Identifier: Apache-2.0 */
/* PEM files. */
#include "proxy/tls_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#include "base/rng.h"
#include "config/source.h"
#include "proxy/watch.h"

#define FILE_MAX (4 * 1024 * 1024)

/* No passphrase is asked for: the process has no terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

BIO *
tls_file_open(const char *path, struct str *text, struct error *err)
{
	struct error why;

	if (!source_read(path, FILE_MAX, text, &why)) {
		error_set(err, why.code, "%s %s", path, why.text);
		return NULL;
	}
	return BIO_new_mem_buf(text->len > 0 ? text->text : "",
	    (int)text->len);
}

STACK_OF(X509) *
tls_certificates_read(const char *path, struct error *err)
{
	struct str text = {0};
	BIO *bio = tls_file_open(path, &text, err);
	STACK_OF(X509) *all;
	X509 *cert;

	if (bio == NULL)
		return NULL;
	all = sk_X509_new_null();
	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) !=
	    NULL)
		sk_X509_push(all, cert);
	ERR_clear_error();
	BIO_free(bio);
	str_fini(&text);
	if (sk_X509_num(all) > 0)
		return all;
	sk_X509_free(all);
	error_set(err, 0, "%s: it holds no certificate; expected PEM", path);
	return NULL;
}

static EVP_PKEY *
read_key(const char *path, struct error *err)
{
	struct str text = {0};
	BIO *bio = tls_file_open(path, &text, err);
	EVP_PKEY *key;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	BIO_free(bio);
	if (text.len > 0)
		OPENSSL_cleanse(text.text, text.len);
	str_fini(&text);
	if (key == NULL)
		error_set(err, 0, "%s: it holds no key; expected PEM without "
				  "a passphrase", path);
	return key;
}

bool
tls_pair_read(const char *cert_path, const char *key_path,
    struct tls_pair *to, struct error *err)
{
	*to = (struct tls_pair){0};
	to->chain = tls_certificates_read(cert_path, err);
	if (to->chain == NULL)
		return false;
	to->cert = sk_X509_shift(to->chain);
	to->key = read_key(key_path != NULL ? key_path : cert_path, err);
	if (to->key != NULL && X509_check_private_key(to->cert, to->key) == 1)
		return true;
	if (to->key != NULL)
		error_set(err, 0, "%s: the key is not that of the certificate "
				  "in %s",
		    key_path != NULL ? key_path : cert_path, cert_path);
	ERR_clear_error();
	tls_pair_fini(to);
	return false;
}

void
tls_pair_fini(struct tls_pair *pair)
{
	X509_free(pair->cert);
	EVP_PKEY_free(pair->key);
	sk_X509_pop_free(pair->chain, X509_free);
	*pair = (struct tls_pair){0};
}

bool
tls_file_is_open(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077) != 0;
}

uint64_t
tls_files_hash(const char *const *paths, size_t count)
{
	struct str text = {0};
	uint64_t hash;

	str_printf(&text, "%zu", count);
	for (size_t i = 0; i < count; i++)
		str_printf(&text, " %llx",
		    (unsigned long long)watch_hash(paths[i]));
	hash = rng_hash(text.text);
	str_fini(&text);
	return hash;
}
