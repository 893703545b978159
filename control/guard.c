/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use the control API. */
#include "control/guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/xalloc.h"
#include "config/source.h"

#define TOKEN_MAX 4096

bool
guard_init(struct guard *g, const struct conf_control *control,
    const struct conf_address *address, struct error *err)
{
	struct str text = {0};

	*g = (struct guard){.loopback = conf_address_is_local(address)};
	if (control->token_file == NULL)
		return true;
	if (!source_read(control->token_file, TOKEN_MAX, &text, err)) {
		str_fini(&text);
		return false;
	}
	while (text.len > 0 && strchr(" \t\r\n", text.text[text.len - 1]))
		text.text[--text.len] = '\0';
	if (text.len == 0) {
		str_fini(&text);
		return error_set(err, 0, "control.token_file: %s is empty; "
					 "expected a token on one line",
		    control->token_file);
	}
	g->token = str_take(&text);
	return true;
}

void
guard_fini(struct guard *g)
{
	if (g->token != NULL)
		OPENSSL_cleanse(g->token, strlen(g->token));
	free(g->token);
	g->token = NULL;
}

/* The host of a Host or Origin value, without its port. */
static struct view
bare_host(struct view v)
{
	const char *end;

	if (v.len > 0 && v.at[0] == '[') {
		end = memchr(v.at, ']', v.len);
		if (end != NULL)
			return (struct view){v.at + 1,
			    (size_t)(end - v.at - 1)};
	}
	end = memchr(v.at, ':', v.len);
	if (end != NULL)
		v.len = (size_t)(end - v.at);
	return v;
}

/* A name that no public DNS answers for: an address, localhost, or a single
 * label as container networks give it. */
static bool
is_local_name(struct view host)
{
	struct in6_addr address;
	char text[256];

	if (host.len == 0 || host.len >= sizeof(text))
		return host.len == 0;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	if (inet_pton(AF_INET, text, &address) == 1 ||
	    inet_pton(AF_INET6, text, &address) == 1)
		return true;
	return strchr(text, '.') == NULL;
}

static bool
origin_fits(struct view origin, struct view host)
{
	const char *mark = memmem(origin.at, origin.len, "://", 3);

	if (mark == NULL)
		return false;
	origin.len -= (size_t)(mark + 3 - origin.at);
	origin.at = mark + 3;
	return view_equal(origin, host);
}

static bool
refuse(struct web_reply *reply, int status, const char *text)
{
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	str_add(&reply->body, text);
	return false;
}

static bool
has_token(const struct guard *g, const struct web_request *request)
{
	struct view value;
	size_t len = strlen(g->token);

	if (!web_header(request, "authorization", &value) || value.len < 7 ||
	    memcmp(value.at, "Bearer ", 7) != 0)
		return false;
	return value.len - 7 == len &&
	    CRYPTO_memcmp(value.at + 7, g->token, len) == 0;
}

bool
guard_admits(const struct guard *g, const struct web_request *request,
    struct web_reply *reply)
{
	struct view host = {"", 0}, origin, site;

	web_header(request, "host", &host);
	if (!request->is_local && g->loopback &&
	    !is_local_name(bare_host(host)))
		return refuse(reply, 403, "host not allowed\n");
	if (web_header(request, "origin", &origin) &&
	    !origin_fits(origin, host))
		return refuse(reply, 403, "origin not allowed\n");
	if (web_header(request, "sec-fetch-site", &site) &&
	    view_is(site, "cross-site"))
		return refuse(reply, 403, "origin not allowed\n");
	if (g->token != NULL && !has_token(g, request)) {
		str_add(&reply->headers,
		    "WWW-Authenticate: Bearer realm=\"faultwire\"\r\n");
		return refuse(reply, 401, "a token is required, as "
					  "Authorization: Bearer TOKEN\n");
	}
	return true;
}
