/* SPDX-License-Identifier: Apache-2.0 */
/* The document that Markdown and HTML are views of. */
#ifndef REPORT_SECTIONS_H
#define REPORT_SECTIONS_H

#include "report/doc.h"
#include "report/model.h"

/* Fills a zeroed document; to be freed by doc_fini(). */
void sections_build(const struct report *r, struct doc *d);

/* Strengths, weaknesses, recommendations, expectations. */
void sections_findings(const struct report *r, struct doc *d);
/* Recovery, availability, performance. */
void sections_figures(const struct report *r, struct doc *d);
/* Matrix, what is open, score, comparison, next cycle. */
void sections_validation(const struct report *r, struct doc *d);

#endif
