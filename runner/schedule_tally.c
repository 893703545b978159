/* SPDX-License-Identifier: Apache-2.0 */
/* Families of observe/metrics.c, with one experiment's figures. */
#include "runner/schedule_tally.h"

#include "base/attr.h"
#include "observe/metrics.h"
#include "runner/conduct.h"

/* Exit codes that are not listed, and signals, leave a run unfinished. */
static const struct {
	int code;
	enum schedule_end end;
} ends[] = {{CONDUCT_MET, ENDED_PASSED},
	    {CONDUCT_VIOLATED, ENDED_FAILED},
	    {CONDUCT_BAD_FILE, ENDED_INCONCLUSIVE},
	    {CONDUCT_UNSTEADY, ENDED_INCONCLUSIVE},
	    {CONDUCT_UNDECIDED, ENDED_INCONCLUSIVE},
	    {CONDUCT_NOT_ROLLED_BACK, ENDED_FAILED}};

void
schedule_tally_end(struct schedule_tally *t, int code, int64_t now_us)
{
	enum schedule_end end = ENDED_ABORTED;

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		if (ends[i].code == code)
			end = ends[i].end;
	}
	t->ended[end]++;
	t->end_us = now_us;
}

void
schedule_tally_leave_out(struct schedule_tally *t, enum schedule_reason reason,
			 int64_t now_us)
{
	t->left_out[reason]++;
	if (reason == LEFT_MISSED)
		t->missed_us = now_us;
}

/* --- text ----------------------------------------------------------------- */

struct page {
	struct exposition e;
	struct view experiment; /* its label */
};

static void
put_count(struct page *p, const char *label, const char *word, uint64_t value)
{
	struct str own = {0};

	exposition_label(&own, label, view_of(word));
	exposition_uint(
	    &p->e, (struct metric_labels){p->experiment, {own.text, own.len}},
	    value, NULL);
	str_fini(&own);
}

static void
put_ends(struct page *p, const struct schedule_tally *t)
{
#define X(id, word) word,
	static const char *const words[] = {SCHEDULE_ENDS(X)};
#undef X

	exposition_family(&p->e, &metric_families[METRIC_EXPERIMENT_RUNS]);
	for (size_t i = 0; i < SCHEDULE_END_COUNT; i++)
		put_count(p, "verdict", words[i], t->ended[i]);
}

static void
put_left_out(struct page *p, const struct schedule_tally *t)
{
#define X(id, word) word,
	static const char *const words[] = {SCHEDULE_REASONS(X)};
#undef X

	exposition_family(&p->e, &metric_families[METRIC_SCHEDULE_LEFT_OUT]);
	for (size_t i = 0; i < SCHEDULE_REASON_COUNT; i++)
		put_count(p, "reason", words[i], t->left_out[i]);
}

/* A time that never was has no sample. */
static void
put_time(struct page *p, enum metric_id id, int64_t us)
{
	exposition_family(&p->e, &metric_families[id]);
	if (us != 0)
		exposition_double(&p->e,
				  (struct metric_labels){p->experiment, {0}},
				  (double)us / 1e6);
}

void
schedule_tally_text(const struct schedule_tally *t, const char *experiment,
		    struct str *to)
{
	struct str label = {0};
	struct page p;

	exposition_label(&label, "experiment", view_of(experiment));
	p.experiment = (struct view){label.text, label.len};
	exposition_begin(&p.e, EXPOSITION_TEXT, to);
	put_ends(&p, t);
	put_time(&p, METRIC_EXPERIMENT_LAST_START, t->start_us);
	put_time(&p, METRIC_EXPERIMENT_LAST_END, t->end_us);
	put_time(&p, METRIC_SCHEDULE_NEXT_RUN, t->next_us);
	put_left_out(&p, t);
	put_time(&p, METRIC_SCHEDULE_LAST_MISSED, t->missed_us);
	exposition_end(&p.e);
	str_fini(&label);
}
