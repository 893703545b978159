/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the load generator share: the options of one run, sockets
 * on the loopback interface, and a histogram. Times are nanoseconds on the
 * monotonic clock: a round trip here takes eight microseconds. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_S  1000000000LL
#define NS_PER_US 1000LL

/* Bounds that hold whatever the command line says. */
#define LOAD_MAX_CONNS	 19000
#define LOAD_MAX_THREADS 16
#define LOAD_MAX_SECONDS 3600
#define LOAD_MAX_MESSAGE (64 * 1024)

struct load_options {
	int64_t port;  /* what a client connects to */
	int64_t conns; /* connections or streams at once */
	int64_t threads;
	int64_t size; /* bytes of a message, or of one bulk call */
	int64_t seconds_ms, warm_ms; /* measured, and run before that */
	int64_t up;		     /* bulk: client to server */
	int64_t window_ms;  /* bulk: also count bytes by window; 0: no */
	int64_t http;	    /* idle: speak HTTP */
	int64_t window;	    /* udp: datagrams under way on each socket */
	int64_t no_request; /* churn: the server speaks first, by closing */
	/* serve: a listener for each that is not 0 */
	int64_t echo, sink, source, web, reply, slam;
	/* probe */
	int64_t serve, serve_late, serve_busy; /* its own listeners */
	int64_t late_us;		       /* how late serve_late answers */
	int64_t base_port;		       /* the undelayed way; 0: none */
	int64_t busy_port, busy;	       /* saturating connections */
	int64_t gap_us;			       /* mean pause before a request */
	int64_t base_gap_us;
	int64_t together; /* all requests leave at once */
};

/* The monotonic clock. */
int64_t load_now_ns(void);
/* Prints to stderr, with errno's text if errno is set, and ends with 1. */
void load_die(const char *what) __attribute__((noreturn));

/* Sockets: IPv4 loopback only, TCP_NODELAY. All of them die on failure. */

/* Listens; returns the non-blocking descriptor. Port 0 is refused. */
int net_listen(int64_t port);
/* Connects and waits for it (5 s at most); returns it non-blocking. */
int net_connect(int64_t port);
/* Begins to connect; returns it non-blocking, or -1 if refused at once. */
int net_connect_begin(int64_t port);
/* Accepts, non-blocking; -1 and errno if nothing waits or it failed. */
int net_accept(int listener);
/* Adds to or changes in an epoll set; `ptr` comes back with the events. */
void net_watch(int epfd, int fd, uint32_t events, void *ptr);
void net_rewatch(int epfd, int fd, uint32_t events, void *ptr);
/* A new epoll set. */
int net_epoll(void);

/* A histogram of nanoseconds: 128 steps for each power of two, so a value
 * read back is at most 0.8 % below the one put in. */
#define HIST_STEPS 128
#define HIST_CELLS (64 * HIST_STEPS)

struct hist {
	uint64_t cells[HIST_CELLS];
	uint64_t count;
	int64_t max;
};

void hist_add(struct hist *h, int64_t ns);
void hist_merge(struct hist *to, const struct hist *from);
/* Prints `"p50_us": …, "p99_us": …, "p999_us": …, "max_us": …`. */
void hist_print(const struct hist *h);

/* The modes of clients: each runs for the time asked for, prints one line of
 * JSON on stdout and returns. idle prints it once all are connected, and
 * returns when its standard input ends. */
void pingpong_run(const struct load_options *o);
void http_run(const struct load_options *o);
void bulk_run(const struct load_options *o);
void churn_run(const struct load_options *o);
void probe_run(const struct load_options *o);
void idle_run(const struct load_options *o);
void udp_run(const struct load_options *o);
/* The modes of servers: they run until they are killed. serve prints a line
 * once it listens. */
void serve_run(const struct load_options *o);
void udp_echo_run(const struct load_options *o);
void udp_relay_run(const struct load_options *o);

/* The request of http and idle; it asks for nothing in particular. */
extern const char load_http_request[];

#endif
