/* SPDX-License-Identifier: Apache-2.0 */
/* The local CA. All leaves of a process have one key, so that minting costs
 * one signature. Beside the CA stand an intermediate of its own and a stranger
 * of the same name with another key, for certificates with flaws. */
#include "proxy/ca.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "proxy/ca_file.h"

#define HOUR	   3600L
#define DAY	   (24 * HOUR)
#define CA_LIFE	   (3650 * DAY)
#define LEAF_LIFE  (90 * DAY) /* clients refuse what lives too long */
#define CN_MAX	   64
#define SERIAL_LEN 16

struct issuer {
	X509 *cert;
	EVP_PKEY *key;
};

struct ca {
	uint64_t id;
	struct issuer root, intermediate, stranger;
	EVP_PKEY *leaf_key;
};

/* What a certificate is to say. */
struct wish {
	const char *name, *org; /* subject; org NULL: none */
	long from_s, to_s;	/* validity, from now */
	const struct issuer *issuer; /* NULL: itself */
	EVP_PKEY *key;
	bool is_ca;
};

static bool
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool
is_address(const char *name)
{
	struct in6_addr any;

	return inet_pton(AF_INET, name, &any) == 1 ||
	    inet_pton(AF_INET6, name, &any) == 1;
}

/* The subject alternative name; built by hand, as a name from a hello must
 * not be read as syntax. */
static bool
add_alt_name(X509 *cert, const char *name)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *general = GENERAL_NAME_new();
	bool ok;

	if (is_address(name)) {
		general->type = GEN_IPADD;
		general->d.iPAddress = a2i_IPADDRESS(name);
	} else {
		general->type = GEN_DNS;
		general->d.dNSName = ASN1_IA5STRING_new();
		ASN1_STRING_set(general->d.dNSName, name, -1);
	}
	sk_GENERAL_NAME_push(names, general);
	ok = X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0,
		 X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(names);
	return ok;
}

static bool
set_subject(X509 *cert, const struct wish *wish)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	const unsigned char *name = (const unsigned char *)wish->name;
	const unsigned char *org = (const unsigned char *)wish->org;

	/* A long name stands among the alternative ones alone. */
	if (strlen(wish->name) <= CN_MAX &&
	    !X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1,
		-1, 0))
		return false;
	return org == NULL ||
	    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, org, -1,
		-1, 0);
}

static bool
set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_LEN];
	BIGNUM *number;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40);
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = number != NULL &&
	    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
	BN_free(number);
	return ok;
}

static bool
set_usage(X509 *cert, X509 *issuer, const struct wish *wish)
{
	const char *usage = wish->is_ca ? "critical,keyCertSign,cRLSign"
					: "critical,digitalSignature";
	const char *basic = wish->is_ca ? "critical,CA:TRUE"
					: "critical,CA:FALSE";

	return add_extension(cert, issuer, NID_basic_constraints, basic) &&
	    add_extension(cert, issuer, NID_key_usage, usage) &&
	    add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
	    add_extension(cert, issuer, NID_authority_key_identifier,
		"keyid:always") &&
	    (wish->is_ca ||
		(add_extension(cert, issuer, NID_ext_key_usage, "serverAuth") &&
		    add_alt_name(cert, wish->name)));
}

/* Makes and signs a certificate. Returns owned, or NULL. */
static X509 *
make(const struct wish *wish)
{
	X509 *cert = X509_new(), *issuer;
	EVP_PKEY *key;

	if (cert == NULL)
		return NULL;
	issuer = wish->issuer != NULL ? wish->issuer->cert : cert;
	key = wish->issuer != NULL ? wish->issuer->key : wish->key;
	if (X509_set_version(cert, 2) && set_serial(cert) &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), wish->from_s) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), wish->to_s) != NULL &&
	    X509_set_pubkey(cert, wish->key) && set_subject(cert, wish) &&
	    X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
	    set_usage(cert, issuer, wish) &&
	    X509_sign(cert, key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static EVP_PKEY *
make_key(void)
{
	return EVP_EC_gen("P-256");
}

static bool
make_authority(struct issuer *to, const char *name, const struct issuer *by)
{
	struct wish wish = {
	    .name = name,
	    .org = "faultwire",
	    .from_s = -HOUR,
	    .to_s = CA_LIFE,
	    .issuer = by,
	    .is_ca = true,
	};

	wish.key = to->key = make_key();
	to->cert = to->key != NULL ? make(&wish) : NULL;
	return to->cert != NULL;
}

static void
issuer_fini(struct issuer *i)
{
	X509_free(i->cert);
	EVP_PKEY_free(i->key);
}

static struct ca *
complete(struct ca *ca, struct error *err)
{
	static atomic_uint_fast64_t last;

	ca->id = atomic_fetch_add(&last, 1) + 1;
	ca->leaf_key = make_key();
	if (ca->leaf_key != NULL &&
	    make_authority(&ca->intermediate, "faultwire intermediate CA",
		&ca->root) &&
	    make_authority(&ca->stranger, "faultwire unknown CA", NULL))
		return ca;
	error_set(err, 0, "OpenSSL cannot make certificates");
	ca_free(ca);
	return NULL;
}

struct ca *
ca_new(struct error *err)
{
	struct ca *ca = xcalloc(1, sizeof(*ca));

	if (make_authority(&ca->root, "faultwire CA nobody knows", NULL))
		return complete(ca, err);
	ca_free(ca);
	error_set(err, 0, "OpenSSL cannot make certificates");
	return NULL;
}

struct ca *
ca_load(const char *dir, struct error *err)
{
	struct ca *ca = xcalloc(1, sizeof(*ca));

	if (ca_file_read(dir, &ca->root.cert, &ca->root.key, err))
		return complete(ca, err);
	free(ca);
	return NULL;
}

bool
ca_init(const char *dir, struct error *err)
{
	struct issuer root = {0};
	char host[256] = "", name[CN_MAX + 1];
	bool ok;

	gethostname(host, sizeof(host) - 1);
	snprintf(name, sizeof(name), "faultwire CA of %.40s", host);
	if (!make_authority(&root, name, NULL)) {
		issuer_fini(&root);
		return error_set(err, 0, "OpenSSL cannot make certificates");
	}
	ok = ca_file_write(dir, root.cert, root.key, err);
	issuer_fini(&root);
	return ok;
}

void
ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	issuer_fini(&ca->root);
	issuer_fini(&ca->intermediate);
	issuer_fini(&ca->stranger);
	EVP_PKEY_free(ca->leaf_key);
	free(ca);
}

uint64_t
ca_id(const struct ca *ca)
{
	return ca->id;
}

EVP_PKEY *
ca_leaf_key(const struct ca *ca)
{
	return ca->leaf_key;
}

/* No leaf outlives its CA. */
static long
life_of(const struct issuer *issuer)
{
	int days = 0, seconds = 0;

	if (!ASN1_TIME_diff(&days, &seconds, NULL,
		X509_get0_notAfter(issuer->cert)))
		return LEAF_LIFE - HOUR;
	return MIN(LEAF_LIFE - HOUR, days * DAY + seconds);
}

bool
ca_mint(const struct ca *ca, const char *name, enum tls_flaw flaw,
    struct ca_leaf *to)
{
	struct wish wish = {
	    .name = name,
	    .from_s = -HOUR,
	    .to_s = life_of(&ca->root),
	    .issuer = &ca->root,
	    .key = ca->leaf_key,
	};

	*to = (struct ca_leaf){NULL, NULL};
	switch (flaw) {
	case TLS_FLAW_NONE:
		break;
	case TLS_FLAW_EXPIRED:
		wish.from_s = -30 * DAY;
		wish.to_s = -HOUR;
		break;
	case TLS_FLAW_NOT_YET_VALID:
		wish.from_s = DAY;
		break;
	case TLS_FLAW_WRONG_NAME:
		wish.name = "wrong-name.invalid";
		break;
	case TLS_FLAW_SELF_SIGNED:
		wish.issuer = NULL;
		break;
	case TLS_FLAW_UNKNOWN_CA:
		wish.issuer = &ca->stranger;
		break;
	case TLS_FLAW_MISSING_INTERMEDIATE:
		wish.issuer = &ca->intermediate;
		break;
	}
	to->cert = make(&wish);
	if (flaw == TLS_FLAW_UNKNOWN_CA && X509_up_ref(ca->stranger.cert))
		to->issuer = ca->stranger.cert;
	return to->cert != NULL;
}

void
ca_leaf_fini(struct ca_leaf *leaf)
{
	X509_free(leaf->cert);
	X509_free(leaf->issuer);
}
