/* SPDX-License-Identifier: Apache-2.0 */
/* What the traces of a breaker amount to. Several instances of a service have
 * a breaker each; they are told apart by their addresses. */
#include "experiment/breaker.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define ABSENT_MIN    250 /* failures */
#define ABSENT_S      30.0
#define INSTANCES_MAX 16
#define INSTANCE_MIN  0.05 /* of the attempts in the baseline */

/* One instance: a trace for each window. */
struct instance {
	uint64_t client; /* 0: all there are */
	struct inbounds in;
	struct breaker_trace *traces; /* owned */
	size_t best;		      /* the one with the most runs */
};

struct judged {
	const struct scope *s;
	struct instance items[INSTANCES_MAX];
	size_t count;
	size_t open; /* instances that opened */
};

/* --- instances ------------------------------------------------------------ */

/* Addresses that make a fair part of the attempts before the fault. */
static void
find_instances(struct judged *j)
{
	const struct calls *calls = &j->s->route->calls;
	size_t n = calls_from(calls, j->s->baseline_to_us);
	uint64_t clients[INSTANCES_MAX];
	size_t seen[INSTANCES_MAX] = {0}, count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < count && clients[k] != calls->items[i].client)
			k++;
		if (k == INSTANCES_MAX)
			continue;
		if (k == count)
			clients[count++] = calls->items[i].client;
		seen[k]++;
	}
	for (size_t k = 0; k < count; k++) {
		if ((double)seen[k] >= INSTANCE_MIN * (double)n)
			j->items[j->count++].client = clients[k];
	}
	if (j->count < 2) {
		j->count = 1;
		j->items[0].client = 0;
	}
}

/* Does trace b tell more than a? Where all calls fail, what is seen first is
 * the threshold; then, the more runs the better. */
static bool
tells_more(const struct breaker_trace *a, const struct breaker_trace *b)
{
	bool all_a = a->failed == a->tried, all_b = b->failed == b->tried;

	if ((a->runs_count > 0) != (b->runs_count > 0))
		return b->runs_count > 0;
	if (all_a != all_b)
		return all_b;
	return b->runs_count > a->runs_count;
}

static void
trace_instance(const struct scope *s, struct instance *one)
{
	inbounds_match(s, one->client, &one->in);
	one->traces = xcalloc(s->windows_count + 1, sizeof(*one->traces));
	for (size_t i = 0; i < s->windows_count; i++) {
		breaker_trace(s, &one->in, &s->windows[i], &one->traces[i]);
		if (tells_more(&one->traces[one->best], &one->traces[i]))
			one->best = i;
	}
}

static void
judged_fini(struct judged *j)
{
	for (size_t i = 0; i < j->count; i++) {
		inbounds_fini(&j->items[i].in);
		free(j->items[i].traces);
	}
	free(j);
}

/* The instance that shows most. */
static struct instance *
best_instance(struct judged *j)
{
	struct instance *best = &j->items[0];

	for (size_t i = 0; i < j->count; i++) {
		struct instance *one = &j->items[i];

		j->open += one->traces[one->best].runs_count > 0;
		if (tells_more(&best->traces[best->best],
			&one->traces[one->best]))
			best = one;
	}
	return best;
}

/* --- verdicts ------------------------------------------------------------- */

static void
say_open(const struct breaker_trace *t, struct verdict *v)
{
	struct breaker_bracket all = breaker_open_us(t), first, last;

	if (t->cycles_count == 0)
		return;
	if (all.lo <= all.hi) {
		verdict_bracket(v, "open_s", all.lo / 1e6, all.hi / 1e6);
		return;
	}
	first = t->cycles_us[0];
	last = t->cycles_us[t->cycles_count - 1];
	verdict_bracket(v, "open_first_s", first.lo / 1e6, first.hi / 1e6);
	verdict_bracket(v, "open_last_s", last.lo / 1e6, last.hi / 1e6);
	verdict_word(v, "open", last.lo > first.hi ? "grows" : "varies");
}

/* Does traffic suffice to see it? Per open time 2K calls must come. */
static bool
is_dense(const struct breaker_trace *t)
{
	double seconds =
	    (double)(t->window->to_us - t->window->from_us) / 1e6;
	double open_s = t->cycles_count > 0 ? t->cycles_us[0].hi / 1e6
					    : seconds;

	return t->rate * open_s >= 2.0 * (double)t->at_least;
}

static void
say_threshold(const struct breaker_trace *t, struct verdict *v)
{
	verdict_say(v, STATE_CONFIRMED, "%zu runs of skipped calls",
	    t->runs_count);
	/* What failed before is not known any more. */
	if (t->window->clipped)
		return;
	verdict_bracket(v, "threshold", (double)t->threshold_lo,
	    (double)t->threshold_hi);
	if (t->threshold_lo == t->threshold_hi)
		verdict_say(v, STATE_CONFIRMED, "%zu runs of skipped calls; "
		    "the first began after %zu failures in a row",
		    t->runs_count, t->threshold_lo);
	else
		verdict_say(v, STATE_CONFIRMED, "%zu runs of skipped calls; "
		    "the first began after %zu to %zu failures in a row",
		    t->runs_count, t->threshold_lo, t->threshold_hi);
}

static void
say_found(const struct instance *one, const struct breaker_trace *t,
    double noise_us, struct verdict *v)
{
	size_t many = MAX(t->probes_max, 1);

	say_threshold(t, v);
	say_open(t, v);
	if (t->probes_max > 0)
		verdict_bracket(v, "probes", (double)t->probes_min,
		    (double)t->probes_max);
	verdict_number(v, "runs", (double)t->runs_count);
	verdict_line(v, one->in.items[t->from].call->line);
	verdict_line(v, one->in.items[t->to - 1].call->line);
	if (t->cycles_count > 0 && t->after_probe > many + t->threshold_hi) {
		verdict_word(v, "half_open", "does_not_reopen");
		verdict_say(v, STATE_PARTIAL, "it opened %zu times; then %zu "
		    "calls in a row failed, and it did not open again",
		    t->runs_count, t->after_probe);
	}
	if (t->cycles_count == 0)
		verdict_wants(v, "a longer fault: the open time was not over "
				 "when it was lifted");
	else
		verdict_is_too_fine(v, t->cycles_us[0].hi, noise_us,
		    "an open time");
}

static void
say_none(const struct scope *s, size_t failures,
    const struct breaker_trace *t, struct verdict *v)
{
	double seconds = scope_seconds(s);

	if (t->crowded > 0) {
		verdict_say(v, STATE_INCONCLUSIVE, "%zu runs of skipped "
		    "calls, while as many as ever were under way: a limit of "
		    "calls at a time hides whether there is a breaker",
		    t->crowded);
		verdict_wants(v, "a fault of kind abort, under which calls "
				 "do not pile up");
		return;
	}
	if (failures >= ABSENT_MIN && seconds >= ABSENT_S) {
		verdict_say(v, STATE_ABSENT,
		    "none in %zu failures and %.0f s; a run of %zu skipped "
		    "calls would have been one",
		    failures, seconds, t->at_least);
		return;
	}
	verdict_say(v, STATE_INCONCLUSIVE,
	    "none in %zu failures and %.0f s, which is too little to say "
	    "that there is none", failures, seconds);
	verdict_wants(v, "%d failures in %.0f s or more", ABSENT_MIN,
	    ABSENT_S);
}

static size_t
count_failures(const struct scope *s)
{
	const struct calls *calls = &s->route->calls;
	size_t n = 0;

	for (size_t i = 0; i < calls->count; i++)
		n += call_failed(&calls->items[i]) &&
		    scope_window(s, calls->items[i].start_us) != NULL;
	return n;
}

static void
judge(struct judged *j, struct verdict *v)
{
	const struct scope *s = j->s;
	struct instance *one = best_instance(j);
	const struct breaker_trace *t = &one->traces[one->best];

	v->n = count_failures(s);
	if (t->runs_count == 0) {
		say_none(s, v->n, t, v);
		return;
	}
	if (!is_dense(t)) {
		double open_s = t->cycles_count > 0 ? t->cycles_us[0].hi / 1e6
						    : 1;

		verdict_say(v, STATE_INCONCLUSIVE,
		    "calls are skipped, but too few come in per open time to "
		    "tell when it opens");
		verdict_wants(v, "%.1f calls per second or more",
		    2.0 * (double)t->at_least / MAX(open_s, 0.1));
		return;
	}
	say_found(one, t, (double)s->record->noise_us, v);
	if (j->count > 1) {
		verdict_number(v, "instances", (double)j->count);
		verdict_number(v, "instances_open", (double)j->open);
	}
	if (v->state != STATE_INCONCLUSIVE)
		breaker_say_kind(one->traces, s->windows_count, v);
}

/* Nothing on the wire tells calls of one address apart: connections are
 * shared, ports come and go, and headers are those of the service. */
static void
note_one_address(struct verdict *v)
{
	verdict_say_more(v, "; instances behind one address count as one");
	if (verdict_fact(v, "open") != NULL)
		verdict_wants(v, "an address, or a route, for each instance: "
		    "several behind one open at times of their own");
}

void
breaker_judge(const struct scope *s, struct verdicts *to)
{
	struct judged *j;
	struct verdict *v;

	if (s->route->calls.count == 0 && s->edge == NULL)
		return;
	v = scope_verdict(s, to, "breaker", "skip-run/3");
	if (s->edge == NULL) {
		verdict_say(v, STATE_NOT_OBSERVABLE, "which calls lead to "
		    "this route is not known: skipped ones cannot be seen");
		verdict_wants(v, "--edge ROUTE=%s, or from and to of the "
				 "routes by -c FILE", s->route->name);
		return;
	}
	j = xcalloc(1, sizeof(*j));
	j->s = s;
	find_instances(j);
	for (size_t i = 0; i < j->count; i++)
		trace_instance(s, &j->items[i]);
	if (j->items[0].in.count == 0 || s->windows_count == 0)
		verdict_say(v, STATE_NOT_EXERCISED,
		    "no calls came over the edge");
	else
		judge(j, v);
	if (j->count < 2 && v->state <= STATE_PARTIAL)
		note_one_address(v);
	judged_fini(j);
}
