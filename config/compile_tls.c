/* SPDX-License-Identifier: Apache-2.0 */
/* What single fields of the TLS groups cannot say. Files are looked at by
 * those who load them. */
#include <string.h>

#include "config/build.h"
#include "config/tables.h"

#define ALPN_MAX 255

static void
check_versions(int min, int max, const struct conf_spot *at)
{
	if (min > max)
		conf_spot_error(at, "min_version",
				"it is above max_version; expected it "
				"at or below");
}

static void
check_alpn(const struct conf_strings *alpn, const struct conf_spot *at)
{
	size_t i, len;

	for (i = 0; i < alpn->count; i++) {
		len = strlen(alpn->items[i]);
		if (len == 0 || len > ALPN_MAX)
			conf_spot_error(at, "alpn",
					"a name has %zu bytes; expected "
					"1 \xe2\x80\xa6 %d",
					len, ALPN_MAX);
	}
}

/* Datagrams know no TLS; MySQL's begins where we do not speak. */
static bool
refused(const struct conf_route *r, const struct conf_spot *at)
{
	if (r->protocol == PROTOCOL_MYSQL) {
		conf_error(at->diag, &at->where,
			   "TLS of MySQL begins amid its handshake, behind the "
			   "server's greeting, and passes as it is; expected "
			   "neither tls nor upstream_tls on a mysql route");
		return true;
	}
	if (!conf_protocol_is_datagram(r->protocol))
		return false;
	conf_error(at->diag, &at->where,
		   "there is no TLS on datagrams; expected a route with "
		   "protocol = \"tcp\" or \"http\"");
	return true;
}

void
conf_tls_compile(const struct conf_route *r, const struct conf_spot *at)
{
	const struct conf_tls *t = &r->tls;

	if (!t->enabled || refused(r, at))
		return;
	if (t->certificates.count == 0 && !t->intercept)
		conf_spot_error(at, "certificate",
				"there is none; expected certificate = "
				"\"FILE\", or intercept = true");
	if (t->keys.count > 0 && t->keys.count != t->certificates.count)
		conf_spot_error(at, "key",
				"there are %zu for %zu certificates; expected "
				"one for each, or none where the keys stand "
				"in the certificates' files",
				t->keys.count, t->certificates.count);
	if (t->client_auth != CLIENT_AUTH_OFF && t->client_ca == NULL)
		conf_spot_error(at, "client_auth",
				"nothing tells good certificates from bad; "
				"expected client_ca = \"FILE\" as well");
	check_versions(t->min_version, t->max_version, at);
	check_alpn(&t->alpn, at);
}

void
conf_upstream_tls_compile(const struct conf_route *r,
			  const struct conf_spot *at)
{
	const struct conf_upstream_tls *t = &r->upstream_tls;

	if (!t->enabled || refused(r, at))
		return;
	if (r->upstream.is_unix && t->verify && t->server_name == NULL)
		conf_spot_error(at, "server_name",
				"an upstream at unix:/path has no name to "
				"verify; expected one");
	if (t->key != NULL && t->certificate == NULL)
		conf_spot_error(at, "key",
				"there is no certificate for it; expected "
				"certificate = \"FILE\" as well");
	check_versions(t->min_version, t->max_version, at);
	check_alpn(&t->alpn, at);
}

static bool
has_layer(const struct conf_route *route, int layer)
{
	switch ((enum conf_layer)layer) {
	case LAYER_WIRE:
		return route->tls.enabled;
	case LAYER_UPSTREAM_WIRE:
		return route->upstream_tls.enabled;
	case LAYER_STREAM:
		break;
	}
	return true;
}

void
conf_layer_compile(const struct conf_fault *f, const struct conf_route *route,
		   const struct conf_spot *at)
{
	unsigned flags = f->kind->flags;

	if (!has_layer(route, f->layer))
		conf_spot_error(at, "layer",
				"the route has no TLS there; expected a route "
				"with %s = { \xe2\x80\xa6 }, or layer = "
				"\"stream\"",
				f->layer == LAYER_WIRE ? "tls"
						       : "upstream_tls");
	else if (f->layer != LAYER_STREAM && (flags & KIND_HTTP_ONLY) != 0)
		conf_spot_error(at, "layer",
				"%s works on HTTP exchanges, which are above "
				"TLS; expected layer = \"stream\"",
				f->kind->name);
	if ((flags & KIND_TLS_SERVER) != 0 && !route->tls.enabled)
		conf_spot_error(at, "type",
				"%s works where we shake hands with clients; "
				"expected a route with tls = { \xe2\x80\xa6 }",
				f->kind->name);
	else if ((flags & KIND_TLS) != 0 && route->protocol != PROTOCOL_TCP &&
		 !route->tls.enabled && !route->upstream_tls.enabled)
		conf_spot_error(at, "type",
				"%s works on TLS records, of which a route "
				"with protocol = \"%s\" and without TLS has "
				"none; expected tls or upstream_tls on it",
				f->kind->name,
				conf_protocols[route->protocol]);
}
