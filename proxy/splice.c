/* SPDX-License-Identifier: Apache-2.0 */
/* Moving bulk bytes with splice(2). */
#include "proxy/splice.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"

#define PIPE_BYTES  (256 * 1024)
#define SPARE_PIPES 8

struct splice_pipe {
	struct splice_pipe *next;
	int fds[2];
	size_t held;
};

static struct splice_pipe *
pipe_get(struct worker *w)
{
	struct splice_pipe *p = w->spare_pipes;

	if (p != NULL) {
		w->spare_pipes = p->next;
		w->spare_pipes_count--;
		return p;
	}
	p = xcalloc(1, sizeof(*p));
	if (pipe2(p->fds, O_NONBLOCK | O_CLOEXEC) < 0) {
		free(p);
		return NULL;
	}
	fcntl(p->fds[0], F_SETPIPE_SZ, PIPE_BYTES);
	return p;
}

static void
pipe_close(struct splice_pipe *p)
{
	close(p->fds[0]);
	close(p->fds[1]);
	free(p);
}

static void
pipe_put(struct worker *w, struct splice_pipe *p)
{
	if (p->held > 0 || w->spare_pipes_count >= SPARE_PIPES) {
		pipe_close(p);
		return;
	}
	p->next = w->spare_pipes;
	w->spare_pipes = p;
	w->spare_pipes_count++;
}

void
splice_fini(struct worker *w)
{
	struct splice_pipe *p;

	while ((p = w->spare_pipes) != NULL) {
		w->spare_pipes = p->next;
		pipe_close(p);
	}
	w->spare_pipes_count = 0;
}

bool
splice_possible(struct tcp *t, enum link_dir dir)
{
	struct worker *w = t->session.worker;

	if (t->dead[!dir] || t->ends[0].tls != NULL || t->ends[1].tls != NULL)
		return false;
	if (w->spare_pipes == NULL) {
		struct splice_pipe *p = pipe_get(w);

		if (p == NULL)
			return false;
		pipe_put(w, p);
	}
	return true;
}

void
splice_drop(struct tcp *t, enum link_dir dir)
{
	if (t->pipes[dir] == NULL)
		return;
	pipe_put(t->session.worker, t->pipes[dir]);
	t->pipes[dir] = NULL;
}

bool
splice_flush(struct tcp *t, enum link_dir dir)
{
	struct splice_pipe *p = t->pipes[dir];
	struct link *l = &t->flow.links[dir];
	struct end *sink = &t->ends[!dir];

	while (p->held > 0 && !t->dead[!dir]) {
		ssize_t n = splice(p->fds[0], NULL, sink->fd, NULL, p->held,
		    SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

		if (n < 0 && end_failed(sink) == END_AGAIN)
			return false;
		if (n <= 0) {
			splice_drop(t, dir);
			tcp_end_failed(t,
			    dir == LINK_UP ? LINK_DOWN : LINK_UP);
			return false;
		}
		p->held -= (size_t)n;
		link_sent(l, (size_t)n);
	}
	splice_drop(t, dir);
	return true;
}

ssize_t
splice_relay(struct tcp *t, enum link_dir dir)
{
	struct worker *w = t->session.worker;
	struct end *source = &t->ends[dir];
	struct splice_pipe *p = pipe_get(w);
	ssize_t n;

	if (p == NULL)
		return END_AGAIN;
	n = splice(source->fd, NULL, p->fds[1], NULL, PIPE_BYTES,
	    SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	if (n <= 0) {
		pipe_put(w, p);
		if (n == 0) {
			source->fin_seen = true;
			return END_CLOSED;
		}
		return end_failed(source);
	}
	p->held = (size_t)n;
	link_received(&t->flow.links[dir], (size_t)n);
	t->pipes[dir] = p;
	splice_flush(t, dir);
	return n;
}
