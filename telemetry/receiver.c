/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to one receiver, with what its answers mean. */
#include "telemetry/receiver.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "client/http_tls.h"
#include "config/url.h"

#define BACKOFF_MIN_US	 INT64_C(1000000)
#define BACKOFF_MAX_US	 INT64_C(30000000)
#define RETRY_AFTER_MAX_S 300
#define SHOWN_BYTES	 200 /* of an answer, in the log */

bool
receiver_init(struct receiver *r, const struct receiver_settings *s,
    struct error *err)
{
	struct conf_url url;
	bool ok = conf_url_parse(s->url, &url, err);
	size_t len = url.path != NULL ? strlen(url.path) : 0;

	*r = (struct receiver){
	    .target = {.address = url.address, .timeout_us = s->timeout_us},
	    .base = url.path,
	    .token = xstrdup(s->token),
	    .headers = xstrdup(s->headers),
	    .signal = s->signal,
	    .retry_any_5xx = s->retry_any_5xx,
	};
	r->target.token = r->token;
	if (len > 0 && r->base[len - 1] == '/')
		r->base[len - 1] = '\0';
	if (ok && url.tls) {
		r->target.tls = http_tls_new(s->ca_file, err);
		ok = r->target.tls != NULL;
	}
	return ok;
}

void
receiver_fini(struct receiver *r)
{
	SSL_CTX_free(r->target.tls);
	http_client_target_fini(&r->target);
	free(r->base);
	free(r->headers);
	if (r->token != NULL)
		OPENSSL_cleanse(r->token, strlen(r->token));
	free(r->token);
	*r = (struct receiver){0};
}

static enum receipt
receipt_of(const struct receiver *r, int status)
{
	if (status / 100 == 2)
		return RECEIPT_OK;
	return status == 429 || (status >= 502 && status <= 504) ||
		(r->retry_any_5xx && status / 100 == 5)
	    ? RECEIPT_RETRY
	    : RECEIPT_DROP;
}

/* What the log says about an answer: its first line, at most. */
static char *
shown(const struct http_client_reply *reply)
{
	size_t len = MIN(reply->body.len, SHOWN_BYTES);

	if (reply->body.len == 0)
		return NULL;
	return xmemdup0(reply->body.text, len);
}

static void
tell_failure(struct receiver *r, const struct http_client_reply *reply,
    const char *error)
{
	char *text = shown(reply);

	if (!r->told)
		log_line(LOG_WARN, "telemetry_failed",
		    "telemetry is not taken; it goes on trying, and counts "
		    "what is lost",
		    LOG_STR("signal", r->signal),
		    LOG_STR("receiver", r->target.address.text),
		    reply->status != 0 ? LOG_INT("code", reply->status)
				       : LOG_STR("code", NULL),
		    LOG_STR("error", error != NULL ? error : text), LOG_END);
	r->told = true;
	free(text);
}

static void
tell_success(struct receiver *r)
{
	if (r->told)
		log_line(LOG_INFO, "telemetry_taken",
		    "telemetry is taken again", LOG_STR("signal", r->signal),
		    LOG_STR("receiver", r->target.address.text), LOG_END);
	r->told = false;
}

enum receipt
receiver_send(struct receiver *r, int cancel_fd,
    const struct http_client_request *request, struct http_client_reply *to)
{
	struct http_client_request with = *request;
	struct error err = {0};
	enum receipt receipt;
	bool heard;

	with.headers = r->headers;
	r->target.cancel_fd = cancel_fd;
	heard = http_client_call(&r->target, &with, to, &err);
	receipt = heard ? receipt_of(r, to->status) : RECEIPT_RETRY;
	if (receipt == RECEIPT_OK) {
		r->failures = 0;
		tell_success(r);
		return receipt;
	}
	r->failures++;
	if (heard || err.code != ECANCELED)
		tell_failure(r, to, heard ? NULL : err.text);
	return receipt;
}

int64_t
receiver_backoff_us(const struct receiver *r,
    const struct http_client_reply *reply)
{
	unsigned doublings = MIN(MAX(r->failures, 1) - 1, 5);
	int64_t wait_us = MIN(BACKOFF_MIN_US << doublings, BACKOFF_MAX_US);
	int64_t wish_us = (int64_t)MIN(reply->retry_after_s,
	    RETRY_AFTER_MAX_S) * 1000000;
	uint32_t dice = 0;

	if (getrandom(&dice, sizeof(dice), 0) != sizeof(dice))
		dice = UINT32_MAX / 2;
	/* Between half of it and all of it. */
	wait_us = wait_us / 2 +
	    (int64_t)((double)wait_us / 2 * dice / UINT32_MAX);
	return MAX(wait_us, wish_us);
}
