/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL, version 3 of its protocol, simple queries only.
 *
 *	(SSLRequest ─► S ─► TLS ─►)
 *	startup ─► authentication ─► ReadyForQuery ─► Query ─► … ReadyForQuery
 *
 * A connection that a query leaves within a transaction serves no more: the
 * next one would go on in it. */
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "load/pg_reader.h"
#include "load/protocol.h"
#include "load/request.h"
#include "load/scram.h"
#include "load/secret.h"

#define VERSION	    196608			 /* 3.0 */
#define SSL_REQUEST "\0\0\0\x08\x04\xd2\x16\x2f" /* length, 80877103 */

struct postgres_shared {
	const char *user, *database; /* borrowed */
	char *password;		     /* owned; "": none */
	struct scram_cache cache;
};

struct postgres {
	struct pg_reader reader;
	struct scram scram;
	struct str scratch;
	bool verified; /* the server knows the password, too */
	bool error;    /* the answer on its way holds one */
};

enum authentication {
	AUTH_OK = 0,
	AUTH_CLEARTEXT = 3,
	AUTH_MD5 = 5,
	AUTH_SASL = 10,
	AUTH_SASL_CONTINUE = 11,
	AUTH_SASL_FINAL = 12,
};

/* --- messages of ours --- */

static void
add_number(struct str *out, uint32_t n)
{
	uint32_t wire = htonl(n);

	str_add_bytes(out, &wire, sizeof(wire));
}

/* type 0: none, as at the startup. */
static void
add_message(struct str *out, char type, const void *data, size_t len)
{
	if (type != '\0')
		str_add_char(out, type);
	add_number(out, (uint32_t)len + 4);
	str_add_bytes(out, data, len);
}

/* With its NUL. */
static void
add_text(struct str *to, const char *text)
{
	str_add_bytes(to, text, strlen(text) + 1);
}

static void
postgres_open(struct load_conn *c)
{
	const struct postgres_shared *shared = load_conn_shared(c);
	struct str text = {0};

	add_number(&text, VERSION);
	add_text(&text, "user");
	add_text(&text, shared->user);
	add_text(&text, "database");
	add_text(&text, shared->database);
	add_text(&text, "application_name");
	add_text(&text, "faultwire");
	str_add_char(&text, '\0');
	add_message(load_conn_out(c), '\0', text.text, text.len);
	str_fini(&text);
}

static void
postgres_send(struct load_conn *c, struct load_exchange *x)
{
	struct postgres *s = load_conn_state(c);

	s->error = false;
	str_clear(&s->scratch);
	template_render(&load_exchange_asked(x)->send, load_exchange_vars(x),
			&s->scratch);
	str_add_char(&s->scratch, '\0');
	add_message(load_conn_out(c), 'Q', s->scratch.text, s->scratch.len);
}

/* --- authentication --- */

/* The MD5 of both, in hexadecimal digits. */
static void
add_md5(struct str *to, struct view a, struct view b)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned len = 0;

	if (EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1) {
		EVP_DigestUpdate(ctx, a.at, a.len);
		EVP_DigestUpdate(ctx, b.at, b.len);
		EVP_DigestFinal_ex(ctx, sum, &len);
	}
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < len; i++)
		str_printf(to, "%02x", sum[i]);
}

static void
answer_md5(const struct postgres_shared *shared, struct view salt,
	   struct str *out)
{
	struct str inner = {0}, outer = {0};

	add_md5(&inner, view_of(shared->password), view_of(shared->user));
	str_add(&outer, "md5");
	add_md5(&outer, (struct view){inner.text, inner.len}, salt);
	str_add_char(&outer, '\0');
	add_message(out, 'p', outer.text, outer.len);
	str_fini(&inner);
	str_fini(&outer);
}

/* Is SCRAM-SHA-256 among the NUL-ended names? */
static bool
offers_scram(struct view names)
{
	while (names.len > 0) {
		size_t len = strnlen(names.at, names.len);

		if (view_is((struct view){names.at, len}, "SCRAM-SHA-256"))
			return true;
		len = MIN(len + 1, names.len);
		names.at += len;
		names.len -= len;
	}
	return false;
}

static bool
start_scram(struct postgres *s, struct view names, struct str *out)
{
	struct str text = {0}, first = {0};

	if (!offers_scram(names) || !scram_init(&s->scram, ""))
		return false;
	scram_first(&s->scram, &first);
	add_text(&text, "SCRAM-SHA-256");
	add_number(&text, (uint32_t)first.len);
	str_add_bytes(&text, first.text, first.len);
	add_message(out, 'p', text.text, text.len);
	str_fini(&text);
	str_fini(&first);
	return true;
}

static bool
go_on_with_scram(struct postgres *s, struct scram_cache *cache,
		 struct view server, struct str *out)
{
	struct str text = {0};
	struct error err;
	bool ok = s->scram.user != NULL &&
		  scram_final(&s->scram, cache, server, &text, &err);

	if (ok)
		add_message(out, 'p', text.text, text.len);
	str_fini(&text);
	return ok;
}

/* False: it cannot be met. */
static bool
authenticate(struct load_conn *c, struct view message)
{
	struct postgres_shared *shared = load_conn_shared(c);
	struct postgres *s = load_conn_state(c);
	struct str *out = load_conn_out(c);
	uint32_t how;

	if (message.len < sizeof(how))
		return false;
	memcpy(&how, message.at, sizeof(how));
	message.at += sizeof(how);
	message.len -= sizeof(how);
	switch ((enum authentication)ntohl(how)) {
	case AUTH_OK:
		return s->scram.user == NULL || s->verified;
	case AUTH_CLEARTEXT:
		add_message(out, 'p', shared->password,
			    strlen(shared->password) + 1);
		return true;
	case AUTH_MD5:
		answer_md5(shared, message, out);
		return message.len == 4;
	case AUTH_SASL:
		return start_scram(s, message, out);
	case AUTH_SASL_CONTINUE:
		return go_on_with_scram(s, &shared->cache, message, out);
	case AUTH_SASL_FINAL:
		s->verified = scram_verify(&s->scram, message);
		return s->verified;
	}
	return false;
}

/* --- messages of the server --- */

/* status: I idle, T within a transaction, E within one that failed. */
static bool
on_ready(struct load_conn *c, struct postgres *s, char status)
{
	struct load_exchange *x = load_conn_exchange(c);
	bool error = s->error;

	s->error = false;
	if (!load_conn_is_ready(c)) {
		load_conn_ready(c);
		return true;
	}
	if (x == NULL)
		return false;
	if (status != 'I')
		load_conn_retire(c);
	load_exchange_end(x, error ? SAMPLE_FAILED : SAMPLE_OK);
	return true;
}

static bool
on_message(struct load_conn *c, struct postgres *s, char type)
{
	struct view text = {s->reader.text.text, s->reader.text.len};

	switch (type) {
	case 'R':
		return !load_conn_is_ready(c) && authenticate(c, text);
	case 'E':
		s->error = true;
		if (load_conn_is_ready(c))
			return true;
		/* The server answered, and will not have us. */
		load_conn_end_all(c, SAMPLE_FAILED);
		return false;
	case 'G': /* it waits for data to copy: there are none */
		add_message(load_conn_out(c), 'f', "", 1);
		return true;
	case 'W':
		return false;
	case 'Z':
		return on_ready(c, s, text.len > 0 ? text.at[0] : 'I');
	default:
		return true;
	}
}

static bool
postgres_data(struct load_conn *c, struct view data)
{
	struct postgres *s = load_conn_state(c);
	struct load_exchange *x = load_conn_exchange(c);
	struct view piece;

	if (x != NULL && load_conn_is_ready(c))
		load_exchange_heard(x);
	for (;;) {
		switch (pg_read(&s->reader, &data, &piece)) {
		case PG_MORE:
			return true;
		case PG_BAD:
			return false;
		case PG_PIECE:
			x = load_conn_exchange(c);
			if (x != NULL && load_conn_is_ready(c))
				load_exchange_body(x, piece);
			break;
		case PG_MESSAGE:
			if (!on_message(c, s, s->reader.type))
				return false;
			break;
		}
	}
}

/* A server that shuts down says so in place of an answer. */
static void
postgres_eof(struct load_conn *c)
{
	const struct postgres *s = load_conn_state(c);

	if (s->error)
		load_conn_end_all(c, SAMPLE_FAILED);
}

static bool
postgres_leave(struct load_conn *c)
{
	add_message(load_conn_out(c), 'X', "", 0);
	return true;
}

static void
postgres_close(struct load_conn *c)
{
	struct postgres *s = load_conn_state(c);

	pg_reader_fini(&s->reader);
	str_fini(&s->scratch);
}

/* --- what connections share --- */

static void
postgres_teardown(void *arg)
{
	struct postgres_shared *shared = arg;

	load_secret_free(shared->password);
	free(shared);
}

static void *
postgres_setup(const struct conf_load *load, struct error *err)
{
	struct postgres_shared *shared = xcalloc(1, sizeof(*shared));

	shared->user = load->user != NULL ? load->user : "postgres";
	shared->database =
	    load->database != NULL ? load->database : shared->user;
	shared->password = load_secret_read(load->password_file, err);
	shared->cache.password = shared->password;
	if (shared->password != NULL)
		return shared;
	postgres_teardown(shared);
	return NULL;
}

static bool
postgres_check(struct load_request *r, struct error *err)
{
	return r->asked->send != NULL ||
	       error_set(err, 0, "send: expected SQL");
}

const struct load_protocol load_postgres = {
    .ask = {SSL_REQUEST, sizeof(SSL_REQUEST) - 1},
    .conn_size = sizeof(struct postgres),
    .streams = 1,
    .check = postgres_check,
    .setup = postgres_setup,
    .teardown = postgres_teardown,
    .open = postgres_open,
    .send = postgres_send,
    .data = postgres_data,
    .eof = postgres_eof,
    .leave = postgres_leave,
    .close = postgres_close,
};
