/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and blocks. */
#include "runner/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"
#include "config/fault.h"

#define BLOCK_US  INT64_C(250000)
#define LINE_US	  INT64_C(5000000)
#define WINDOW_US INT64_C(3000000) /* of rates and shares */

void
progress_init(struct progress *p, bool quiet)
{
	*p = (struct progress){.quiet = quiet,
			       .tty = isatty(STDERR_FILENO) == 1};
}

static void
add_seconds(struct str *to, int64_t us)
{
	long long s = MAX(us, 0) / 1000000;

	if (s >= 60)
		str_printf(to, "%lldm%02llds", s / 60, s % 60);
	else
		str_printf(to, "%llds", s);
}

/* What is left, rounded up: it is over when nothing is. */
static void
add_left(struct str *to, int64_t us)
{
	add_seconds(to, us + 999999);
	str_add(to, " left");
}

/* How long the state has been, and what it may still take. */
static void
add_state(struct str *to, const struct machine *m, int64_t now_us)
{
	const struct conf_scenario *s = machine_scenario(m);
	int64_t until_us = m->until_us;

	if (s != NULL)
		str_printf(to, "%s: ", s->name);
	str_add(to, machine_state_name(m->state));
	if (m->state == MACHINE_FAULTS)
		until_us = m->since_us + conf_scenario_length(s);
	if (until_us == MACHINE_NEVER || until_us <= now_us)
		return;
	str_add(to, ", ");
	add_left(to, until_us - now_us);
}

static void
add_load(struct str *to, const struct conf_load *load, const struct pulse *l,
	 size_t at, int64_t now_us)
{
	int64_t from_us = MAX(now_us - WINDOW_US, 0);
	double seconds = (double)MAX(now_us - from_us, 1) / 1e6;
	struct pulse_window w;

	pulse_take(l, at, (int64_t[]){from_us, now_us}, &w);
	str_printf(to, "%s %.1f/s, %.1f%% failed, p95 %.0f ms", load->name,
		   (double)w.n / seconds,
		   w.n > 0 ? 100.0 * (double)w.failed / (double)w.n : 0,
		   (double)w.p95_us / 1e3);
	if (w.lost > 0)
		str_printf(to, ", %zu lost", w.lost);
}

static void
add_step(struct str *to, const struct run_step *step, int64_t now_us)
{
	const struct conf_step *asked = step->asked;

	if (asked->fault != NULL)
		str_printf(to, "%s on %s", asked->fault->kind->name,
			   asked->route);
	else
		str_printf(to, "partition %s", asked->partition);
	str_add(to, ", ");
	add_left(to, step->armed_us + asked->for_us - now_us);
}

/* The lines of the block, or the one line. */
static void
progress_text(const struct machine *m, const struct pulse *l, int64_t now_us,
	      bool block, struct str *to)
{
	const char *between = block ? "\n  " : "; ";
	const struct conf_experiment *e = m->run->asked;

	add_seconds(to, now_us);
	str_add(to, "  ");
	add_state(to, m, now_us);
	for (size_t i = 0; i < e->loads_count; i++) {
		str_add(to, between);
		add_load(to, &e->loads[i], l, i, now_us);
	}
	for (size_t i = 0; m->state == MACHINE_FAULTS &&
			   i < e->scenarios[m->scenario].steps_count;
	     i++) {
		const struct run_step *step =
		    &m->run->scenarios[m->scenario].steps[i];

		if (step->armed_us == RUN_NEVER || step->lifted_us != RUN_NEVER)
			continue;
		str_add(to, between);
		add_step(to, step, now_us);
	}
}

static size_t
columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
		   ? size.ws_col
		   : 80;
}

/* Over the block that is there. Lines are cut: one that wraps is two. */
static void
draw(struct progress *p, const struct str *text)
{
	size_t width = columns() - 1;
	const char *line = text->text;

	if (p->drawn > 0)
		fprintf(stderr, "\033[%zuA\r\033[J", p->drawn);
	for (p->drawn = 0; *line != '\0'; p->drawn++) {
		size_t len = strcspn(line, "\n");

		fprintf(stderr, "%.*s\n", (int)MIN(len, width), line);
		line += len + (line[len] == '\n');
	}
}

void
progress_show(struct progress *p, const struct machine *m,
	      const struct pulse *l, int64_t now_us)
{
	bool changed =
	    !p->told || p->state != m->state || p->scenario != m->scenario;
	struct str text = {0};

	if (p->quiet || (!changed && now_us < p->next_us) ||
	    m->state == MACHINE_ENDED)
		return;
	progress_text(m, l, now_us, p->tty, &text);
	if (p->tty)
		draw(p, &text);
	else
		fprintf(stderr, "%s\n", text.text);
	str_fini(&text);
	p->told = true;
	p->state = m->state;
	p->scenario = m->scenario;
	p->next_us = now_us + (p->tty ? BLOCK_US : LINE_US);
}

void
progress_end(struct progress *p)
{
	p->drawn = 0;
}
