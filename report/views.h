/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of a report. Each appends its text; all are pure functions of
 * the report, so that the same run gives the same bytes. */
#ifndef REPORT_VIEWS_H
#define REPORT_VIEWS_H

#include "base/str.h"
#include "report/model.h"

/* Markdown, readable as it is; the timeline in characters. */
void view_markdown(const struct report *r, struct str *to);
/* One HTML file without script or anything from outside. */
void view_html(const struct report *r, struct str *to);
/* As docs/report.schema.json says. */
void view_json(const struct report *r, struct str *to);
/* JUnit: a suite for each scenario, a case for each expectation. */
void view_junit(const struct report *r, struct str *to);
/* SARIF 2.1.0 (OASIS): a result for each recommendation and violated
 * expectation. */
void view_sarif(const struct report *r, struct str *to);

/* The timeline, as lines of characters. */
void spark_plot(const struct report *r, struct str *to);
/* The timeline, as one inline SVG; its classes are those of html_style.c. */
void svg_plot(const struct report *r, struct str *to);
/* The style sheet of the HTML view. */
extern const char html_style[];

/* Text for XML and HTML: markup, quotes and controls are escaped. */
void markup_add(struct str *to, const char *text);

#endif
