/* SPDX-License-Identifier: Apache-2.0 */
/* The connection below the commands, as a flow of its own: what faults of
 * connections do to it, and reaching the upstream. */
#include "proxy/data.h"
#include "proxy/flow_log.h"

static struct data *
of(struct flow *conn)
{
	return CONTAINER_OF(conn, struct data, conn);
}

static void
on_dialled(void *arg, enum dial_result result, int fd, struct tls *tls)
{
	struct data *s = arg;

	s->dial = NULL;
	data_enter(s);
	dial_tell(&s->conn, result, s->dialed_us);
	dial_count(s->conn.counts, result,
	    worker_now(s->session.worker) - s->dialed_us);
	if (result != DIAL_OK) {
		bool reset = result == DIAL_RESET;

		/* A session that ends by it tells of a reset itself. */
		if (!reset)
			flow_log_upstream(&s->conn,
			    dial_result_error(result));
		data_close(s, reset ? CLOSE_UPSTREAM_RESET : CLOSE_DIAL_FAILED,
		    reset);
	} else {
		end_attach(&s->ends[LINK_DOWN], fd,
		    s->conn.route != NULL &&
			s->conn.route->conf->upstream.is_unix);
		tls_attach(tls, &s->ends[LINK_DOWN]);
		s->state = DATA_RELAY;
		for (int dir = LINK_UP; dir <= LINK_DOWN; dir++) {
			if (s->deaf[dir] > 0)
				end_set_deaf(&s->ends[dir], true);
		}
		data_input(s, s->early.text, s->early.len);
		data_write(s, LINK_UP);
		str_fini(&s->early);
		data_read(s, LINK_UP);
	}
	data_leave(s);
}

static void
op_opened(struct flow *f)
{
	struct data *s = of(f);
	struct dial_request request = {
	    .route = f->route,
	    .flow = f,
	    .client_fd = s->ends[LINK_UP].fd,
	    .client_port = s->session.client_port,
	    .facts = s->facts,
	    .done = on_dialled,
	    .arg = s,
	};

	s->state = DATA_DIALING;
	if (f->route == NULL) {
		data_close(s, CLOSE_NO_ROUTE, false);
		return;
	}
	s->dialed_us = worker_now(s->session.worker);
	s->dial = dial_start(s->session.worker, &request);
}

static void
op_output(struct flow *f, struct link *l)
{
	(void)f;
	(void)l;
}

static void
op_resume(struct flow *f, struct link *l)
{
	(void)l;
	data_poke(of(f));
}

static void
op_end(struct flow *f, enum flow_end how)
{
	struct data *s = of(f);

	if (s->state == DATA_OPENING || s->state == DATA_DIALING)
		counter_add(&f->counts->connects[CONNECT_INJECTED], 1);
	data_end(s, how);
}

static void
op_deaf(struct flow *f, struct link *l, bool on)
{
	data_deaf(of(f), l->dir ? LINK_DOWN : LINK_UP, on);
}

static bool
op_fact(const struct flow *f, enum fact fact, struct view *to)
{
	return client_facts_answer(of((struct flow *)(uintptr_t)f)->facts, fact,
	    to);
}

const struct flow_ops data_connection_ops = {
    .opened = op_opened,
    .output = op_output,
    .resume = op_resume,
    .end = op_end,
    .deaf = op_deaf,
    .fact = op_fact,
};
