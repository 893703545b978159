/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a record that one verdict is about: a route, the windows in
 * which faults of one kind were armed on it, and what was before them. */
#ifndef EXPERIMENT_SCOPE_H
#define EXPERIMENT_SCOPE_H

#include "experiment/record.h"
#include "experiment/verdict.h"

struct scope {
	const struct record *record;
	const struct route *route;
	const struct route *edge;  /* whose calls cause these; NULL: unknown */
	const char *kind;	   /* interned; NULL: all of them */
	struct window *windows;	   /* owned; in order, none overlap */
	size_t windows_count;
	int64_t baseline_to_us; /* the first fault of all was armed then */
};

/* The scope of that route and kind (NULL: all of them). Borrows the record. */
void scope_init(struct scope *s, const struct record *record, size_t route,
    const char *kind);
void scope_fini(struct scope *s);
/* The window that holds this time, or NULL. */
const struct window *scope_window(const struct scope *s, int64_t at_us);
/* Was a fault of that route in force within one of the windows? */
bool scope_overlaps(const struct scope *s, const struct route *r);
/* Another route of which that is so: what is seen may be its doing; or NULL. */
const struct route *scope_other_fault(const struct scope *s);
/* Seconds of all windows together. */
double scope_seconds(const struct scope *s);
/* A new verdict about it. */
struct verdict *scope_verdict(const struct scope *s, struct verdicts *to,
    const char *mech, const char *method);

/* The mechanisms; each adds its verdicts about one kind of fault (s->kind is
 * not NULL). */
void retry_judge(const struct scope *s, struct verdicts *to);
void timeouts_judge(const struct scope *s, struct verdicts *to);
void breaker_judge(const struct scope *s, struct verdicts *to);
void reconnect_judge(const struct scope *s, struct verdicts *to);
void fallback_judge(const struct scope *s, struct verdicts *to);
void blast_judge(const struct scope *s, struct verdicts *to);
void bulkhead_judge(const struct scope *s, struct verdicts *to);
void recovery_judge(const struct scope *s, struct verdicts *to);
void metastable_judge(const struct scope *s, struct verdicts *to);
void failover_judge(const struct scope *s, struct verdicts *to);
void honesty_judge(const struct scope *s, struct verdicts *to);
void data_loss_judge(const struct scope *s, struct verdicts *to);

#endif
