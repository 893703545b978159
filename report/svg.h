/* SPDX-License-Identifier: Apache-2.0 */
/* The panels of the timeline: they share one x axis. */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "base/str.h"
#include "report/bins.h"
#include "report/model.h"

#define SVG_WIDTH 840.0
#define SVG_LEFT  70.0
#define SVG_PLOT  750.0 /* width of what is plotted */
#define SVG_BINS  150

struct svg {
	struct str *to;		     /* borrowed; appended to */
	const struct report *report; /* borrowed */
	struct bins bins;	     /* owned */
	double y; /* the top of the next panel */
};

/* --- what they share (svg_frame.c) --- */

/* Where a time stands, from left to right. */
double svg_x(const struct svg *g, int64_t at_us);
/* A word of a legend: its mark, and what it means. */
struct svg_key {
	const char *class, *mark, *name;
};

/* A line at y: title, legend (ended by a NULL name). */
void svg_title(struct svg *g, const char *title, const struct svg_key *keys);
/* Begins a panel of that height: title, legend, frame, faults as shades.
 * Returns its lower edge, and moves y below it. */
double svg_panel(struct svg *g, const char *title, const struct svg_key *keys,
		 double height);
/* A label left of the panel, its base line at y. */
void svg_label(struct svg *g, double y, const char *text);
/* 0 … 1 on a logarithmic scale of 0.1 ms … 100 s. */
double svg_log(double us);
/* Labels of that scale, for a panel with that lower edge. */
void svg_log_labels(struct svg *g, double bottom, double height);

/* --- the panels (svg_panels.c) --- */

void svg_requests(struct svg *g);
void svg_latency(struct svg *g);
void svg_attempts(struct svg *g);
void svg_connections(struct svg *g);

#endif
