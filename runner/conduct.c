/* SPDX-License-Identifier: Apache-2.0 */
/* A run from its preparations to its end.
 *
 *	prepare: preflight, proxy, lease, load ─► loop: tick ─► machine
 *	                                                        │
 *	report ◄─ judge ◄─ journal ◄─ lease given back ◄────────┘
 */
#include "runner/conduct.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/xalloc.h"
#include "config/source.h"
#include "config/tables.h"
#include "runner/conduct_inner.h"
#include "runner/notes.h"
#include "runner/preflight.h"
#include "runner/schedule.h"

#define GUARD_US INT64_C(200000) /* how often guards look */

/* --- what is known of the run before it begins -----------------------------
 */

static bool
make_dir(const char *path, struct error *err)
{
	char *copy = xstrdup(path);
	bool ok = true;

	for (char *p = copy + 1; ok && *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		ok = mkdir(copy, 0777) == 0 || errno == EEXIST;
		*p = '/';
	}
	ok = ok && (mkdir(copy, 0777) == 0 || errno == EEXIST);
	if (!ok)
		error_set(err, errno, "%s: %s", path, strerror(errno));
	free(copy);
	return ok;
}

/* Of the text of all files. */
static char *
hash_files(const struct conf_model *model)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < model->files_count; i++) {
		struct str text = {0};
		struct error err;

		str_add(&text, "");
		if (source_read(model->files[i], (size_t)8 << 20, &text, &err))
			hash = hash * 31 + rng_hash(text.text);
		str_fini(&text);
	}
	return xasprintf("%016llx", (unsigned long long)hash);
}

static void
fill_routes(struct run *run, const struct conf_model *m)
{
	run->routes = xcalloc(m->routes_count + 1, sizeof(*run->routes));
	run->routes_count = m->routes_count;
	for (size_t i = 0; i < m->routes_count; i++) {
		const struct conf_route *r = &m->routes[i];

		run->routes[i] =
		    (struct run_route){.name = r->name,
				       .protocol = conf_protocols[r->protocol],
				       .listen = r->listen_text,
				       .upstream = r->upstream_text,
				       .owner = r->owner};
	}
}

static void
fill_scenarios(struct run *run)
{
	const struct conf_experiment *e = run->asked;

	run->scenarios =
	    xcalloc(e->scenarios_count + 1, sizeof(*run->scenarios));
	for (size_t i = 0; i < e->scenarios_count; i++) {
		const struct conf_scenario *s = &e->scenarios[i];
		struct run_scenario *to = &run->scenarios[i];

		*to = (struct run_scenario){.asked = s,
					    .from_us = RUN_NEVER,
					    .to_us = RUN_NEVER,
					    .first_success_us = RUN_NEVER,
					    .steady_us = RUN_NEVER,
					    .client_wait_us = RUN_NEVER,
					    .service_us = RUN_NEVER,
					    .pool_us = RUN_NEVER};
		to->steps = xcalloc(s->steps_count + 1, sizeof(*to->steps));
		for (size_t k = 0; k < s->steps_count; k++)
			to->steps[k] =
			    (struct run_step){.asked = &s->steps[k],
					      .planned_us = RUN_NEVER,
					      .armed_us = RUN_NEVER,
					      .lifted_us = RUN_NEVER};
	}
}

static void
fill_run(struct conductor *c)
{
	const struct conf_model *m = c->options->model;
	int64_t wall_us = clock_wall_us();
	struct run *run = &c->run;

	run->asked = c->e;
	run->file = xstrdup(c->options->file);
	run->config_hash = hash_files(m);
	run->seed = c->e->has_seed || m->has_seed ? experiment_seed(m)
						  : (uint64_t)wall_us;
	run->run_id = xasprintf(
	    "%08llx", (unsigned long long)(rng_hash(run->config_hash) ^
					   (uint64_t)wall_us) &
			  0xffffffff);
	fill_routes(run, m);
	fill_scenarios(run);
}

/* --- preparations ----------------------------------------------------------
 */

static bool
is_allowed(struct conductor *c, struct error *err)
{
	const char *blackout;

	schedule_zone(c->e->schedule.tz);
	blackout = schedule_blackout(&c->e->guards, clock_wall_us());
	return blackout == NULL ||
	       error_set(err, 0, "the blackout \"%s\" holds now", blackout);
}

static bool
check_upstreams(struct conductor *c, struct error *err)
{
	struct str problems = {0};
	bool ok = preflight_upstreams(c->options->model, &problems);

	if (!ok)
		fprintf(stderr, "%s\n", problems.text);
	str_fini(&problems);
	return ok || error_set(err, 0, "not every upstream can be reached");
}

/* Our own proxy; the times of the run are its journal's. */
static bool
start_own(struct conductor *c, struct error *err)
{
	const struct child_options o = {.config = c->options->file,
					.dir = c->options->dir,
					.token = c->options->token,
					.seed = c->run.seed,
					.cancel_fd = c->options->interrupt_fd};

	c->own = true;
	return child_start(&c->child, &o, &c->control, err) &&
	       control_origin(&c->control, &c->origin_us, err);
}

/* One that runs: its journal began long ago. */
static bool
join_foreign(struct conductor *c, struct error *err)
{
	int64_t began_us;

	if (!control_init(&c->control, c->options->control, c->options->token,
			  err) ||
	    !control_origin(&c->control, &began_us, err))
		return false;
	c->origin_us = clock_now(&clock_real);
	c->shift_us = c->origin_us - began_us;
	return true;
}

static bool
follow_foreign(struct conductor *c, struct error *err)
{
	char *path = xasprintf("%s/journal.jsonl", c->options->dir);
	size_t added;
	bool ok = control_routes(&c->control, c->options->model, &added, err);

	if (ok && added > 0)
		run_note(&c->run, 0, "lease", "%zu routes were added", added);
	ok = ok && follow_start(&c->follow, &c->control.target, path, err);
	free(path);
	return ok;
}

static bool
prepare(struct conductor *c, struct error *err)
{
	if (!is_allowed(c, err) || !make_dir(c->options->dir, err) ||
	    !check_upstreams(c, err))
		return false;
	if (c->options->control == NULL ? !start_own(c, err)
					: !join_foreign(c, err))
		return false;
	if (!control_lease(&c->control, c->e->guards.lease_us, c->e->name, err))
		return false;
	if (!c->own && !follow_foreign(c, err))
		return false;
	c->run.start_wall_us = clock_wall_us() - conductor_now(c);
	return conductor_make_load(c, err);
}

/* --- the loop --------------------------------------------------------------
 */

/* Nothing that is not renewed stays. */
static void
renew(struct conductor *c, int64_t now_us)
{
	int64_t silent_us = clock_now(&clock_real) - c->control.renewed_us;
	struct error err = {0};

	if (now_us < c->renew_us)
		return;
	c->renew_us = now_us + c->control.lease_us / 3;
	if (control_renew(&c->control, &err))
		return;
	run_note(&c->run, now_us, "lease", "it could not be renewed: %s",
		 err.text);
	if (silent_us >= c->control.lease_us)
		machine_stop(&c->machine,
			     c->own || c->control.answered ? END_GUARD
							   : END_PROXY_GONE,
			     "the lease was lost");
	c->renew_us = now_us + c->control.lease_us / 10;
}

static void
look_after_child(struct conductor *c)
{
	struct error err;

	if (c->own && child_ended(&c->child, &err))
		machine_stop(&c->machine, END_PROXY_GONE, err.text);
}

static void
look_at_guards(struct conductor *c, int64_t now_us)
{
	const struct conf_scenario *s = machine_scenario(&c->machine);
	char *why;

	if (now_us < c->guard_us || c->machine.state != MACHINE_FAULTS)
		return;
	c->guard_us = now_us + GUARD_US;
	if (!pulse_aborts(&c->live, c->e, s->name, now_us, &why))
		return;
	machine_stop(&c->machine, END_GUARD, why);
	free(why);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct conductor *c = arg;
	int64_t now_us = conductor_now(c), next_us, wait_us;
	struct timeval wait;

	(void)fd;
	(void)what;
	look_after_child(c);
	if (c->machine.end != END_PROXY_GONE)
		renew(c, now_us);
	look_at_guards(c, now_us);
	conductor_poll_command(c);
	next_us = machine_step(&c->machine, conductor_now(c));
	progress_show(&c->progress, &c->machine, &c->live, conductor_now(c));
	if (c->machine.state == MACHINE_ENDED) {
		event_base_loopbreak(c->base);
		return;
	}
	wait_us = MAX(next_us - conductor_now(c), 100);
	wait.tv_sec = wait_us / 1000000;
	wait.tv_usec = wait_us % 1000000;
	event_add(c->tick, &wait);
}

static void
on_interrupt(evutil_socket_t fd, short what, void *arg)
{
	struct conductor *c = arg;

	(void)what;
	while (c->options->interrupt_take((int)fd) != 0)
		c->interrupts++;
	/* Whoever asks twice does not wait for a command. */
	if (c->interrupts > 1 && c->command.pid != 0) {
		command_kill(&c->command);
		machine_done(&c->machine, "it was interrupted");
	}
	machine_stop(&c->machine, END_INTERRUPTED, "interrupted");
	event_active(c->tick, EV_TIMEOUT, 0);
}

static void
loop(struct conductor *c)
{
	c->machine = (struct machine){.run = &c->run,
				      .ops = &conductor_ops,
				      .arg = c,
				      .only = c->options->only};
	c->tick = event_new(c->base, -1, 0, on_tick, c);
	if (c->options->interrupt_fd >= 0) {
		c->interrupt = event_new(c->base, c->options->interrupt_fd,
					 EV_READ | EV_PERSIST, on_interrupt, c);
		event_add(c->interrupt, NULL);
	}
	conductor_start_load(c);
	machine_start(&c->machine, conductor_now(c));
	event_active(c->tick, EV_TIMEOUT, 0);
	event_base_dispatch(c->base);
	progress_end(&c->progress);
}

/* --- the end ---------------------------------------------------------------
 */

/* Whatever is still bound to the lease is lifted with it. */
static void
give_back(struct conductor *c)
{
	struct error err = {0};

	command_kill(&c->command);
	if (c->machine.end == END_PROXY_GONE ||
	    control_release(&c->control, &err))
		return;
	/* It runs out; what was armed was looked at already. */
	run_note(&c->run, conductor_now(c), "lease",
		 "it could not be given back: %s", err.text);
}

static void
conductor_fini(struct conductor *c)
{
	conductor_stop_load(c);
	if (c->tick != NULL)
		event_free(c->tick);
	if (c->interrupt != NULL)
		event_free(c->interrupt);
	follow_stop(&c->follow);
	child_stop(&c->child);
	control_fini(&c->control);
	machine_fini(&c->machine);
	pulse_fini(&c->live);
	run_fini(&c->run);
	free(c->read_path);
	event_base_free(c->base);
}

/* Nothing was injected. */
static int
say_unable(struct conductor *c, const struct error *err)
{
	struct error ignored;

	fprintf(stderr, "faultwire experiment run: %s; nothing was injected\n",
		err->text);
	if (c->control.lease != NULL && !control_release(&c->control, &ignored))
		return CONDUCT_UNSTEADY;
	return err->code == ECANCELED ? CONDUCT_INTERRUPTED : CONDUCT_UNSTEADY;
}

int
conduct(const struct conduct_options *options)
{
	struct conductor c = {.options = options,
			      .e = options->model->experiment};
	struct error err = {0};
	int code;

	c.base = event_base_new();
	pulse_init(&c.live, c.e->loads_count);
	progress_init(&c.progress, options->quiet);
	fill_run(&c);
	if (prepare(&c, &err)) {
		loop(&c);
		conductor_stop_load(&c);
		give_back(&c);
		code = conductor_conclude(&c);
	} else {
		code = say_unable(&c, &err);
	}
	conductor_fini(&c);
	return code;
}
