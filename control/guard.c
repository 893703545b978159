/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use the control API. */
#include "control/guard.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "config/token.h"

/* --- the token --- */

/* False only if the library cannot hash at all. */
static bool
digest(struct view text, unsigned char to[GUARD_DIGEST_SIZE])
{
	return EVP_Digest(text.at, text.len, to, NULL, EVP_sha256(), NULL) == 1;
}

static bool
read_token(struct guard *g, const char *file, struct str *text,
	   struct error *err)
{
	if (!conf_token_read(file, "control.token_file", text, err))
		return false;
	if (!digest((struct view){text->text, text->len}, g->digest))
		return error_set(err, 0, "control.token_file: no SHA-256");
	g->has_token = true;
	return true;
}

bool
guard_init(struct guard *g, const struct conf_control *control,
	   const struct conf_address *address, struct error *err)
{
	struct str text = {0};
	bool ok;

	*g = (struct guard){.loopback = conf_address_is_local(address)};
	if (control->token_file == NULL)
		return true;
	ok = read_token(g, control->token_file, &text, err);
	if (text.text != NULL)
		OPENSSL_cleanse(text.text, text.room);
	str_fini(&text);
	return ok;
}

void
guard_fini(struct guard *g)
{
	OPENSSL_cleanse(g, sizeof(*g));
}

static bool
has_token(const struct guard *g, const struct web_request *request)
{
	unsigned char given[GUARD_DIGEST_SIZE];
	struct view value;

	if (!web_header(request, "authorization", &value) || value.len < 7 ||
	    strncasecmp(value.at, "Bearer ", 7) != 0)
		return false;
	value.at += 7;
	value.len -= 7;
	return digest(value, given) &&
	       CRYPTO_memcmp(given, g->digest, sizeof(given)) == 0;
}

/* --- browsers --- */

/* The host of a Host or Origin value, without its port. */
static struct view
bare_host(struct view v)
{
	const char *end;

	if (v.len == 0)
		return v;
	if (v.at[0] == '[') {
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

/* A host that no attacker's name server can answer for: an address,
 * localhost, or a name without dots, as /etc/hosts and container networks give
 * it. Public DNS has no such names; who can answer for them sits in the local
 * network, and against those there is the token. */
static bool
is_local_name(struct view value)
{
	static const char localhost[] = ".localhost";
	struct view host = bare_host(value);
	struct in6_addr address;
	char text[256];

	if (host.len == 0 || host.len >= sizeof(text))
		return value.len == 0;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	if (inet_pton(AF_INET, text, &address) == 1 ||
	    inet_pton(AF_INET6, text, &address) == 1)
		return true;
	if (host.len >= sizeof(localhost) &&
	    strcasecmp(text + host.len - strlen(localhost), localhost) == 0)
		return true;
	return strchr(text, '.') == NULL;
}

/* Browsers tell by the first, where they tell at all, and by the second with
 * every request that may change something. */
static bool
is_from_page(const struct web_request *request)
{
	struct view value;

	return web_header(request, "sec-fetch-site", &value) ||
	       web_header(request, "origin", &value);
}

/* Nothing keeps others from an insecure address anyway; there the name may be
 * any (a Kubernetes service's has dots) unless a page is at work. */
static bool
host_fits(const struct guard *g, const struct web_request *request)
{
	struct view host = {"", 0};

	if (request->is_local || g->has_token ||
	    (!g->loopback && !is_from_page(request)))
		return true;
	web_header(request, "host", &host);
	return is_local_name(host) && is_local_name(request->authority);
}

/* Only pages that we served ourselves may ask. */
static bool
origin_fits(const struct web_request *request)
{
	struct view origin, host = {"", 0}, site;
	const char *mark;

	if (web_header(request, "sec-fetch-site", &site) &&
	    !view_is(site, "same-origin") && !view_is(site, "none"))
		return false;
	if (!web_header(request, "origin", &origin))
		return true;
	web_header(request, "host", &host);
	mark = memmem(origin.at, origin.len, "://", 3);
	if (mark == NULL)
		return false;
	origin.len -= (size_t)(mark + 3 - origin.at);
	origin.at = mark + 3;
	return view_equal(origin, host);
}

/* --- the answer --- */

static bool
refuse(struct web_reply *reply, int status, const char *text)
{
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	str_add(&reply->headers, "X-Content-Type-Options: nosniff\r\n");
	str_add(&reply->body, text);
	return false;
}

bool
guard_admits(const struct guard *g, const struct web_request *request,
	     struct web_reply *reply)
{
	if (!host_fits(g, request))
		return refuse(
		    reply, 403,
		    "host not allowed: call by an address, by localhost or by "
		    "a name without dots, or set a token\n");
	if (!origin_fits(request))
		return refuse(reply, 403,
			      "origin not allowed: web pages may not call\n");
	if (g->has_token && !has_token(g, request)) {
		str_add(&reply->headers,
			"WWW-Authenticate: Bearer realm=\"faultwire\"\r\n");
		return refuse(reply, 401,
			      "a token is required, as "
			      "Authorization: Bearer TOKEN\n");
	}
	return true;
}
