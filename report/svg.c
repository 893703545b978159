/* SPDX-License-Identifier: Apache-2.0 */
/* Frame of the timeline: axis, shades for faults, markers. Numbers have one
 * digit behind the point, so that the same run gives the same bytes. */
#include "report/svg.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "experiment/totals.h"
#include "report/views.h"

double
svg_x(const struct svg *g, int64_t at_us)
{
	double share =
	    (double)at_us / (double)MAX(g->report->run->duration_us, 1);

	return SVG_LEFT + SVG_PLOT * MIN(MAX(share, 0), 1);
}

double
svg_log(double us)
{
	return MIN(MAX(log10(MAX(us, 1) / 100) / 6, 0), 1);
}

void
svg_label(struct svg *g, double y, const char *text)
{
	str_printf(g->to,
		   "<text class=\"small\" x=\"%.1f\" y=\"%.1f\" "
		   "text-anchor=\"end\">",
		   SVG_LEFT - 6, y);
	markup_add(g->to, text);
	str_add(g->to, "</text>\n");
}

void
svg_log_labels(struct svg *g, double bottom, double height)
{
	static const char *const names[] = {"1 ms", "100 ms", "10 s"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		svg_label(g, bottom - height * (double)(2 * i + 1) / 6 + 4,
			  names[i]);
}

static void
add_shades(struct svg *g, double height)
{
	struct spans during;

	spans_of_run(g->report->run, &during);
	for (size_t i = 0; i < during.count; i++) {
		double x = svg_x(g, during.items[i].from_us);

		str_printf(g->to,
			   "<rect class=\"fault\" x=\"%.1f\" y=\"%.1f\" "
			   "width=\"%.1f\" height=\"%.1f\"/>\n",
			   x, g->y, MAX(svg_x(g, during.items[i].to_us) - x, 1),
			   height);
	}
	spans_fini(&during);
}

static void
add_title(struct svg *g, const char *title, const struct svg_key *keys)
{
	str_printf(g->to, "<text x=\"%.1f\" y=\"%.1f\">", SVG_LEFT, g->y + 14);
	markup_add(g->to, title);
	for (; keys->name != NULL; keys++)
		str_printf(g->to, " <tspan class=\"%s\">%s</tspan> %s",
			   keys->class, keys->mark, keys->name);
	str_add(g->to, "</text>\n");
}

double
svg_panel(struct svg *g, const char *title, const struct svg_key *keys,
	  double height)
{
	double bottom;

	add_title(g, title, keys);
	g->y += 22;
	add_shades(g, height);
	bottom = g->y + height;
	str_printf(g->to, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n",
		   SVG_LEFT, g->y, bottom, SVG_LEFT + SVG_PLOT);
	g->y = bottom + 10;
	return bottom;
}

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
		struct spans during;
		int64_t lift = RUN_NEVER;

		spans_of_scenario(s, &during);
		if (during.count > 0)
			lift = during.items[during.count - 1].to_us;
		spans_fini(&during);
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
		struct spans during;

		spans_of_scenario(&run->scenarios[i], &during);
		if (during.count > 0) {
			str_printf(g->to,
				   "<text class=\"small\" x=\"%.1f\" "
				   "y=\"%.1f\">",
				   svg_x(g, during.items[0].from_us),
				   i % 2 == 0 ? 32.0 : 46.0);
			markup_add(g->to, run->scenarios[i].asked->name);
			str_add(g->to, "</text>\n");
		}
		spans_fini(&during);
	}
}

void
svg_plot(const struct report *r, struct str *to)
{
	struct str body = {0};
	struct svg g = {.to = &body, .report = r};

	bins_fill(r->run, SVG_BINS, &g.bins);
	g.y = 2;
	add_title(&g, "Shades are faults;", markers);
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
