/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine asks for, done: faults by the API, load by the drivers,
 * commands by a shell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "config/source.h"
#include "runner/conduct_inner.h"
#include "runner/notes.h"
#include "runner/readback.h"
#include "runner/run_plan.h"
#include "runner/schedule.h"

#define DRAIN_MS 1000
#define READ_MAX ((size_t)256 << 20)

int64_t
conductor_now(const struct conductor *c)
{
	return clock_now(&clock_real) - c->origin_us;
}

/* --- faults ----------------------------------------------------------------
 */

static bool
on_arm(void *arg, const struct conf_step *step, char **why)
{
	struct conductor *c = arg;
	struct error err = {0};

	if (control_arm(&c->control, step, &err))
		return true;
	*why = xstrdup(err.text);
	return false;
}

static bool
on_lift(void *arg, const struct conf_step *step, char **why)
{
	struct conductor *c = arg;
	struct error err = {0};

	if (control_lift(&c->control, step, &err))
		return true;
	*why = xstrdup(err.text);
	return false;
}

static bool
on_lifted(void *arg, const struct conf_step *step)
{
	struct conductor *c = arg;
	struct error err;

	return control_lifted(&c->control, step, &err);
}

/* --- load ------------------------------------------------------------------
 */

static void
on_sample(void *arg, const struct sample *s)
{
	struct conductor *c = arg;

	pulse_add(&c->live, s, conductor_now(c));
}

/* Where a load goes: to a route as the proxy has bound it, or as it says. */
static bool
make_target(struct conductor *c, const struct conf_load *load,
	    struct load_target *to, struct error *err)
{
	const struct conf_route *r =
	    run_plan_route(c->options->model, load->target);
	char *at;
	bool ok;

	if (r == NULL)
		return load_target_parse(load->target, to, err);
	at = control_listening(&c->control, load->target, err);
	ok = at != NULL && load_target_parse(at, to, err);
	free(at);
	to->tls = ok && r->tls.enabled;
	to->any_certificate = to->tls;
	return ok;
}

bool
conductor_make_load(struct conductor *c, struct error *err)
{
	c->drivers = xcalloc(c->e->loads_count + 1, sizeof(struct driver *));
	for (size_t i = 0; i < c->e->loads_count; i++) {
		const struct conf_load *load = &c->e->loads[i];
		struct load_target target = {0};
		struct error why = {0};

		if (make_target(c, load, &target, &why))
			c->drivers[i] = driver_new(
			    c->base,
			    &(struct driver_options){.load = load,
						     .target = &target,
						     .index = (uint32_t)i,
						     .seed = c->run.seed,
						     .origin_us = c->origin_us,
						     .samples = &c->run.samples,
						     .on_sample = on_sample,
						     .arg = c},
			    &why);
		load_target_fini(&target);
		if (c->drivers[i] == NULL)
			return error_set(err, 0, "load \"%s\": %s", load->name,
					 why.text);
	}
	return true;
}

void
conductor_start_load(struct conductor *c)
{
	for (size_t i = 0; i < c->e->loads_count; i++)
		driver_start(c->drivers[i]);
	c->load_started = true;
	c->load_factor = 0;
}

static size_t
in_flight(const struct conductor *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->e->loads_count; i++)
		n += driver_in_flight(c->drivers[i]);
	return n;
}

void
conductor_stop_load(struct conductor *c)
{
	int64_t until_us = clock_now(&clock_real) + DRAIN_MS * 1000;

	for (size_t i = 0; c->load_started && i < c->e->loads_count; i++)
		driver_stop(c->drivers[i]);
	while (c->load_started && in_flight(c) > 0 &&
	       clock_now(&clock_real) < until_us) {
		event_base_loop(c->base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
	for (size_t i = 0; c->drivers != NULL && i < c->e->loads_count; i++) {
		const struct tally *t =
		    c->drivers[i] != NULL ? driver_tally(c->drivers[i]) : NULL;

		if (t != NULL)
			c->run.driver_late_p99_us = MAX(
			    c->run.driver_late_p99_us, tally_late_us(t, 0.99));
		driver_free(c->drivers[i]);
	}
	free(c->drivers);
	c->drivers = NULL;
	c->load_started = false;
}

static void
on_scale(void *arg, double factor)
{
	struct conductor *c = arg;
	double before = c->load_factor > 0 ? c->load_factor : 1;

	c->load_factor = factor;
	if (factor == before)
		return;
	for (size_t i = 0; i < c->e->loads_count; i++) {
		if (c->e->loads[i].probe == NULL)
			driver_scale(c->drivers[i], factor);
	}
	run_note(&c->run, conductor_now(c), "load", "load times %g", factor);
}

/* --- commands --------------------------------------------------------------
 */

static void
start_command(struct conductor *c, const struct command_options *o)
{
	struct error err = {0};

	command_kill(&c->command);
	if (!command_start(&c->command, o, conductor_now(c), &err))
		machine_done(&c->machine, err.text);
}

static void
on_hook(void *arg, const struct conf_scenario *s, bool start)
{
	struct conductor *c = arg;
	char *log = xasprintf("%s/hooks.log", c->options->dir);
	char *name = xasprintf("FAULTWIRE_SCENARIO=%s", s->name);
	char *out = xasprintf("FAULTWIRE_OUT=%s", c->options->dir);

	start_command(c, &(struct command_options){
			     .text = start ? s->hook.start : s->hook.stop,
			     .output = log,
			     .env = (const char *[]){name, out, NULL},
			     .timeout_us = s->hook.timeout_us});
	free(log);
	free(name);
	free(out);
}

static void
on_read_back(void *arg, size_t scenario)
{
	struct conductor *c = arg;
	const struct conf_scenario *s = &c->e->scenarios[scenario];
	char *errors = xasprintf("%s/hooks.log", c->options->dir);

	free(c->read_path);
	c->read_path =
	    xasprintf("%s/read-back-%zu.txt", c->options->dir, scenario + 1);
	unlink(c->read_path);
	c->read_scenario = scenario;
	c->read_until_us = conductor_now(c);
	start_command(
	    c, &(struct command_options){.text = s->verify.read,
					 .output = c->read_path,
					 .errors = errors,
					 .timeout_us = s->verify.timeout_us});
	free(errors);
}

/* The ids that were printed, beside what was written. */
static void
take_ids(struct conductor *c, struct run_verify *to)
{
	const struct conf_scenario *s = &c->e->scenarios[c->read_scenario];
	int64_t from_us = c->run.scenarios[c->read_scenario].from_us;
	struct str text = {0};
	struct error err = {0};

	str_add(&text, "");
	if (source_read(c->read_path, READ_MAX, &text, &err))
		readback_judge(&(struct readback){.run = &c->run,
						  .load = conf_experiment_load(
						      c->e, s->verify.acked),
						  .from_us = from_us,
						  .until_us = c->read_until_us,
						  .stored = text.text},
			       to);
	else
		to->why = xstrdup(err.text);
	str_fini(&text);
}

void
conductor_poll_command(struct conductor *c)
{
	struct run_verify *verify;
	struct error err = {0};
	bool ok;

	if (!command_poll(&c->command, conductor_now(c), &ok, &err))
		return;
	if (c->machine.state == MACHINE_READ_BACK) {
		verify = &c->run.scenarios[c->read_scenario].verify;
		if (ok)
			take_ids(c, verify);
		else
			verify->why = xasprintf(
			    "the ids could not be read back: %s", err.text);
		machine_done(&c->machine, verify->why);
		return;
	}
	machine_done(&c->machine, ok ? NULL : err.text);
}

/* --- the rest --------------------------------------------------------------
 */

static bool
on_steady(void *arg, const int64_t period_us[2], int keep, char **why)
{
	struct conductor *c = arg;

	return pulse_is_steady(
	    &c->live, c->e,
	    &(struct pulse_steady){
		.from_us = period_us[0],
		.to_us = period_us[1],
		.window_us =
		    keep == STEADY_BEFORE ? 0 : c->e->phases.steady_window_us,
		.keep = keep == STEADY_LOOK ? NULL : &c->run,
		.after = keep == STEADY_AFTER},
	    why);
}

static const char *
on_blackout(void *arg)
{
	struct conductor *c = arg;

	return schedule_blackout(&c->e->guards, clock_wall_us());
}

static void
on_changed(void *arg)
{
	struct conductor *c = arg;

	progress_show(&c->progress, &c->machine, &c->live, conductor_now(c));
}

const struct machine_ops conductor_ops = {
    .arm = on_arm,
    .lift = on_lift,
    .lifted = on_lifted,
    .scale = on_scale,
    .hook = on_hook,
    .read_back = on_read_back,
    .steady = on_steady,
    .blackout = on_blackout,
    .changed = on_changed,
};
