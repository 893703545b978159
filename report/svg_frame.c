/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the timeline share: where things stand, titles, panels with
 * shades for faults. */
#include "report/svg.h"

#include <math.h>

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
	struct periods during;

	periods_of_run(g->report->run, &during);
	for (size_t i = 0; i < during.count; i++) {
		double x = svg_x(g, during.items[i].from_us);

		str_printf(g->to,
			   "<rect class=\"fault\" x=\"%.1f\" y=\"%.1f\" "
			   "width=\"%.1f\" height=\"%.1f\"/>\n",
			   x, g->y, MAX(svg_x(g, during.items[i].to_us) - x, 1),
			   height);
	}
	periods_fini(&during);
}

void
svg_title(struct svg *g, const char *title, const struct svg_key *keys)
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

	svg_title(g, title, keys);
	g->y += 22;
	add_shades(g, height);
	bottom = g->y + height;
	str_printf(g->to, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n",
		   SVG_LEFT, g->y, bottom, SVG_LEFT + SVG_PLOT);
	g->y = bottom + 10;
	return bottom;
}
