/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the control server, by way of llhttp in its strict mode. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "control/web_conn.h"

static struct web_conn *
conn_of(llhttp_t *parser)
{
	return CONTAINER_OF(parser, struct web_conn, parser);
}

static int
refuse(struct web_conn *c, int status)
{
	if (c->refused == 0)
		c->refused = status;
	return HPE_USER;
}

/* Appends to the head; the span grows with it (pieces are adjacent). */
static int
add(struct web_conn *c, struct web_span *span, const char *at, size_t len)
{
	if (c->head.len + len > WEB_HEAD_MAX)
		return refuse(c, 431);
	if (span->len == 0)
		span->at = c->head.len;
	str_add_bytes(&c->head, at, len);
	span->len += len;
	return HPE_OK;
}

static int
on_begin(llhttp_t *parser)
{
	conn_of(parser)->begun = true;
	return HPE_OK;
}

static int
on_url(llhttp_t *parser, const char *at, size_t len)
{
	struct web_conn *c = conn_of(parser);

	return add(c, &c->target, at, len);
}

static int
on_field(llhttp_t *parser, const char *at, size_t len)
{
	struct web_conn *c = conn_of(parser);

	/* Trailers are nobody's headers. */
	if (c->head_done)
		return HPE_OK;
	if (c->headers_count == 0 || c->in_value) {
		if (c->headers_count == WEB_HEADERS_MAX)
			return refuse(c, 431);
		c->names[c->headers_count] = (struct web_span){0};
		c->values[c->headers_count] = (struct web_span){0};
		c->headers_count++;
		c->in_value = false;
	}
	return add(c, &c->names[c->headers_count - 1], at, len);
}

static int
on_value(llhttp_t *parser, const char *at, size_t len)
{
	struct web_conn *c = conn_of(parser);

	if (c->head_done)
		return HPE_OK;
	c->in_value = true;
	return add(c, &c->values[c->headers_count - 1], at, len);
}

static struct view
view_at(const struct web_conn *c, struct web_span span)
{
	/* A head without any text has no memory. */
	if (span.len == 0)
		return VIEW("");
	return (struct view){c->head.text + span.at, span.len};
}

/* What names a host in a URL, and its port; nobody needs more letters. */
static bool
is_authority(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		if (!isalnum((unsigned char)v.at[i]) &&
		    memchr("-._:[]", v.at[i], 6) == NULL)
			return false;
	}
	return true;
}

/* One Host as RFC 9112 wants it, so that nobody can take the request for one
 * to another host than we do. */
static bool
hosts_are_clear(const struct web_conn *c)
{
	struct view authority, path;
	size_t hosts = 0;

	for (size_t i = 0; i < c->headers_count; i++) {
		if (!view_is_nocase(view_at(c, c->names[i]), "host"))
			continue;
		if (!is_authority(view_at(c, c->values[i])))
			return false;
		hosts++;
	}
	web_parse_target(view_at(c, c->target), &authority, &path);
	return is_authority(authority) &&
	       (hosts == 1 || (hosts == 0 && c->parser.http_minor == 0));
}

static int
on_head(llhttp_t *parser)
{
	struct web_conn *c = conn_of(parser);

	c->head_done = true;
	if (parser->http_major != 1)
		return refuse(c, 505);
	if (!hosts_are_clear(c))
		return refuse(c, 400);
	if (!(parser->flags & F_CHUNKED) &&
	    parser->content_length > WEB_BODY_MAX)
		return refuse(c, 413);
	for (size_t i = 0; i < c->headers_count; i++) {
		if (view_is_nocase(view_at(c, c->names[i]), "expect") &&
		    view_is_nocase(view_at(c, c->values[i]), "100-continue"))
			c->expects = true;
	}
	return HPE_OK;
}

static int
on_body(llhttp_t *parser, const char *at, size_t len)
{
	struct web_conn *c = conn_of(parser);

	if (c->body.len + len > WEB_BODY_MAX)
		return refuse(c, 413);
	str_add_bytes(&c->body, at, len);
	return HPE_OK;
}

static int
on_complete(llhttp_t *parser)
{
	conn_of(parser)->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

void
web_parse_init(struct web_conn *c)
{
	llhttp_init(&c->parser, HTTP_REQUEST, &settings);
}

/* A method that might be one, but that llhttp does not know, is no error of
 * the client's; what is no HTTP at all is. */
static int
status_of(enum llhttp_errno error, const char *stop, const char *end)
{
	if (error == HPE_INVALID_METHOD && stop < end &&
	    (isupper((unsigned char)*stop) || *stop == '-' || *stop == ' '))
		return 501;
	return 400;
}

void
web_parse_target(struct view target, struct view *authority, struct view *path)
{
	static const char *const schemes[] = {"http://", "https://"};

	*authority = VIEW("");
	*path = target;
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (target.len < len ||
		    strncasecmp(target.at, schemes[i], len) != 0)
			continue;
		authority->at = target.at + len;
		while (len + authority->len < target.len &&
		       memchr("/?#", authority->at[authority->len], 3) == NULL)
			authority->len++;
		path->at = authority->at + authority->len;
		path->len = target.len - len - authority->len;
		if (path->len == 0)
			*path = VIEW("/");
	}
}

void
web_parse(struct web_conn *c)
{
	struct str in = c->in;
	enum llhttp_errno error;
	const char *stop;
	size_t used = in.len;

	if (in.len == 0 || c->complete || c->refused != 0)
		return;
	c->in = (struct str){0};
	error = llhttp_execute(&c->parser, in.text, in.len);
	while (error == HPE_PAUSED_UPGRADE) {
		/* Nobody switches protocols here: what follows is HTTP. */
		stop = llhttp_get_error_pos(&c->parser);
		llhttp_resume_after_upgrade(&c->parser);
		error = llhttp_execute(&c->parser, stop,
				       (size_t)(in.text + in.len - stop));
	}
	if (error == HPE_PAUSED) {
		stop = llhttp_get_error_pos(&c->parser);
		used = (size_t)(stop - in.text);
	} else if (error != HPE_OK && c->refused == 0) {
		c->refused = status_of(error, llhttp_get_error_pos(&c->parser),
				       in.text + in.len);
	}
	str_add_bytes(&c->in, in.text + used, in.len - used);
	str_fini(&in);
}

void
web_parse_next(struct web_conn *c)
{
	str_clear(&c->head);
	str_clear(&c->body);
	c->target = (struct web_span){0};
	c->headers_count = 0;
	c->begun = c->in_value = c->complete = false;
	c->head_done = c->expects = c->admitted = false;
	llhttp_resume(&c->parser);
}
