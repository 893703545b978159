/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as text. Each function fills `to` and returns it, so that calls may
 * stand in an argument list. */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include "experiment/run.h"
#include "report/doc.h"
#include "report/model.h"

#define FORMAT_ROOM 64

struct format {
	char text[FORMAT_ROOM];
};

/* "1.52 s", "15.2 ms"; RUN_NEVER: "–". */
const char *format_us(struct format *to, int64_t us);
/* "12.3 ms" of microseconds. */
const char *format_ms(struct format *to, double us);
/* "2026-11-25 18:20:55 UTC" of microseconds since 1970; 0: "–". */
const char *format_time(struct format *to, int64_t wall_us);
/* "4.0", or "no score". */
const char *format_score(struct format *to, const struct score *s);
/* What a step faults: "api: abort", "partition split". Appends. */
void format_step(struct str *to, const struct conf_step *step);
/* The value that an expectation asks for: "5s", "[db, redis]". Appends. */
void format_asked(struct str *to, const struct conf_expect *e);
/* What was found, for people: "CONFIRMED: threshold 5 to 6, open 3 s, retried
 * 98 %". Appends. */
void format_verdict(struct str *to, const struct verdict *v);
/* What a finding stands on: "n 14, scenario x, events 3 to 90". Appends. */
void format_evidence(struct str *to, const struct report *r,
		     const struct finding *f);
/* A finding in one line. Appends. */
void format_finding(struct str *to, const struct report *r,
		    const struct finding *f);
/* What an expectation's state means. */
enum doc_tone format_expect_tone(enum expect_state state);

#endif
