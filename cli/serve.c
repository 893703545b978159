/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy as a process. Its main thread is the control thread: signals, the
 * configuration file, events on their way to the journal.
 *
 *   starting ─► running ─SIGTERM─► draining ─► ended
 *                  ▲ │                 └─second SIGTERM─► ended
 *                  └─┘ SIGHUP, file changed: reload
 */
#include "cli/serve.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/notify.h"
#include "cli/diag_out.h"
#include "cli/options.h"
#include "control/api.h"
#include "control/feed.h"
#include "control/observer.h"
#include "control/privileges.h"
#include "control/reload.h"
#include "control/run_config.h"
#include "control/run_intercept.h"
#include "control/summary.h"
#include "observe/journal.h"
#include "proxy/http1_parser.h"
#include "proxy/server.h"
#include "proxy/watch.h"

/* How often a draining proxy looks whether its sessions are gone. */
#define DRAIN_LOOK_MS 20
/* How long a journal's line may wait for its file. */
#define FLUSH_MS 100

struct serving {
	const struct run_options *opt;
	struct conf_model *model; /* counted; the file's, until it is applied */
	struct state *state;
	struct api *api; /* NULL: none, or its address was taken */
	struct event_base *base;
	struct server *server;
	struct reload *reload; /* NULL before it runs */
	struct feed *feed;
	struct observer *observer;
	struct journal *journal; /* NULL: none */
	struct summary *summary;
	struct log_push *log;
	struct telemetry *telemetry;
	struct notify notify; /* the service manager */
	struct event *signals[3], *flush, *tick, *drain_look, *watchdog;
	struct privileges user; /* to become, if opt->user */
	struct run_intercept intercept;
	uint64_t loaded; /* hash of the file before it was read at start */
	int64_t drain_end_us;
	bool draining;
};

/* --- time --- */

static void
tick(struct serving *r)
{
	int64_t now_us = clock_now(&clock_real);
	int64_t next_us = server_tick(r->server, now_us);
	struct timeval wait;

	event_del(r->tick);
	if (next_us == DEADLINE_NEVER)
		return;
	next_us = MAX(next_us - now_us, 0) + 1000;
	wait.tv_sec = next_us / 1000000;
	wait.tv_usec = next_us % 1000000;
	event_add(r->tick, &wait);
}

static void
on_state_changed(void *arg)
{
	struct serving *r = arg;

	observer_update(r->observer, state_model(r->state));
	tick(r);
	run_intercept_follow(&r->intercept, server_plan(r->server)->model);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tick(arg);
}

/* --- the end --- */

static void
on_drain_look(evutil_socket_t fd, short what, void *arg)
{
	struct serving *r = arg;

	(void)fd;
	(void)what;
	if (server_sessions(r->server) == 0 ||
	    clock_now(&clock_real) >= r->drain_end_us)
		event_base_loopbreak(r->base);
}

static void
drain(struct serving *r, int sig)
{
	struct timeval every = {.tv_usec = DRAIN_LOOK_MS * 1000};

	if (r->draining) {
		event_base_loopbreak(r->base);
		return;
	}
	log_line(LOG_INFO, "draining", "draining; a second signal ends at once",
	    LOG_STR("signal", sig == SIGTERM ? "SIGTERM" : "SIGINT"),
	    LOG_UINT("sessions", server_sessions(r->server)), LOG_END);
	notify_state(&r->notify, NOTIFY_STOPPING, "draining; sessions: %zu",
	    server_sessions(r->server));
	r->draining = true;
	r->drain_end_us =
	    clock_now(&clock_real) + r->model->drain_timeout_us;
	reload_stop(r->reload);
	if (r->api != NULL)
		api_drain(r->api);
	run_intercept_drain(&r->intercept, r->model);
	state_drain(r->state);
	event_add(r->drain_look, &every);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct serving *r = arg;

	(void)what;
	if (sig != SIGHUP)
		drain(r, (int)sig);
	else if (r->opt->config != NULL && !r->draining)
		reload_run(r->reload);
}

/* --- the loop --- */

static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct serving *r = arg;

	(void)fd;
	(void)what;
	if (r->journal != NULL)
		journal_flush(r->journal);
}

/* The manager ends a process that gives no sign of life; one whose workers do
 * not turn gives none. */
static void
on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	struct serving *r = arg;

	(void)fd;
	(void)what;
	if (server_turns(r->server, clock_now(&clock_real)))
		notify_alive(&r->notify);
}

static void
start_notify(struct serving *r)
{
	struct error err;

	if (!notify_init(&r->notify, &err))
		log_line(LOG_WARN, "notify_unreachable",
		    "the service manager will not hear of this process",
		    LOG_STR("error", err.text), LOG_END);
}

static void
start_watchdog(struct serving *r)
{
	int64_t half_us = r->notify.watchdog_us / 2;
	struct timeval every = {
	    .tv_sec = half_us / 1000000,
	    .tv_usec = half_us % 1000000,
	};

	if (half_us == 0)
		return;
	r->watchdog = event_new(r->base, -1, EV_PERSIST, on_watchdog, r);
	event_add(r->watchdog, &every);
}

static void
add_events(struct serving *r)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	struct timeval every = {.tv_usec = FLUSH_MS * 1000};

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		r->signals[i] = event_new(r->base, numbers[i],
		    EV_SIGNAL | EV_PERSIST, on_signal, r);
		event_add(r->signals[i], NULL);
	}
	r->tick = event_new(r->base, -1, 0, on_tick, r);
	r->drain_look = event_new(r->base, -1, EV_PERSIST, on_drain_look, r);
	if (r->journal == NULL)
		return;
	r->flush = event_new(r->base, -1, EV_PERSIST, on_flush, r);
	event_add(r->flush, &every);
}

static void
remove_events(struct serving *r)
{
	for (size_t i = 0; i < COUNT_OF(r->signals); i++) {
		if (r->signals[i] != NULL)
			event_free(r->signals[i]);
	}
	if (r->tick != NULL)
		event_free(r->tick);
	if (r->drain_look != NULL)
		event_free(r->drain_look);
	if (r->flush != NULL)
		event_free(r->flush);
	if (r->watchdog != NULL)
		event_free(r->watchdog);
}

static bool
open_journal(struct serving *r, struct error *err)
{
	if (r->opt->journal == NULL)
		return true;
	r->journal = journal_open(r->opt->journal, server_seed(r->server),
	    &clock_real, err);
	if (r->journal == NULL)
		return false;
	feed_join(r->feed, (struct event_wish){.all = EVENTS_ALL},
		    journal_consume, r->journal);
	return true;
}

/* Everything up to the first listener; false: said on stderr. */
static bool
start(struct serving *r)
{
	struct conf_diag diag = {0};
	struct error err = {0};
	bool ok = false;

	if (!http1_parser_self_test(&err))
		goto failed;
	r->feed = feed_new(r->base, &err);
	if (r->feed == NULL)
		goto failed;
	r->server = server_new(r->model, &err);
	if (r->server == NULL)
		goto failed;
	feed_attach(r->feed, r->server);
	if (!open_journal(r, &err))
		goto failed;
	add_events(r);
	log_line(LOG_INFO, "start", "faultwire starts",
	    LOG_STR("version", FAULTWIRE_VERSION),
	    LOG_UINT("seed", server_seed(r->server)),
	    LOG_UINT("workers", server_workers(r->server)), LOG_END);
	r->summary = summary_new(r->base, r->server);
	r->observer = observer_new(r->base, r->server, r->feed);
	r->telemetry = telemetry_new(r->feed, r->server, r->log, r->model);
	ok = server_apply(r->server, r->model, &diag);
failed:
	if (err.text[0] != '\0')
		fprintf(stderr, "faultwire: %s\n", err.text);
	diag_out_findings(&diag);
	conf_diag_fini(&diag);
	return ok;
}

static void
finish(struct serving *r)
{
	sigset_t all;

	/* The end has begun: no signal makes it an accident. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	remove_events(r);
	summary_free(r->summary);
	api_free(r->api);
	reload_free(r->reload);
	state_free(r->state);
	observer_free(r->observer);
	feed_attach(r->feed, NULL);
	telemetry_detach(r->telemetry);
	server_free(r->server);
	/* The ends of its connections were still for the rules to pass. */
	run_intercept_fini(&r->intercept);
	feed_run(r->feed);
	telemetry_free(r->telemetry);
	if (r->journal != NULL)
		feed_leave(r->feed, r->journal);
	journal_free(r->journal);
	feed_free(r->feed);
	conf_model_unref(r->model);
	event_base_free(r->base);
	notify_fini(&r->notify);
}

/* An address that nobody asked for may be taken: then there is no API. */
static bool
start_api(struct serving *r)
{
	const struct conf_control *control = &r->model->control;
	struct api_options api = {
	    .control = control,
	    .feed = r->feed,
	    .journal = r->journal,
	    .observer = r->observer,
	    .telemetry = r->telemetry,
	    .toxiproxy_metrics = r->opt->toxiproxy_metrics,
	};
	struct error err;

	r->state = state_new(r->server, r->model, on_state_changed, r);
	observer_update(r->observer, r->model);
	if (!run_populate(r->opt, r->state))
		return false;
	r->reload = reload_new(r->base, r->opt, r->state, r->loaded);
	reload_notify(r->reload, &r->notify);
	reload_telemetry(r->reload, r->telemetry);
	api.reload = r->reload;
	if (control->listen == NULL)
		return true;
	r->api = api_new(r->base, r->state, &api, &err);
	if (r->api != NULL) {
		log_line(LOG_INFO, "control_listening", "control API listens",
		    LOG_STR("listen", api_address(r->api)), LOG_END);
		return true;
	}
	if (control->where.line > 0) {
		fprintf(stderr, "%s:%u: control: %s\n", control->where.file,
		    control->where.line, err.text);
		return false;
	}
	log_line(r->opt->is_toxiproxy ? LOG_ERROR : LOG_WARN,
	    "control_unavailable",
	    "there is no control API; control.listen = \"off\" says so, too",
	    LOG_STR("error", err.text), LOG_END);
	return true;
}

/* Everything that may need root is open. */
static bool
become_user(struct serving *r)
{
	struct error err;

	if (r->opt->user == NULL)
		return true;
	if (!privileges_give_sockets(&r->user, r->model, &err) ||
	    !privileges_drop(&r->user, &err)) {
		fprintf(stderr, "faultwire: --user: %s\n", err.text);
		return false;
	}
	log_line(LOG_INFO, "user_changed", "runs as an ordinary user",
	    LOG_UINT("uid", r->user.uid), LOG_UINT("gid", r->user.gid),
	    LOG_END);
	if (r->opt->config != NULL && access(r->opt->config, R_OK) != 0)
		log_line(LOG_WARN, "config_unreadable",
		    "that user cannot read the file: no reload will succeed",
		    LOG_STR("file", r->opt->config),
		    LOG_STR("error", strerror(errno)), LOG_END);
	return true;
}

static int
serve(struct serving *r)
{
	int code = EXIT_FAILED;

	run_prepare_process();
	start_notify(r);
	r->base = event_base_new();
	if (start(r) && start_api(r) &&
	    run_intercept_start(&r->intercept, r->opt->intercept, r->model) &&
	    become_user(r)) {
		server_begin(r->server);
		tick(r);
		log_line(LOG_INFO, "ready", "ready",
		    LOG_UINT("routes", r->model->routes_count), LOG_END);
		notify_state(&r->notify, NOTIFY_READY, "serving; routes: %zu",
		    r->model->routes_count);
		start_watchdog(r);
		event_base_dispatch(r->base);
		log_line(LOG_INFO, "stop", "faultwire stops",
		    LOG_UINT("sessions", server_sessions(r->server)), LOG_END);
		code = EXIT_DONE;
	}
	finish(r);
	return code;
}

int
serve_proxy(const struct run_options *opt)
{
	struct serving r = {.opt = opt};
	struct conf_diag diag = {0};
	struct error err;
	int code;

	if (opt->user != NULL && !privileges_parse(opt->user, &r.user, &err)) {
		fprintf(stderr, "faultwire run: --user: %s\n", err.text);
		return EXIT_USAGE;
	}
	if (opt->config != NULL)
		r.loaded = watch_hash(opt->config);
	r.model = run_load(opt, &diag);
	diag_out_findings(&diag);
	conf_diag_fini(&diag);
	if (r.model == NULL) {
		code = EXIT_FAILED;
	} else if (!run_override(opt, r.model, &err)) {
		fprintf(stderr, "faultwire run: %s\n", err.text);
		conf_model_unref(r.model);
		code = EXIT_USAGE;
	} else {
		run_setup_log(r.model);
		r.log = log_push_new(r.model);
		code = serve(&r);
		log_push_free(r.log, TELEMETRY_FAREWELL_US);
	}
	return code;
}
