/* SPDX-License-Identifier: Apache-2.0 */
/* The four panels: requests, latency, attempts, connections. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "report/svg.h"

#define DOT    3.0 /* grid of dots: what falls on one is drawn once */
#define LANE   70.0
#define LANES  6
#define HEIGHT 110.0

/* --- requests --------------------------------------------------------------
 */

static double
add_bar(struct svg *g, size_t bin, const char *class, const double at[2])
{
	double width = SVG_PLOT / (double)g->bins.count;

	if (at[1] <= 0)
		return at[0];
	str_printf(g->to,
		   "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" "
		   "width=\"%.1f\" height=\"%.1f\"/>\n",
		   class, SVG_LEFT + (double)bin * width, at[0] - at[1], width,
		   at[1]);
	return at[0] - at[1];
}

void
svg_requests(struct svg *g)
{
	static const struct svg_key keys[] = {{"ok", "■", "good"},
					      {"degraded", "■", "degraded"},
					      {"failed", "■", "failed"},
					      {"lost", "■", "not sent"},
					      {0}};
	double most = 1,
	       bottom = svg_panel(g, "Requests per second:", keys, HEIGHT);
	char text[32];

	for (size_t i = 0; i < g->bins.count; i++) {
		const struct bin *b = &g->bins.items[i];

		most = MAX(most,
			   (double)(b->ok + b->degraded + b->failed + b->lost));
	}
	for (size_t i = 0; i < g->bins.count; i++) {
		const struct bin *b = &g->bins.items[i];
		const struct {
			const char *class;
			size_t n;
		} parts[] = {{"ok", b->ok},
			     {"degraded", b->degraded},
			     {"failed", b->failed},
			     {"lost", b->lost}};
		double y = bottom;

		for (size_t k = 0; k < COUNT_OF(parts); k++)
			y = add_bar(
			    g, i, parts[k].class,
			    (double[]){y, HEIGHT * (double)parts[k].n / most});
	}
	snprintf(text, sizeof(text), "%.1f/s",
		 most * 1e6 / (double)g->bins.width_us);
	svg_label(g, bottom - HEIGHT + 8, text);
	svg_label(g, bottom, "0");
}

/* --- latency ---------------------------------------------------------------
 */

static double
p50_of(const struct bin *b)
{
	return b->p50_us;
}

static double
p95_of(const struct bin *b)
{
	return b->p95_us;
}

static void
add_line(struct svg *g, const char *class, double bottom,
	 double (*value)(const struct bin *))
{
	double width = SVG_PLOT / (double)g->bins.count;
	bool pen = false;

	str_printf(g->to, "<path class=\"%s\" d=\"", class);
	for (size_t i = 0; i < g->bins.count; i++) {
		const struct bin *b = &g->bins.items[i];

		if (value(b) > 0)
			str_printf(g->to, "%s%.1f %.1f", pen ? "L" : "M",
				   SVG_LEFT + ((double)i + 0.5) * width,
				   bottom - HEIGHT * svg_log(value(b)));
		pen = value(b) > 0;
	}
	str_add(g->to, "\"/>\n");
}

void
svg_latency(struct svg *g)
{
	static const struct svg_key keys[] = {
	    {"ok", "━", "p50"}, {"failed", "╌", "p95"}, {0}};
	double bottom = svg_panel(g, "Latency, log scale:", keys, HEIGHT);

	add_line(g, "p50", bottom, p50_of);
	add_line(g, "p95", bottom, p95_of);
	svg_log_labels(g, bottom, HEIGHT);
}

/* --- attempts on faulted routes --------------------------------------------
 */

/* How long the route's breaker stays open at least, in that scenario; 0: none
 * was seen. */
static int64_t
open_us(const struct report *r, size_t scenario, const char *route)
{
	for (size_t i = 0; i < r->findings_count; i++) {
		const struct finding *f = &r->findings[i];
		const struct fact *open = verdict_fact(f->verdict, "open_s");

		if (f->scenario == scenario && f->decided && open != NULL &&
		    strcmp(f->verdict->mech, "breaker") == 0 &&
		    strcmp(f->verdict->route, route) == 0)
			return (int64_t)(open->value.lo * 1e6);
	}
	return 0;
}

static void
add_band(struct svg *g, const int64_t period_us[2], double bottom)
{
	double x = svg_x(g, period_us[0]);

	str_printf(g->to,
		   "<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" "
		   "width=\"%.1f\" height=\"%.1f\"><title>no calls: the "
		   "breaker is open</title></rect>\n",
		   x, bottom - LANE, MAX(svg_x(g, period_us[1]) - x, 0.5),
		   LANE);
}

/* Pauses as long as the breaker's are inferred to be its own. */
static void
add_bands(struct svg *g, const struct route *route, double bottom)
{
	const struct run *run = g->report->run;

	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		const struct run_scenario *s = &run->scenarios[i];
		int64_t open = open_us(g->report, i, route->name);
		size_t at;

		if (open == 0)
			continue;
		at = calls_from(&route->calls, s->from_us);
		for (; at + 1 < route->calls.count &&
		       route->calls.items[at].start_us < s->to_us;
		     at++) {
			int64_t period_us[2] = {
			    route->calls.items[at].end_us,
			    route->calls.items[at + 1].start_us};

			if (period_us[1] - period_us[0] >= open)
				add_band(g, period_us, bottom);
		}
	}
}

/* All dots of one outcome as one path: a round end, or a cross. */
static void
add_dots(struct svg *g, const struct route *route, double bottom, bool failed)
{
	size_t columns = (size_t)(SVG_PLOT / DOT) + 2;
	size_t rows = (size_t)(LANE / DOT) + 2;
	bool *drawn = xcalloc(columns * rows, sizeof(*drawn));

	str_printf(g->to, "<path class=\"%s\" d=\"", failed ? "cross" : "dots");
	for (size_t i = 0; i < route->calls.count; i++) {
		const struct call *c = &route->calls.items[i];
		double us = (double)(c->end_us - c->start_us);
		size_t x = (size_t)((svg_x(g, c->start_us) - SVG_LEFT) / DOT);
		size_t y = (size_t)(LANE * svg_log(us) / DOT);

		if (c->outcome == CALL_OPEN || call_failed(c) != failed ||
		    drawn[x * rows + y])
			continue;
		drawn[x * rows + y] = true;
		str_printf(g->to,
			   failed ? "M%.1f %.1fl2 2m0-2l-2 2" : "M%.1f %.1fh0",
			   SVG_LEFT + ((double)x + 0.5) * DOT - failed,
			   bottom - ((double)y + 0.5) * DOT - failed);
	}
	str_add(g->to, "\"/>\n");
	free(drawn);
}

void
svg_attempts(struct svg *g)
{
	static const struct svg_key keys[] = {{"ok", "●", "good"},
					      {"failed", "×", "failed"},
					      {"band", "■", "breaker open"},
					      {0}};
	const struct record *all = &g->report->run->record;
	size_t lanes = 0;

	for (size_t i = 0; i < all->routes_count && lanes < LANES; i++) {
		const struct route *r = &all->routes[i];
		struct str title = {0};
		double bottom;

		if (r->windows_count == 0 || r->calls.count == 0)
			continue;
		lanes++;
		str_printf(&title,
			   "Attempts on %s, by how long they took:", r->name);
		bottom = svg_panel(g, title.text, keys, LANE);
		add_bands(g, r, bottom);
		add_dots(g, r, bottom, false);
		add_dots(g, r, bottom, true);
		svg_log_labels(g, bottom, LANE);
		str_fini(&title);
	}
}

/* --- connections -----------------------------------------------------------
 */

/* Open ones of the route in each bin. */
static size_t
count_open(const struct svg *g, const struct route *r, size_t *to)
{
	size_t most = 0;

	memset(to, 0, g->bins.count * sizeof(*to));
	for (size_t i = 0; i < r->connections.count; i++) {
		const struct call *c = &r->connections.items[i];
		int64_t end = MAX(c->end_us, c->closed_us);
		int64_t last =
		    MIN(end / g->bins.width_us, (int64_t)g->bins.count - 1);

		for (int64_t k = MAX(c->start_us, 0) / g->bins.width_us;
		     k <= last; k++)
			most = MAX(most, ++to[k]);
	}
	return most;
}

static void
add_steps(struct svg *g, const size_t *open, size_t most, double bottom)
{
	double width = SVG_PLOT / (double)g->bins.count;

	str_printf(g->to, "<path class=\"connections\" d=\"M%.1f %.1f",
		   SVG_LEFT, bottom);
	for (size_t i = 0; i < g->bins.count; i++)
		str_printf(g->to, "V%.1fH%.1f",
			   bottom - LANE * (double)open[i] / (double)most,
			   SVG_LEFT + (double)(i + 1) * width);
	str_add(g->to, "\"/>\n");
}

void
svg_connections(struct svg *g)
{
	const struct record *all = &g->report->run->record;
	size_t *open = xcalloc(g->bins.count, sizeof(*open)), lanes = 0;

	for (size_t i = 0; i < all->routes_count && lanes < LANES; i++) {
		const struct route *r = &all->routes[i];
		size_t most = count_open(g, r, open);
		struct str title = {0};
		char text[32];
		double bottom;

		if (most == 0 || r->windows_count == 0)
			continue;
		lanes++;
		str_printf(&title, "Connections of %s", r->name);
		bottom = svg_panel(g, title.text, &(struct svg_key){0}, LANE);
		add_steps(g, open, most, bottom);
		snprintf(text, sizeof(text), "%zu", most);
		svg_label(g, bottom - LANE + 8, text);
		svg_label(g, bottom, "0");
		str_fini(&title);
	}
	free(open);
}
