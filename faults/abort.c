/* SPDX-License-Identifier: Apache-2.0 */
/* An answer made up by the proxy: before the server hears of the request, or
 * in the place of the server's own answer after it did the work. */
#include <stdio.h>
#include <string.h>

#include "faults/grpc.h"
#include "faults/header.h"
#include "faults/registry.h"

#define HEADERS_MAX	32
#define OWN_HEADERS_MAX 3

struct abort_params {
	int64_t status;
	char *body;
	struct conf_strings headers;
	int64_t grpc_status;
	char *grpc_message;
	bool after;
	bool close;
};

static const struct conf_field fields[] = {
    {.name = "status",
	.type = CONF_INT,
	.offset = offsetof(struct abort_params, status),
	.def = "503",
	.min = 200,
	.max = 599,
	.help = "Status of the answer"},
    {.name = "body",
	.type = CONF_STRING,
	.offset = offsetof(struct abort_params, body),
	.help = "Body of the answer; none by default"},
    {.name = "headers",
	.type = CONF_STRINGS,
	.offset = offsetof(struct abort_params, headers),
	.help = "Headers of the answer, each as \"Name: value\""},
    {.name = "grpc_status",
	.type = CONF_INT,
	.offset = offsetof(struct abort_params, grpc_status),
	.def = "-1",
	.min = -1,
	.max = 16,
	.help = "gRPC status (0 to 16): the answer is then one of gRPC with "
		"HTTP status 200; -1: no gRPC"},
    {.name = "grpc_message",
	.type = CONF_STRING,
	.offset = offsetof(struct abort_params, grpc_message),
	.help = "Text beside grpc_status"},
    {.name = "after",
	.type = CONF_BOOL,
	.offset = offsetof(struct abort_params, after),
	.def = "false",
	.help = "Whether the server first does its work, and its answer is "
		"replaced"},
    {.name = "close",
	.type = CONF_BOOL,
	.offset = offsetof(struct abort_params, close),
	.def = "false",
	.help = "Whether the client's connection is closed behind the answer"},
    CONF_FIELD_END,
};

struct verdict {
	bool answered; /* what still comes is dropped */
	bool passed;   /* too late: a reply had begun */
};

static void
abort_check(const void *params, const struct conf_where *where,
    struct conf_diag *diag)
{
	const struct abort_params *p = params;

	header_check_lines(&p->headers, "headers", where, diag);
	if (p->headers.count > HEADERS_MAX)
		conf_error(diag, where,
		    "headers: %zu of them; expected at most %d",
		    p->headers.count, HEADERS_MAX);
	if (p->body != NULL && (p->status == 204 || p->status == 304))
		conf_error(diag, where,
		    "body: an answer with status %d has none; expected another "
		    "status",
		    (int)p->status);
	if (p->body != NULL && p->grpc_status >= 0)
		conf_error(diag, where,
		    "body: an answer with grpc_status has none; expected "
		    "grpc_message");
	if (p->grpc_message != NULL && p->grpc_status < 0)
		conf_error(diag, where,
		    "grpc_message without grpc_status; expected both");
}

static unsigned
abort_links(const void *params)
{
	const struct abort_params *p = params;

	return p->after ? LINK_MASK_DOWN : LINK_MASK_UP;
}

static bool
answer_grpc(struct stage *s, const struct abort_params *p,
    const char **headers, size_t count)
{
	struct stage_reply reply = {
	    .status = 200, .headers = headers, .close = p->close};
	struct str message = {0};
	char status[32];
	bool done;

	snprintf(status, sizeof(status), "grpc-status: %d",
	    (int)p->grpc_status);
	str_add(&message, "grpc-message: ");
	grpc_add_message(&message,
	    p->grpc_message != NULL ? p->grpc_message : "");
	headers[count++] = "content-type: application/grpc";
	headers[count++] = status;
	if (p->grpc_message != NULL)
		headers[count++] = message.text;
	headers[count] = NULL;
	done = stage_answer(s, &reply);
	str_fini(&message);
	return done;
}

static bool
answer(struct stage *s)
{
	const struct abort_params *p = stage_params(s);
	const char *headers[HEADERS_MAX + OWN_HEADERS_MAX + 1];
	struct stage_reply reply = {.status = (int)p->status,
	    .headers = headers,
	    .body = p->body,
	    .body_len = p->body != NULL ? strlen(p->body) : 0,
	    .close = p->close};
	size_t count = 0;

	for (; count < p->headers.count; count++)
		headers[count] = p->headers.items[count];
	if (p->grpc_status >= 0 && grpc_is_request(s))
		return answer_grpc(s, p, headers, count);
	if (p->body != NULL && !header_listed(&p->headers, "Content-Type"))
		headers[count++] = "Content-Type: text/plain; charset=utf-8";
	headers[count] = NULL;
	return stage_answer(s, &reply);
}

static void
tell(struct stage *s)
{
	const struct abort_params *p = stage_params(s);

	if (p->grpc_status >= 0 && grpc_is_request(s))
		stage_acted(s, "grpc_abort", (double)p->grpc_status, "");
	else
		stage_acted(s, "abort", (double)p->status, "");
}

static void
abort_data(struct stage *s)
{
	struct verdict *st = stage_state(s);

	if (stage_in(s)->len == 0)
		return;
	if (!st->answered && !st->passed) {
		/* Only at its beginning can a message be replaced. */
		st->answered = stage_head_left(s) > 0 && answer(s);
		st->passed = !st->answered;
		if (st->answered)
			tell(s);
	}
	if (st->answered)
		stage_drop(s, stage_in(s)->len);
	else
		stage_pass_all(s);
}

static const char *
abort_early(const struct conf_fault *f)
{
	const struct abort_params *p = f->params;

	return p->after ? NULL : "after = true";
}

const struct fault_ops abort_ops = {
    .kind =
	{
	    .name = "abort",
	    .summary = "The exchange is answered with an error by the proxy",
	    .details =
		"The proxy answers the request itself, with `status`, "
		"`headers` and `body`. The server never hears of it: its body "
		"is read and forgotten, and the client's connection stays "
		"open for the next request (unless `close` is set). A body "
		"still on its way is not waited for if it is large (above "
		"256 KiB) or of unknown length; the connection is then closed "
		"behind the answer."
		"\n\n"
		"With `after = true` the request is forwarded, the server "
		"does its work, and its answer is thrown away for the "
		"proxy's as soon as it begins to arrive. The client takes a "
		"request for failed that succeeded: this finds retries of "
		"what must not be done twice. A condition on `status` looks "
		"at the server's answer, and so needs `after = true`."
		"\n\n"
		"With `grpc_status` requests of gRPC (content type "
		"application/grpc) get an answer of gRPC without any "
		"message: HTTP status 200, content type application/grpc, "
		"grpc-status and grpc-message in the headers (on HTTP/2 "
		"trailers-only); other requests get `status`. 0 (OK) without "
		"a message is an error to most clients of unary calls."
		"\n\n"
		"Content-Length and the standard reason are added by the "
		"proxy, and a plain text content type beside a body unless "
		"`headers` has another. Faults in front of this one on the "
		"route act first: `latency` upstream and then `abort` is a "
		"late error. Faults behind it see nothing of the request.",
	    .example = "{ type = \"abort\"; status = 503; "
		       "headers = [ \"Retry-After: 2\" ]; "
		       "probability = 0.05; }",
	    .fields = fields,
	    .params_size = sizeof(struct abort_params),
	    .flags = KIND_HTTP_ONLY | KIND_NO_STREAM,
	    .check = abort_check,
	    .early = abort_early,
	},
    .state_size = sizeof(struct verdict),
    .links_by = abort_links,
    .data = abort_data,
};
