/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of HTTP/2 behind a good preface, from the client and from the server
 * of one session, through a worker with faults on its routes. Nothing may be
 * read that is freed, nothing left behind.
 *
 *	byte 0	bit 0: the upstream speaks HTTP/1
 *	byte 1	how many bytes, times 16, come from the client; the rest comes
 *		from the server */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/intern.h"
#include "config/load.h"
#include "faults/fault.h"
#include "proxy/http2.h"
#include "proxy/protocol.h"
#include "proxy/resolve.h"

#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define FAULTS \
	"faults = (" \
	"{ type = \"abort\"; when = { path = \"/a*\"; }; }," \
	"{ type = \"body\"; from = \"a\"; to = \"bc\"; " \
	"  when = { path = \"/b*\"; }; }," \
	"{ type = \"headers\"; set = [ \"X: y\" ]; stream = \"both\"; }," \
	"{ type = \"cut\"; bytes = 5; when = { path = \"/c*\"; }; }," \
	"{ type = \"trailers\"; grpc_status = 1; messages = 1; " \
	"  when = { path = \"/d*\"; }; }," \
	"{ type = \"abort\"; name = \"late\"; after = true; " \
	"  when = { status = \"5xx\"; }; }," \
	"{ type = \"goaway\"; when = { path = \"/g*\"; }; }," \
	"{ type = \"stream_reset\"; bytes = 3; when = { path = \"/r*\"; }; }," \
	"{ type = \"window_stall\"; when = { path = \"/w*\"; }; } );"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct worker *worker;
static int upstream; /* listens */

static void
load(const char *path)
{
	struct conf_diag diag = {0};
	struct conf_model *model;
	struct plan *plan;
	char text[4096];

	snprintf(text, sizeof(text),
	    "routes = ("
	    "{ name = \"two\"; listen = \"127.0.0.1:1\"; protocol = \"http\";"
	    "  upstream = \"unix:%s\"; " FAULTS " },"
	    "{ name = \"one\"; listen = \"127.0.0.1:2\"; protocol = \"http\";"
	    "  upstream_protocol = \"http1\";"
	    "  upstream = \"unix:%s\"; " FAULTS " });",
	    path, path);
	model = conf_load_text(text, "fuzz", &fault_kinds, &diag);
	if (model == NULL) {
		fprintf(stderr, "%s\n", diag.messages[0].text);
		abort();
	}
	conf_diag_fini(&diag);
	plan = plan_new(model, NULL, NULL, 42, worker_now(worker));
	worker_post_plan(worker, plan, NULL, NULL);
	plan_unref(plan);
	conf_model_unref(model);
}

static void
set_up(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct error err;

	snprintf(un.sun_path, sizeof(un.sun_path), "/tmp/fuzz_http2.%d",
	    (int)getpid());
	upstream = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	unlink(un.sun_path);
	if (bind(upstream, (struct sockaddr *)&un, sizeof(un)) != 0 ||
	    listen(upstream, 64) != 0)
		abort();
	worker = worker_new(0, 42, &all_protocols, resolver_new(NULL), &err);
	if (worker == NULL)
		abort();
	load(un.sun_path);
}

static void
spin(int times)
{
	while (times-- > 0) {
		event_base_loop(worker->base, EVLOOP_NONBLOCK);
		deadline_run(&worker->engine.deadlines, worker_now(worker));
	}
}

static void
put(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)n;
	spin(3);
}

/* Whatever the proxy sends is taken, so that it goes on. */
static void
drain(int fd)
{
	static char buffer[1 << 16];

	while (recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		spin(1);
}

static int
begin(bool over1)
{
	struct accepted from = {
	    .listener = intern(over1 ? "127.0.0.1:2" : "127.0.0.1:1"),
	    .session = 1, .flow = UINT64_MAX};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		abort();
	from.fd = fds[0];
	from.peer.ss_family = AF_UNIX;
	worker_take(worker, &from);
	return fds[1];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int client, server;
	size_t first;
	bool over1;

	if (worker == NULL)
		set_up();
	if (size < 2 || size > 8192)
		return 0;
	over1 = data[0] & 1;
	first = MIN((size_t)data[1] * 16, size - 2);
	spin(1);
	client = begin(over1);
	put(client, HTTP2_PREFACE SETTINGS,
	    HTTP2_PREFACE_LEN + sizeof(SETTINGS) - 1);
	put(client, data + 2, first);
	server = accept4(upstream, NULL, NULL, SOCK_NONBLOCK);
	if (server >= 0) {
		if (!over1)
			put(server, SETTINGS, sizeof(SETTINGS) - 1);
		put(server, data + 2 + first, size - 2 - first);
		drain(server);
		drain(client);
		close(server);
		spin(3);
	}
	drain(client);
	close(client);
	spin(3);
	while (!TAILQ_EMPTY(&worker->sessions)) {
		struct session *s = TAILQ_FIRST(&worker->sessions);

		s->ops->close(s, CLOSE_SHUTDOWN);
	}
	spin(2);
	if (worker->engine.pool.live_bytes != 0)
		abort();
	while ((server = accept4(upstream, NULL, NULL, 0)) >= 0)
		close(server);
	return 0;
}
