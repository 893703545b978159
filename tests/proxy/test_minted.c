/* SPDX-License-Identifier: Apache-2.0 */
/* The local CA and what it mints: each flaw is the one that a verifier finds,
 * and costs what it may. */
#include "proxy/minted.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"

static char dir[64];
static struct ca *ca;
static X509 *root;

static void
setup(void)
{
	struct str pem = {0};
	struct error err;
	BIO *bio;

	snprintf(dir, sizeof(dir), "/tmp/faultwire-ca-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert(ca_init(dir, &err));
	ca = ca_load(dir, &err);
	ck_assert_msg(ca != NULL, "%s", err.text);
	ck_assert(ca_export(dir, &pem, &err));
	bio = BIO_new_mem_buf(pem.text, (int)pem.len);
	root = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	str_fini(&pem);
}

static void
teardown(void)
{
	char *path = xasprintf("rm -rf %s", dir);

	X509_free(root);
	ca_free(ca);
	ck_assert_int_eq(system(path), 0);
	free(path);
}

/* What a client that trusts the CA thinks of the leaf for that host. */
static int
verdict(const struct ca_leaf *leaf, const char *host)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	STACK_OF(X509) *chain = sk_X509_new_null();
	int error;

	X509_STORE_add_cert(store, root);
	if (leaf->issuer != NULL)
		sk_X509_push(chain, leaf->issuer);
	X509_STORE_CTX_init(ctx, store, leaf->cert, chain);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
	if (!X509_VERIFY_PARAM_set1_ip_asc(param, host))
		X509_VERIFY_PARAM_set1_host(param, host, 0);
	X509_verify_cert(ctx);
	error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(chain);
	return error;
}

START_TEST(each_flaw_is_the_one_that_is_found)
{
	static const struct {
		enum tls_flaw flaw;
		int error;
	} cases[] = {
	    {TLS_FLAW_NONE, X509_V_OK},
	    {TLS_FLAW_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED},
	    {TLS_FLAW_NOT_YET_VALID, X509_V_ERR_CERT_NOT_YET_VALID},
	    {TLS_FLAW_WRONG_NAME, X509_V_ERR_HOSTNAME_MISMATCH},
	    {TLS_FLAW_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
	    {TLS_FLAW_UNKNOWN_CA, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
	    {TLS_FLAW_MISSING_INTERMEDIATE,
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
	};
	struct ca_leaf leaf;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ck_assert(ca_mint(ca, "www.test", cases[i].flaw, &leaf));
		ck_assert_msg(verdict(&leaf, "www.test") == cases[i].error,
		    "flaw %d: %s", (int)cases[i].flaw,
		    X509_verify_cert_error_string(
			verdict(&leaf, "www.test")));
		ca_leaf_fini(&leaf);
	}
}
END_TEST

START_TEST(names_of_every_kind_are_covered)
{
	char long_name[254];
	const char *const names[] = {"a", "www.test", "127.0.0.1", "::1",
	    "x\",DNS:evil.test", long_name};
	struct ca_leaf leaf;

	memset(long_name, 'l', sizeof(long_name) - 1);
	for (size_t i = 63; i < sizeof(long_name) - 1; i += 63)
		long_name[i] = '.';
	long_name[sizeof(long_name) - 1] = '\0';
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ck_assert(ca_mint(ca, names[i], TLS_FLAW_NONE, &leaf));
		if (strchr(names[i], '"') == NULL)
			ck_assert_int_eq(verdict(&leaf, names[i]), X509_V_OK);
		ck_assert_int_eq(verdict(&leaf, "evil.test"),
		    X509_V_ERR_HOSTNAME_MISMATCH);
		ca_leaf_fini(&leaf);
	}
}
END_TEST

START_TEST(files_are_for_the_owner_alone)
{
	struct error err;
	struct stat st;
	char *key = xasprintf("%s/ca.key", dir);

	ck_assert_int_eq(stat(key, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert(!ca_init(dir, &err));
	chmod(key, 0640);
	ck_assert_ptr_null(ca_load(dir, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "expected mode 0600"));
	free(key);
}
END_TEST

START_TEST(empty_files_are_no_ca)
{
	struct error err = {0};
	char *cert = xasprintf("%s/ca.pem", dir);

	ck_assert_int_eq(truncate(cert, 0), 0);
	ck_assert_ptr_null(ca_load(dir, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "it holds no CA"));
	free(cert);
}
END_TEST

START_TEST(the_cache_is_bounded_and_keeps_what_is_used)
{
	struct minted *m = minted_new();
	X509 *kept = minted_get(m, ca, "kept.test", TLS_FLAW_NONE)->cert;
	char name[32];

	X509_up_ref(kept);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d.test", i);
		ck_assert_ptr_nonnull(minted_get(m, ca, name, TLS_FLAW_NONE));
		ck_assert_ptr_eq(
		    minted_get(m, ca, "kept.test", TLS_FLAW_NONE)->cert, kept);
	}
	ck_assert_ptr_ne(minted_get(m, ca, "kept.test",
			     TLS_FLAW_EXPIRED)->cert, kept);
	X509_free(kept);
	minted_free(m);
}
END_TEST

/* Medians, with room for sanitizers and a busy machine; the figures proper are
 * in the bench. */
START_TEST(minting_and_finding_are_quick)
{
	struct minted *m = minted_new();
	int64_t mint_us = INT64_MAX, find_us = INT64_MAX;
	char name[32];

	for (int i = 0; i < 50; i++) {
		int64_t start = clock_now(&clock_real), mid;

		snprintf(name, sizeof(name), "q%d.test", i);
		minted_get(m, ca, name, TLS_FLAW_NONE);
		mid = clock_now(&clock_real);
		minted_get(m, ca, name, TLS_FLAW_NONE);
		find_us = MIN(find_us, clock_now(&clock_real) - mid);
		mint_us = MIN(mint_us, mid - start);
	}
	ck_assert_int_lt(mint_us, 2000);
	ck_assert_int_lt(find_us, 50);
	minted_free(m);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    each_flaw_is_the_one_that_is_found,
	    names_of_every_kind_are_covered,
	    files_are_for_the_owner_alone,
	    empty_files_are_no_ca,
	    the_cache_is_bounded_and_keeps_what_is_used,
	    minting_and_finding_are_quick,
	};
	Suite *suite = suite_create("minted");
	TCase *tc = tcase_create("minted");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < COUNT_OF(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
