/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over samples, and what is asked of them. */
#include "runner/pulse.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/units.h"

/* --- samples ---------------------------------------------------------------
 */

void
pulse_init(struct pulse *l, size_t loads)
{
	l->loads = xcalloc(loads + 1, sizeof(*l->loads));
	l->count = loads;
}

void
pulse_fini(struct pulse *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->loads[i].items);
	free(l->loads);
	*l = (struct pulse){0};
}

void
pulse_add(struct pulse *l, const struct sample *s, int64_t now_us)
{
	struct pulse_load *load = &l->loads[s->load];

	if (load->count == load->room) {
		load->room = MAX(2 * load->room, 256);
		load->items =
		    xrealloc(load->items, load->room * sizeof(*load->items));
	}
	load->items[load->count++] =
	    (struct pulse_item){.at_us = now_us,
				.latency_us = now_us - s->intended_us,
				.outcome = s->outcome};
}

/* Adds the items of one load; latencies go to *at, which is moved. */
static void
take_load(const struct pulse_load *load, const int64_t period_us[2],
	  struct pulse_window *to, double **at)
{
	for (size_t i = load->count; i-- > 0;) {
		const struct pulse_item *item = &load->items[i];

		if (item->at_us < period_us[0])
			break;
		if (item->at_us >= period_us[1] || item->outcome == SAMPLE_OPEN)
			continue;
		if (item->outcome == SAMPLE_LOST) {
			to->lost++;
			continue;
		}
		to->n++;
		to->failed += item->outcome != SAMPLE_OK;
		*(*at)++ = (double)item->latency_us;
	}
}

void
pulse_take(const struct pulse *l, size_t load, const int64_t period_us[2],
	   struct pulse_window *to)
{
	size_t room = 1;
	double *values, *at;

	*to = (struct pulse_window){0};
	for (size_t i = 0; i < l->count; i++)
		room += l->loads[i].count;
	values = at = xcalloc(room, sizeof(*values));
	for (size_t i = 0; i < l->count; i++) {
		if (load == PULSE_ALL || load == i)
			take_load(&l->loads[i], period_us, to, &at);
	}
	to->success = stat_wilson(to->n - to->failed, to->n);
	if (to->n > 0) {
		stat_sort(values, to->n);
		to->p95_us = (int64_t)stat_quantile(values, to->n, 0.95);
		to->p99_us = (int64_t)stat_quantile(values, to->n, 0.99);
	}
	free(values);
}

/* --- steady ----------------------------------------------------------------
 */

/* Moves from_us back until the window has its samples. */
static void
take_latest(const struct pulse *l, const struct conf_steady *s, size_t load,
	    const struct pulse_steady *ask, struct pulse_window *to)
{
	int64_t window_us = ask->window_us;
	int64_t period[2] = {ask->from_us, ask->to_us};

	do {
		if (window_us > 0)
			period[0] = MAX(ask->from_us, ask->to_us - window_us);
		pulse_take(l, load, period, to);
		window_us *= 2;
	} while (to->n < (size_t)s->min_samples && period[0] > ask->from_us);
}

static void
say_latency(struct str *why, const char *what, int64_t us, int64_t max_us)
{
	struct str got = {0}, asked = {0};

	units_print_duration(&got, us);
	units_print_duration(&asked, max_us);
	str_printf(why, "%s is %s, expected %s at most", what, got.text,
		   asked.text);
	str_fini(&got);
	str_fini(&asked);
}

/* Appends what is not met; nothing if all is. */
static void
judge_steady(const struct conf_steady *s, const struct pulse_window *w,
	     struct str *why)
{
	double success =
	    w->n > 0 ? (double)(w->n - w->failed) / (double)w->n : 0;

	if (w->n < (size_t)s->min_samples)
		str_printf(why, "only %zu requests, expected %lld at least",
			   w->n, (long long)s->min_samples);
	else if (success < s->success_min)
		str_printf(why,
			   "%.4g%% of %zu requests are good, expected %.4g%% "
			   "at least",
			   100 * success, w->n, 100 * s->success_min);
	else if (s->p95_max_us > 0 && w->p95_us > s->p95_max_us)
		say_latency(why, "p95", w->p95_us, s->p95_max_us);
	else if (s->p99_max_us > 0 && w->p99_us > s->p99_max_us)
		say_latency(why, "p99", w->p99_us, s->p99_max_us);
}

static void
keep(struct run *run, const struct conf_steady *s, const struct pulse_window *w,
     const bool after_met[2])
{
	struct run_steady *to;

	run->steady = xrealloc(run->steady,
			       (run->steady_count + 1) * sizeof(*run->steady));
	to = &run->steady[run->steady_count++];
	*to = (struct run_steady){
	    .asked = s,
	    .after = after_met[0],
	    .met = after_met[1],
	    .n = w->n,
	    .success = w->n > 0 ? (double)(w->n - w->failed) / (double)w->n : 0,
	    .success_lo = w->success.lo,
	    .success_hi = w->success.hi,
	    .p95_us = w->p95_us,
	    .p99_us = w->p99_us};
}

bool
pulse_is_steady(const struct pulse *l, const struct conf_experiment *e,
		const struct pulse_steady *ask, char **why)
{
	struct str all = {0};
	bool met = true;

	for (size_t i = 0; i < e->steady_count; i++) {
		const struct conf_steady *s = &e->steady[i];
		struct pulse_window w;
		struct str one = {0};

		take_latest(l, s, conf_experiment_load(e, s->of), ask, &w);
		judge_steady(s, &w, &one);
		if (one.len > 0)
			str_printf(&all, "%s%s: %s", met ? "" : "; ", s->of,
				   one.text);
		if (ask->keep != NULL)
			keep(ask->keep, s, &w,
			     (bool[]){ask->after, one.len == 0});
		met &= one.len == 0;
		str_fini(&one);
	}
	*why = met ? NULL : str_take(&all);
	str_fini(&all);
	return met;
}

/* --- guards ----------------------------------------------------------------
 */

static bool
is_except(const struct conf_abort *a, const char *scenario)
{
	for (size_t i = 0; i < a->except.count; i++) {
		if (strcmp(a->except.items[i], scenario) == 0)
			return true;
	}
	return false;
}

/* The reason why it is met, owned; NULL: it is not. */
static char *
judge_abort(const struct conf_abort *a, const struct pulse_window *w)
{
	size_t all = w->n + w->lost;
	struct str why = {0};

	if (a->lost_load_above > 0 && all >= (size_t)a->min_samples &&
	    (double)w->lost > a->lost_load_above * (double)all)
		return xasprintf("%zu of %zu requests could not be sent (more "
				 "than %.3g%%)",
				 w->lost, all, 100 * a->lost_load_above);
	if (w->n < (size_t)a->min_samples)
		return NULL;
	if (a->error_above > 0 && 1 - w->success.hi > a->error_above)
		return xasprintf("%zu of %zu requests failed: more than %.3g%% "
				 "for certain",
				 w->failed, w->n, 100 * a->error_above);
	if (a->p95_above_us == 0 || w->p95_us <= a->p95_above_us)
		return NULL;
	say_latency(&why, "p95", w->p95_us, a->p95_above_us);
	return str_take(&why);
}

bool
pulse_aborts(const struct pulse *l, const struct conf_experiment *e,
	     const char *scenario, int64_t now_us, char **why)
{
	for (size_t i = 0; i < e->guards.aborts_count; i++) {
		const struct conf_abort *a = &e->guards.aborts[i];
		struct pulse_window w;
		char *reason;

		if (is_except(a, scenario))
			continue;
		pulse_take(l,
			   a->of != NULL ? conf_experiment_load(e, a->of)
					 : PULSE_ALL,
			   (int64_t[]){now_us - a->for_us, now_us + 1}, &w);
		reason = judge_abort(a, &w);
		if (reason == NULL)
			continue;
		*why = xasprintf("guard on %s: %s",
				 a->of != NULL ? a->of : "all loads", reason);
		free(reason);
		return true;
	}
	return false;
}
