/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of HTTP/2: bytes from a socket into nghttp2, frames from
 * nghttp2 to the socket. It does not know streams.
 *
 * What a peer can make us keep is bounded: frames to write are made as the
 * socket takes them, and a peer that does not read what it caused us to say is
 * not read either. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "proxy/http2.h"

/* Of one stream; a sender needs a window for as much as is under way. */
#define STREAM_WINDOW (256 * 1024)
/* Of all together: many slow streams leave room for a fast one. */
#define CONNECTION_WINDOW (4 * 1024 * 1024)
/* Frames that wait to be written before the peer is not read. */
#define QUEUE_MAX 1000
/* Frames in a row that bring nothing: PING, SETTINGS, PRIORITY, empty DATA. */
#define USELESS_MAX 10000
/* Streams that a peer may begin and reset: at once, and per second. Deadlines
 * that run out under injected delays do that for a good reason. */
#define RESETS_BURST 10000
#define RESETS_RATE  1000
#define CONTINUATION_BYTES 16384
#define CONTINUATIONS_MIN  8

/* Nothing fails for want of memory and leaves a stream behind that nobody
 * answers. */
static void *
memory_malloc(size_t size, void *unused)
{
	return xmalloc(size);
}

static void *
memory_calloc(size_t count, size_t size, void *unused)
{
	return xcalloc(count, size);
}

static void *
memory_realloc(void *ptr, size_t size, void *unused)
{
	return xrealloc(ptr, size);
}

static void
memory_free(void *ptr, void *unused)
{
	free(ptr);
}

static nghttp2_mem memory = {NULL, memory_malloc, memory_free, memory_calloc,
    memory_realloc};

static nghttp2_option *
options(const struct conf_route *conf)
{
	nghttp2_option *o;

	if (nghttp2_option_new(&o) != 0)
		xalloc_refused("nghttp2");
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_max_send_header_block_length(o,
	    2 * (size_t)conf->max_header_bytes + 65536);
#ifdef HAVE_NGHTTP2_STREAM_RESET_RATE_LIMIT
	nghttp2_option_set_stream_reset_rate_limit(o, RESETS_BURST,
	    RESETS_RATE);
#endif
#ifdef HAVE_NGHTTP2_MAX_CONTINUATIONS
	nghttp2_option_set_max_continuations(o, CONTINUATIONS_MIN +
		(size_t)conf->max_header_bytes / CONTINUATION_BYTES);
#endif
	return o;
}

static void
settings(struct http2_peer *p, const struct conf_route *conf)
{
	nghttp2_settings_entry entries[] = {
	    {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
	    {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
		(uint32_t)conf->max_header_bytes},
	    {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
		(uint32_t)conf->max_concurrent_streams},
	};

	/* An upstream is told that it may push nothing. */
	if (p->dir == LINK_DOWN)
		entries[2] = (nghttp2_settings_entry){
		    NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
	nghttp2_submit_settings(p->ng, NGHTTP2_FLAG_NONE, entries,
	    COUNT_OF(entries));
	nghttp2_session_set_local_window_size(p->ng, NGHTTP2_FLAG_NONE, 0,
	    CONNECTION_WINDOW);
}

void
http2_peer_init(struct http2_peer *p, struct http2 *c, struct end *end,
    enum link_dir dir, const struct conf_route *conf)
{
	nghttp2_session_callbacks *callbacks = http2_callbacks_new();
	nghttp2_option *o = options(conf);

	p->c = c;
	p->end = end;
	p->dir = dir;
	if ((dir == LINK_UP ? nghttp2_session_server_new3
			    : nghttp2_session_client_new3)(&p->ng, callbacks,
		p, o, &memory) != 0)
		xalloc_refused("nghttp2");
	nghttp2_option_del(o);
	nghttp2_session_callbacks_del(callbacks);
	settings(p, conf);
}

void
http2_peer_fini(struct http2_peer *p)
{
	nghttp2_session_del(p->ng);
	p->ng = NULL;
	str_fini(&p->out);
}

void
http2_peer_input(struct http2_peer *p, const void *data, size_t len)
{
	ssize_t n;

	if (p->over || p->gone)
		return;
	n = nghttp2_session_mem_recv(p->ng, data, len);
	if (n < 0) {
		/* Too far gone for a goodbye (a flood, no preface). */
		p->over = true;
		p->gone = true;
	} else if (p->useless > USELESS_MAX) {
		nghttp2_session_terminate_session(p->ng,
		    NGHTTP2_ENHANCE_YOUR_CALM);
		p->over = true;
	}
}

/* Writes; returns how many bytes went, or -1: none ever will. */
static ssize_t
put(struct http2_peer *p, const void *data, size_t len)
{
	ssize_t n = len > 0 ? end_write(p->end, data, len) : 0;

	if (n == END_FAILED) {
		p->gone = true;
		return -1;
	}
	return n == END_AGAIN ? 0 : n;
}

/* What waited from before; true if nothing waits any more. */
static bool
put_waiting(struct http2_peer *p)
{
	ssize_t n;

	if (p->out.len == 0)
		return true;
	n = put(p, p->out.text + p->out_at, p->out.len - p->out_at);
	if (n < 0)
		return false;
	p->out_at += (size_t)n;
	if (p->out_at < p->out.len)
		return false;
	str_fini(&p->out);
	p->out_at = 0;
	return true;
}

/* Gathers frames into `to`; what does not fit there waits. */
static size_t
gather(struct http2_peer *p, unsigned char *to, size_t room)
{
	size_t len = 0;

	while (len < room && p->out.len == 0) {
		const uint8_t *data;
		ssize_t n = nghttp2_session_mem_send(p->ng, &data);
		size_t fits;

		if (n < 0)
			p->gone = true;
		if (n <= 0)
			break;
		fits = MIN((size_t)n, room - len);
		memcpy(to + len, data, fits);
		len += fits;
		str_add_bytes(&p->out, data + fits, (size_t)n - fits);
	}
	return len;
}

static void
flush(struct http2_peer *p)
{
	/* The first half may hold what is being read. */
	unsigned char *to = http2_worker(p->c)->scratch + SLAB_SIZE;
	size_t room = WORKER_SCRATCH - SLAB_SIZE;

	while (!p->gone && put_waiting(p)) {
		size_t len = gather(p, to, room);
		ssize_t n;

		if (len == 0)
			return;
		n = put(p, to, len);
		if (n < 0)
			return;
		if ((size_t)n < len) {
			struct str rest = p->out;

			/* In front of what is there already. */
			p->out = (struct str){0};
			str_add_bytes(&p->out, to + n, len - (size_t)n);
			str_add_bytes(&p->out, rest.text, rest.len);
			str_fini(&rest);
			return;
		}
	}
}

void
http2_peer_flush(struct http2_peer *p)
{
	if (p->ng == NULL || p->end->fd < 0)
		return;
	flush(p);
	/* A GOAWAY that went out may have been the last word. */
	p->over |= !nghttp2_session_want_read(p->ng);
}

bool
http2_peer_wants_write(const struct http2_peer *p)
{
	return !p->gone && p->out.len > 0;
}

bool
http2_peer_wants_read(const struct http2_peer *p)
{
	return !p->gone && !p->over && p->ng != NULL && !p->end->fin_seen &&
	    (p->out.len == 0 ||
		nghttp2_session_get_outbound_queue_size(p->ng) < QUEUE_MAX);
}
