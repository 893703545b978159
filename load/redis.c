/* SPDX-License-Identifier: Apache-2.0 */
/* Redis: a command in words, one reply. With a password file the connection
 * begins with AUTH. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "load/protocol.h"
#include "load/request.h"
#include "load/resp.h"
#include "load/secret.h"

struct redis_shared {
	const char *user; /* borrowed; NULL: the default one */
	char *password;	  /* owned; "": none */
};

struct redis {
	struct resp resp;
	struct str word; /* of the request, to be measured */
};

static void
add_word(struct str *out, const char *text, size_t len)
{
	str_printf(out, "$%zu\r\n", len);
	str_add_bytes(out, text, len);
	str_add(out, "\r\n");
}

static void
take(void *arg, struct view text)
{
	struct load_exchange *x = load_conn_exchange(arg);

	if (x != NULL && load_conn_is_ready(arg))
		load_exchange_body(x, text);
}

static void
redis_open(struct load_conn *c)
{
	const struct redis_shared *shared = load_conn_shared(c);
	struct redis *s = load_conn_state(c);
	struct str *out = load_conn_out(c);

	s->resp.sink = take;
	s->resp.arg = c;
	if (shared->password[0] == '\0') {
		load_conn_ready(c);
		return;
	}
	str_add(out, shared->user != NULL ? "*3\r\n" : "*2\r\n");
	add_word(out, "AUTH", 4);
	if (shared->user != NULL)
		add_word(out, shared->user, strlen(shared->user));
	add_word(out, shared->password, strlen(shared->password));
}

static void
redis_send(struct load_conn *c, struct load_exchange *x)
{
	const struct load_request *r = load_exchange_asked(x);
	struct redis *s = load_conn_state(c);
	struct str *out = load_conn_out(c);

	resp_reset(&s->resp);
	str_printf(out, "*%zu\r\n", r->words_count);
	for (size_t i = 0; i < r->words_count; i++) {
		str_clear(&s->word);
		str_add(&s->word, "");
		template_render(&r->words[i], load_exchange_vars(x), &s->word);
		add_word(out, s->word.text, s->word.len);
	}
}

/* A reply is whole. False: it was one to AUTH, and no. */
static bool
redis_reply(struct load_conn *c, bool error)
{
	struct load_exchange *x = load_conn_exchange(c);

	if (!load_conn_is_ready(c)) {
		if (error) {
			load_conn_end_all(c, SAMPLE_FAILED);
			return false;
		}
		load_conn_ready(c);
		return true;
	}
	load_exchange_end(x, error ? SAMPLE_FAILED : SAMPLE_OK);
	return true;
}

static bool
redis_data(struct load_conn *c, struct view data)
{
	struct redis *s = load_conn_state(c);
	struct load_exchange *x = load_conn_exchange(c);

	if (x != NULL && load_conn_is_ready(c))
		load_exchange_heard(x);
	while (data.len > 0) {
		bool error;

		/* Nobody asked for that. */
		if (load_conn_is_ready(c) && load_conn_exchange(c) == NULL)
			return false;
		switch (resp_feed(&s->resp, &data)) {
		case RESP_BAD:
			return false;
		case RESP_MORE:
			return true;
		case RESP_DONE:
			break;
		}
		error = s->resp.error;
		resp_reset(&s->resp);
		if (!redis_reply(c, error))
			return false;
	}
	return true;
}

static bool
redis_check(struct load_request *r, struct error *err)
{
	if (!load_request_words(r, err))
		return false;
	return r->words_count > 0 ||
	       error_set(err, 0, "send: expected a command");
}

static void
redis_teardown(void *arg)
{
	struct redis_shared *shared = arg;

	load_secret_free(shared->password);
	free(shared);
}

static void *
redis_setup(const struct conf_load *load, struct error *err)
{
	struct redis_shared *shared = xcalloc(1, sizeof(*shared));

	shared->user = load->user;
	shared->password = load_secret_read(load->password_file, err);
	if (shared->password != NULL)
		return shared;
	redis_teardown(shared);
	return NULL;
}

static void
redis_close(struct load_conn *c)
{
	struct redis *s = load_conn_state(c);

	resp_fini(&s->resp);
	str_fini(&s->word);
}

const struct load_protocol load_redis = {
    .conn_size = sizeof(struct redis),
    .streams = 1,
    .check = redis_check,
    .setup = redis_setup,
    .teardown = redis_teardown,
    .open = redis_open,
    .send = redis_send,
    .data = redis_data,
    .close = redis_close,
};
