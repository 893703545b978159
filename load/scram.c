/* SPDX-License-Identifier: Apache-2.0 */
/* SCRAM-SHA-256 by OpenSSL's primitives. */
#include "load/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

/* The server's first message, taken apart. */
struct challenge {
	struct view nonce;
	unsigned char salt[64];
	size_t salt_len;
	int iterations;
};

bool
scram_init(struct scram *s, const char *user)
{
	unsigned char bits[18];

	*s = (struct scram){.user = user};
	if (RAND_bytes(bits, sizeof(bits)) != 1)
		return false;
	EVP_EncodeBlock((unsigned char *)s->nonce, bits, sizeof(bits));
	return true;
}

static void
add_bare(const struct scram *s, struct str *to)
{
	str_printf(to, "n=%s,r=%s", s->user, s->nonce);
}

void
scram_first(const struct scram *s, struct str *to)
{
	str_add(to, "n,,");
	add_bare(s, to);
}

/* The attribute `name` at the front of `text`, which is cut off it. */
static bool
next_attribute(struct view *text, char name, struct view *value)
{
	const char *comma;

	if (text->len < 2 || text->at[0] != name || text->at[1] != '=')
		return false;
	comma = memchr(text->at, ',', text->len);
	value->at = text->at + 2;
	value->len =
	    comma != NULL ? (size_t)(comma - value->at) : text->len - 2;
	text->at = value->at + value->len;
	text->len -= 2 + value->len;
	if (comma != NULL) {
		text->at++;
		text->len--;
	}
	return true;
}

/* Base64 into `to`; returns the length, or -1. */
static int
decode(struct view text, unsigned char *to, size_t room)
{
	unsigned char out[99];
	int len;

	if (text.len == 0 || text.len % 4 != 0 || text.len / 4 * 3 > 96)
		return -1;
	len =
	    EVP_DecodeBlock(out, (const unsigned char *)text.at, (int)text.len);
	if (len < 0)
		return -1;
	for (size_t i = text.len; i > text.len - 2 && text.at[i - 1] == '=';
	     i--)
		len--;
	if ((size_t)len > room)
		return -1;
	memcpy(to, out, (size_t)len);
	return len;
}

static bool
read_challenge(const struct scram *s, struct view server, struct challenge *c,
	       struct error *err)
{
	struct view salt, iterations;
	char number[12] = "", *end;
	long n;
	int len;

	if (!next_attribute(&server, 'r', &c->nonce) ||
	    !next_attribute(&server, 's', &salt) ||
	    !next_attribute(&server, 'i', &iterations))
		return error_set(err, 0, "the challenge is malformed");
	if (c->nonce.len <= strlen(s->nonce) ||
	    memcmp(c->nonce.at, s->nonce, strlen(s->nonce)) != 0)
		return error_set(err, 0, "the nonce is not ours");
	len = decode(salt, c->salt, sizeof(c->salt));
	if (len < 0)
		return error_set(err, 0, "the salt is malformed");
	c->salt_len = (size_t)len;
	memcpy(number, iterations.at, MIN(iterations.len, sizeof(number) - 1));
	n = strtol(number, &end, 10);
	if (iterations.len >= sizeof(number) || *end != '\0' || n < 1 ||
	    n > SCRAM_ITERATIONS)
		return error_set(err, 0, "%s iterations, expected 1 to %d",
				 number, SCRAM_ITERATIONS);
	c->iterations = (int)n;
	return true;
}

static void
salt_password(struct scram_cache *cache, const struct challenge *c)
{
	if (cache->iterations == c->iterations &&
	    cache->salt_len == c->salt_len &&
	    memcmp(cache->salt, c->salt, c->salt_len) == 0)
		return;
	memcpy(cache->salt, c->salt, c->salt_len);
	cache->salt_len = c->salt_len;
	cache->iterations = c->iterations;
	PKCS5_PBKDF2_HMAC(cache->password, (int)strlen(cache->password),
			  c->salt, (int)c->salt_len, c->iterations,
			  EVP_sha256(), SCRAM_KEY, cache->salted);
}

static void
sign(const unsigned char *key, const void *data, size_t len, unsigned char *to)
{
	HMAC(EVP_sha256(), key, SCRAM_KEY, data, len, to, NULL);
}

/* Appends the proof, and keeps what the server must show. */
static void
prove(struct scram *s, const unsigned char *salted, struct view message,
      struct str *to)
{
	unsigned char key[SCRAM_KEY], stored[SCRAM_KEY], proof[SCRAM_KEY];
	unsigned char text[SCRAM_KEY * 2];

	sign(salted, "Client Key", 10, key);
	SHA256(key, sizeof(key), stored);
	sign(stored, message.at, message.len, proof);
	for (size_t i = 0; i < SCRAM_KEY; i++)
		proof[i] ^= key[i];
	sign(salted, "Server Key", 10, key);
	sign(key, message.at, message.len, s->server);
	EVP_EncodeBlock(text, proof, sizeof(proof));
	str_printf(to, ",p=%s", (const char *)text);
	OPENSSL_cleanse(key, sizeof(key));
	s->proven = true;
}

bool
scram_final(struct scram *s, struct scram_cache *cache, struct view server,
	    struct str *to, struct error *err)
{
	struct str message = {0}, final = {0};
	struct challenge c;

	if (!read_challenge(s, server, &c, err))
		return false;
	salt_password(cache, &c);
	/* "biws" is "n,,": no channel binding. */
	str_printf(&final, "c=biws,r=%.*s", (int)c.nonce.len, c.nonce.at);
	add_bare(s, &message);
	str_add_char(&message, ',');
	str_add_bytes(&message, server.at, server.len);
	str_add_char(&message, ',');
	str_add_bytes(&message, final.text, final.len);
	str_add_bytes(to, final.text, final.len);
	prove(s, cache->salted, (struct view){message.text, message.len}, to);
	str_fini(&message);
	str_fini(&final);
	return true;
}

bool
scram_verify(const struct scram *s, struct view server)
{
	unsigned char shown[SCRAM_KEY];
	struct view value;

	return s->proven && next_attribute(&server, 'v', &value) &&
	       decode(value, shown, sizeof(shown)) == SCRAM_KEY &&
	       CRYPTO_memcmp(shown, s->server, SCRAM_KEY) == 0;
}
