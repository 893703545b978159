/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline as a whole: panels, and on them axis and markers. Numbers have
 * one digit behind the point, so that the same run gives the same bytes. */
#include "report/svg.h"

#include <math.h>

#include "base/attr.h"
#include "experiment/totals.h"
#include "report/views.h"

/* --- axis and markers ------------------------------------------------------
 */

/* 1, 2 or 5 times a power of ten, so that there are some ten of them. */
static double
tick_of(double seconds)
{
	double step = pow(10, floor(log10(MAX(seconds, 0.1) / 5)));

	while (seconds / step > 15)
		step *= seconds / step > 30 ? 5 : 2;
	return step;
}

static void
add_axis(struct svg *g)
{
	double seconds = (double)g->report->run->duration_us / 1e6;
	double step = tick_of(seconds);

	for (double t = 0; t <= seconds; t += step) {
		double x = svg_x(g, (int64_t)(t * 1e6));

		str_printf(g->to,
			   "<path class=\"axis\" d=\"M%.1f %.1fv5\"/>"
			   "<text class=\"small\" x=\"%.1f\" y=\"%.1f\" "
			   "text-anchor=\"middle\">%.4g s</text>\n",
			   x, g->y, x, g->y + 18, t);
	}
	g->y += 24;
}

static const struct svg_key markers[] = {{"first", "┊", "first success"},
					 {"steady", "┊", "steady"},
					 {"ended", "┆", "ended by a guard"},
					 {0}};

static void
add_marker(struct svg *g, int64_t at_us, const struct svg_key *what,
	   const char *name)
{
	double x = svg_x(g, at_us);

	str_printf(g->to, "<path class=\"%s\" d=\"M%.1f 50V%.1f\"><title>",
		   what->class, x, g->y);
	markup_add(g->to, name);
	str_printf(g->to, ": %s at %.2f s</title></path>\n", what->name,
		   (double)at_us / 1e6);
}

/* First success, steady, the end by a guard; their text shows on hovering,
 * and stands in the table of recovery times. */
static void
add_markers(struct svg *g)
{
	const struct run *run = g->report->run;

	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &run->scenarios[i];
		struct periods during;
		int64_t lift = RUN_NEVER;

		periods_of_scenario(s, &during);
		if (during.count > 0)
			lift = during.items[during.count - 1].to_us;
		periods_fini(&during);
		if (lift == RUN_NEVER)
			continue;
		if (s->first_success_us != RUN_NEVER)
			add_marker(g, lift + s->first_success_us, &markers[0],
				   s->asked->name);
		if (s->steady_us != RUN_NEVER)
			add_marker(g, lift + s->steady_us, &markers[1],
				   s->asked->name);
		if (s->state == SCENARIO_ABORTED)
			add_marker(g, lift, &markers[2], s->asked->name);
	}
}

static void
add_names(struct svg *g)
{
	const struct run *run = g->report->run;

	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		struct periods during;

		periods_of_scenario(&run->scenarios[i], &during);
		if (during.count > 0) {
			str_printf(g->to,
				   "<text class=\"small\" x=\"%.1f\" "
				   "y=\"%.1f\">",
				   svg_x(g, during.items[0].from_us),
				   i % 2 == 0 ? 32.0 : 46.0);
			markup_add(g->to, run->scenarios[i].asked->name);
			str_add(g->to, "</text>\n");
		}
		periods_fini(&during);
	}
}

void
svg_plot(const struct report *r, struct str *to)
{
	struct str body = {0};
	struct svg g = {.to = &body, .report = r};

	bins_fill(r->run, SVG_BINS, &g.bins);
	g.y = 2;
	svg_title(&g, "Shades are faults;", markers);
	g.y = 52;
	add_names(&g);
	svg_requests(&g);
	svg_latency(&g);
	svg_attempts(&g);
	svg_connections(&g);
	add_markers(&g);
	add_axis(&g);
	str_printf(to,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		   "viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		   "aria-labelledby=\"plot-title plot-text\">\n"
		   "<title id=\"plot-title\">Timeline of the run</title>\n"
		   "<desc id=\"plot-text\">Requests, their latency, attempts "
		   "on faulted routes and connections over time; shades are "
		   "faults, dotted lines are the first success and the "
		   "steady state after each. The tables below hold the "
		   "figures.</desc>\n",
		   SVG_WIDTH, g.y + 4);
	str_add(to, body.text);
	str_add(to, "</svg>\n");
	str_fini(&body);
	bins_fini(&g.bins);
}
