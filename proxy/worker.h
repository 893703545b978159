/* SPDX-License-Identifier: Apache-2.0 */
/* One thread with its own event base, sessions and engine. Workers share
 * nothing mutable; everything reaches them through their mailbox. */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/mailbox.h"
#include "base/zone.h"
#include "faults/engine.h"
#include "proxy/loops.h"
#include "proxy/plan.h"
#include "proxy/session.h"

struct http1_pool;
struct protocols;
struct opened_listener;
struct splice_pipe;
struct tls_worker;
struct resolver;
struct send_batch;
struct event_buffer;
struct sink;
struct udp;

TAILQ_HEAD(turn_end_list, turn_end);

/* What is to be done once at the end of a turn of the loop, for whatever many
 * sockets had to say in it. Zeroed but for `run` and `post`. */
struct turn_end {
	TAILQ_ENTRY(turn_end) entry;
	void (*run)(struct turn_end *t);
	/* Before any of them is run: end_post() for what run() will write
	 * first. NULL: nothing to be sent. */
	void (*post)(struct turn_end *t);
	struct turn_end_list *list; /* that it waits in; NULL: none */
};

/* What all workers of a server have in common. */
struct worker_shared {
	atomic_uint_fast64_t session_numbers; /* of the last one made */
	struct loops loops;
};

struct worker {
	struct engine engine; /* clock, deadlines, memory, events */
	struct event_base *base;
	struct mailbox mailbox;
	atomic_bool ordered; /* somebody waits for us: this turn ends early */
	struct event mailbox_ev, timer_ev;
	int timer_fd;
	int64_t timer_at_us; /* what timer_fd is set to */
	int64_t due_by_us;   /* deadlines up to here are looked at between
				callbacks too; others at the turn's end */
	double lateness_us;  /* of timer_fd, on average */
	bool timer_fired;    /* in this turn */
	bool precise;	     /* a route of the plan asks for it */
	struct plan *plan;   /* counted */
	struct session_list sessions, reaping;
	struct zone tcp_zone, http1_zone, data_zone; /* their memory */
	struct zone edit_zone; /* of messages that may be edited */
	atomic_size_t sessions_count;  /* written here, read anywhere */
	atomic_int_fast64_t turned_us; /* its loop turned; every 2 s */
	size_t sessions_peak;	       /* since memory was last given back */
	struct event reap_ev;
	struct turn_end_list turn_ends, later;
	struct send_batch *batch;  /* of a turn's end; NULL: not allowed */
	struct deadline change;	   /* the plan's next change in time */
	struct deadline trim;	   /* gives spare memory back */
	unsigned char *scratch;	   /* WORKER_SCRATCH bytes for the fast path */
	const struct protocols *protocols; /* borrowed: who takes sessions */
	struct resolver *resolver; /* borrowed, shared, thread-safe */
	struct event_buffer *events; /* NULL: nobody listens */
	struct lateness *lateness;   /* measured while somebody does */
	struct splice_pipe *spare_pipes;
	size_t spare_pipes_count;
	struct http1_pool *http1_pool; /* idle upstream connections */
	struct udp *udp;	       /* its datagram ports; NULL: none yet */
	struct worker_shared *shared; /* borrowed */
	struct tls_worker *tls; /* what TLS layers share; NULL: none yet */
	bool draining, stopping, started;
	pthread_t thread;
	unsigned index;
	struct histogram lag; /* of deadlines, as they were run */
};

#define WORKER_SCRATCH (128 * 1024)

/* Makes a worker (not running) whose events nobody hears; `shared` is
 * to be set before it runs. Borrows the protocols and the resolver. Returns
 * owned, or NULL and err. */
struct worker *worker_new(unsigned index, uint64_t seed,
			  const struct protocols *protocols,
			  struct resolver *resolver, struct error *err);
/* Starts its thread, with all signals blocked. */
void worker_start(struct worker *w);
/* Waits for the end of its thread, after worker_post_stop(); nothing if it was
 * not started. */
void worker_join(struct worker *w);
/* Frees a worker whose loop has ended, or never ran; open sessions are closed.
 * NULL is accepted. */
void worker_free(struct worker *w);

/* --- from any thread --- */

/* Hands over a connection, with all that `from` owns. */
void worker_post_accepted(struct worker *w, const struct accepted *from);
/* Hands over a plan (a reference is taken). `done` (NULL: nothing) runs on the
 * worker once the plan is in force. */
void worker_post_plan(struct worker *w, struct plan *plan,
		      void (*done)(void *arg), void *arg);
/* Runs `call`, then `done`, on the worker's own thread between its callbacks.
 * Neither may wait. */
void worker_post_call(struct worker *w,
		      void (*call)(struct worker *w, void *arg), void *arg,
		      void (*done)(void *arg), void *done_arg);
/* Before the mail is posted: what the control thread waits for comes before the
 * sockets that are ready in this turn. */
static inline void
worker_hurry(struct worker *w)
{
	atomic_store(&w->ordered, true);
}
/* Hands over a bound datagram socket, to be put to work by the next plan. */
void worker_post_port(struct worker *w, const struct opened_listener *opened);
/* Idle sessions end now, the others when they are done. */
void worker_post_drain(struct worker *w);
/* Its loop ends; sessions stay until worker_free(). */
void worker_post_stop(struct worker *w);

/* --- on its own thread --- */

/* Takes an accepted connection. */
void worker_take(struct worker *w, const struct accepted *from);
/* All sessions and TLS layers follow the plan in force as it is at this
 * moment. */
void worker_reconcile(struct worker *w);
/* Outside of any session: frees those that ended. */
void worker_reap(struct worker *w);
/* Ends the sessions of a route (interned name) with FIN. */
void worker_close_sessions(struct worker *w, const char *route);
/* The session with that number, or NULL. Borrowed until it runs again. */
struct session *worker_session(const struct worker *w, uint64_t number);
/* Or before it runs: events go to `sink` from now on (borrowed); NULL: none are
 * made. */
void worker_listen(struct worker *w, struct sink *sink);
/* Runs what is due by now, if anything is due soon: called between callbacks,
 * so that a deadline does not wait for all the other sockets. */
void worker_run_due(struct worker *w);
/* Arms a deadline of its engine, or moves it. */
static inline void
worker_arm(struct worker *w, struct deadline *d, int64_t at_us)
{
	deadline_arm(&w->engine.deadlines, d, at_us);
}
/* For the two below: nothing if it waits already. */
static inline void
turn_end_queue(struct turn_end_list *list, struct turn_end *t)
{
	if (t->list != NULL)
		return;
	t->list = list;
	TAILQ_INSERT_TAIL(list, t, entry);
}
/* `t` is run at this turn's end, once. */
static inline void
worker_at_turn_end(struct worker *w, struct turn_end *t)
{
	turn_end_queue(&w->turn_ends, t);
}
/* The same at the end of one of the next turns: few in each, so that neither
 * mail nor sockets wait for what thousands of sessions are to do. */
static inline void
worker_later(struct worker *w, struct turn_end *t)
{
	turn_end_queue(&w->later, t);
}
/* Neither of them any more. */
static inline void
turn_end_cancel(struct turn_end *t)
{
	if (t->list != NULL)
		TAILQ_REMOVE(t->list, t, entry);
	t->list = NULL;
}
static inline int64_t
worker_now(const struct worker *w)
{
	return clock_now(w->engine.clock);
}

#endif
