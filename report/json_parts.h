/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the JSON view. */
#ifndef REPORT_JSON_PARTS_H
#define REPORT_JSON_PARTS_H

#include "base/json.h"
#include "report/model.h"

/* Six digits behind the point: microseconds of seconds. */
double json_rounded(double value);
/* A member: a time in seconds; RUN_NEVER is null. */
void json_seconds(struct jsonw *w, const char *key, int64_t us);
/* A member: [lo, hi], rounded. */
void json_range(struct jsonw *w, const char *key, double lo, double hi);
/* Members of the document: "steady", "scenarios". */
void json_steady(const struct run *run, struct jsonw *w);
void json_scenarios(const struct report *r, struct jsonw *w);

#endif
