/* SPDX-License-Identifier: Apache-2.0 */
/* How long clients wait. One fault cannot tell the kind: a deadline for the
 * whole answer and one for the first byte look alike while nothing comes, and
 * differ when a little comes all the time.
 *
 *	silence		trickle		verdict
 *	leaves at T	leaves at T	total deadline
 *	leaves at T	stays		first-byte or idle time-out
 *	leaves at T	leaves at T'	low-speed rule
 *	stays		stays		none up to the horizon
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "experiment/scope.h"

#define SAMPLES_MIN 5
#define ONE_MODE    0.9
#define ALIKE	    0.2	 /* of T: the two may be one */
#define SAME	    0.03 /* of T: the two are one */
#define LEAK_MIN_US 100000

/* Kinds whose faults keep a call waiting, and how. */
enum wait_kind {
	WAIT_NONE,
	WAIT_SILENT,
	WAIT_LATE, /* silent, too; but the answer comes by itself */
	WAIT_TRICKLE,
	WAIT_BLIND, /* the client's leaving is not seen either */
};

static const struct {
	const char *kind;
	enum wait_kind wait;
} waits[] = {
    {"hang", WAIT_SILENT},
    {"timeout", WAIT_SILENT},
    {"latency", WAIT_LATE},
    {"drip", WAIT_TRICKLE},
    {"bandwidth", WAIT_TRICKLE},
    {"slicer", WAIT_TRICKLE},
    {"blackhole", WAIT_BLIND},
    {"half_open", WAIT_BLIND},
};

static enum wait_kind
wait_of(const char *kind)
{
	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		if (strcmp(waits[i].kind, kind) == 0)
			return waits[i].wait;
	}
	return WAIT_NONE;
}

struct waiting {
	double *left;  /* owned, sorted: how long they waited, µs */
	double *quiet; /* owned, likewise: since the last byte, or all of it */
	size_t left_count;
	double horizon_us; /* the longest wait of one that did not leave */
	size_t stayed;	   /* waited as long as those that left, or longer */
	size_t line_first, line_last; /* evidence */
};

static void
waiting_fini(struct waiting *w)
{
	free(w->left);
	free(w->quiet);
}

/* Since the request was complete: until the answer began, in silence, or
 * until it was over. */
static double
waited(const struct call *c, bool trickle)
{
	int64_t until_us = !trickle && c->first_us != 0 ? c->first_us
							: c->end_us;

	return (double)(until_us - c->request_us);
}

/* Did it wait in that way, under the fault? Who got an answer in the end, as
 * when a hang is lifted, waited in silence until then; an answer that was but
 * late tells nothing of who would not have waited. */
static bool
is_waiting(const struct scope *s, const struct call *c, bool trickle)
{
	return c->kind == s->kind && c->request_us != 0 &&
	    (trickle ? c->first_us != 0
		     : c->first_us == 0 || wait_of(s->kind) != WAIT_LATE);
}

static bool
has_left(const struct call *c, bool trickle)
{
	return c->outcome == CALL_CLIENT_ABORT &&
	    (trickle || c->first_us == 0);
}

static void
collect(const struct scope *s, const struct calls *calls, bool trickle,
    struct waiting *w)
{
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		if (!is_waiting(s, c, trickle))
			continue;
		if (w->line_first == 0)
			w->line_first = c->line;
		w->line_last = c->line;
		if (!has_left(c, trickle)) {
			w->horizon_us = MAX(w->horizon_us, waited(c, trickle));
			continue;
		}
		w->quiet[w->left_count] = (double)(c->end_us -
		    MAX(c->last_us, c->request_us));
		w->left[w->left_count++] = waited(c, trickle);
	}
}

/* Requests; where none are seen, connections, of which only those that a fault
 * ended are among the calls. */
static const struct calls *
waiters_of(const struct route *r)
{
	for (size_t i = 0; i < r->calls.count; i++) {
		if (r->calls.items[i].method != NULL)
			return &r->calls;
	}
	return &r->connections;
}

static double
middle_of(const struct waiting *w)
{
	return w->left_count > 0 ? stat_quantile(w->left, w->left_count, 0.5)
				 : 0;
}

static void
measure(const struct scope *s, bool trickle, struct waiting *w)
{
	const struct calls *calls = waiters_of(s->route);
	double middle;

	*w = (struct waiting){
	    .left = xcalloc(calls->count + 1, sizeof(*w->left)),
	    .quiet = xcalloc(calls->count + 1, sizeof(*w->quiet))};
	collect(s, calls, trickle, w);
	stat_sort(w->left, w->left_count);
	stat_sort(w->quiet, w->left_count);
	middle = middle_of(w);
	for (size_t i = 0; w->left_count > 0 && i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		w->stayed += is_waiting(s, c, trickle) &&
		    !has_left(c, trickle) &&
		    waited(c, trickle) > middle * (1 + ALIKE);
	}
}

/* Are 90 % of them close to the middle? */
static bool
is_one_mode(const struct waiting *w, double middle, double noise_us)
{
	double near = MAX(0.05 * middle, MAX(3 * noise_us, 5000));
	size_t n = 0;

	for (size_t i = 0; i < w->left_count; i++)
		n += fabs(w->left[i] - middle) <= near;
	return (double)n >= ONE_MODE * (double)w->left_count;
}

/* Enough left at about one time; says T. */
static bool
say_time(const struct scope *s, const struct waiting *w, struct verdict *v)
{
	double middle = middle_of(w), noise = (double)s->record->noise_us;
	struct range ci;

	if (w->left_count < SAMPLES_MIN)
		return false;
	ci = stat_quantile_range(w->left, w->left_count, 0.5);
	verdict_number(v, "after_s", middle / 1e6);
	verdict_bracket(v, "ci_s", (ci.lo - noise) / 1e6,
	    (ci.hi + noise) / 1e6);
	verdict_word(v, "modes",
	    is_one_mode(w, middle, noise) ? "one" : "mixture");
	if (verdict_is_too_fine(v, middle, noise, "a time"))
		return true;
	verdict_say(v, w->stayed > w->left_count / 10 ? STATE_PARTIAL
						      : STATE_CONFIRMED,
	    "%zu clients left after %.3f s, %zu stayed longer",
	    w->left_count, middle / 1e6, w->stayed);
	return true;
}

/* --- the kind of time-out ------------------------------------------------- */

/* Windows of the other way to wait on this route. */
static bool
find_trickle(const struct scope *s, struct waiting *w)
{
	for (size_t i = 0; i < s->route->windows_count; i++) {
		const char *kind = s->route->windows[i].kind;
		struct scope other = *s;

		if (wait_of(kind) != WAIT_TRICKLE)
			continue;
		other.kind = kind;
		measure(&other, true, w);
		return true;
	}
	return false;
}

/* What those that left amid the drops go by. Who left as long after the last
 * one as others do in silence may have an idle time-out; whom faster drops
 * kept has no deadline for all of it. */
static const char *
kind_of_leavers(const struct waiting *w, double silent_us, double noise_us)
{
	double quiet = stat_quantile(w->quiet, w->left_count, 0.5);
	double apart = fabs(middle_of(w) - silent_us);

	if (quiet >= (1 - ALIKE) * silent_us)
		return apart > ALIKE * silent_us ? "idle" : "unknown";
	if (apart > ALIKE * silent_us || w->stayed >= SAMPLES_MIN)
		return "low_speed";
	return apart <= MAX(SAME * silent_us, 3 * noise_us) ? "total"
							    : "unknown";
}

static void
say_kind(const struct scope *s, double silent_us, struct verdict *v)
{
	struct waiting w = {0};
	const char *kind = "unknown";

	if (!find_trickle(s, &w)) {
		verdict_word(v, "kind", kind);
		verdict_wants(v, "a fault of kind drip that lasts longer than "
				 "%.1f s on one call", 2 * silent_us / 1e6);
		return;
	}
	if (w.left_count >= SAMPLES_MIN)
		kind = kind_of_leavers(&w, silent_us,
		    (double)s->record->noise_us);
	else if (w.horizon_us > silent_us * (1 + ALIKE))
		kind = "idle";
	else
		verdict_wants(v, "a drip of more than %.1f s",
		    2 * silent_us / 1e6);
	verdict_word(v, "kind", kind);
	if (w.left_count >= SAMPLES_MIN && strcmp(kind, "unknown") == 0)
		verdict_wants(v, "drips of other speeds, whose pieces come "
		    "more often than every %.1f s", silent_us / 2 / 1e6);
	waiting_fini(&w);
}

static void
judge_timeout(const struct scope *s, enum wait_kind wait, struct verdicts *to)
{
	struct verdict *v = scope_verdict(s, to, "timeout", "waits/2");
	struct waiting w;

	if (wait == WAIT_BLIND) {
		verdict_say(v, STATE_NOT_OBSERVABLE, "a cut wire hides the "
		    "client's leaving from everybody behind it");
		verdict_wants(v, "a fault of kind hang");
		return;
	}
	measure(s, wait == WAIT_TRICKLE, &w);
	v->n = w.left_count;
	if (w.line_first > 0) {
		verdict_line(v, w.line_first);
		verdict_line(v, w.line_last);
	}
	if (say_time(s, &w, v)) {
		if (wait != WAIT_TRICKLE)
			say_kind(s, middle_of(&w), v);
		waiting_fini(&w);
		return;
	}
	waiting_fini(&w);
	if (w.horizon_us <= 0 && w.left_count == 0) {
		verdict_say(v, STATE_NOT_EXERCISED, "%s", wait == WAIT_LATE
			? "nobody left; answers that come by themselves, but "
			  "late, show neither a time-out nor that there is none"
			: "no call waited while the fault was armed");
		verdict_wants(v, "a fault of kind hang");
	} else if (w.left_count > 0) {
		verdict_say(v, STATE_INCONCLUSIVE,
		    "%zu clients left, which are too few", w.left_count);
		verdict_wants(v, "%d calls that wait", SAMPLES_MIN);
	} else {
		verdict_number(v, "horizon_s", w.horizon_us / 1e6);
		verdict_say(v, STATE_ABSENT,
		    "nobody left within %.1f s%s", w.horizon_us / 1e6,
		    wait == WAIT_TRICKLE ? ", as answers came in drops" : "");
	}
}

/* --- calls that go on though nobody waits for them ------------------------ */

/* The edge call that led to this one: what is passed on tells it, else it is
 * the only one under way then. NULL: none, or (*crowd grows) several were. */
static const struct call *
cause(const struct scope *s, const struct call *c, size_t *crowd)
{
	const struct calls *edge = &s->edge->calls;
	const struct call *found = NULL;
	size_t at = calls_from(edge, c->start_us + 1), open = 0;

	for (size_t i = at > 64 ? at - 64 : 0; i < at; i++) {
		const struct call *e = &edge->items[i];

		if (e->closed_us < c->start_us)
			continue;
		if (call_is_same(e, c))
			return e;
		found = e;
		open++;
	}
	*crowd += open > 1;
	return open == 1 ? found : NULL;
}

static void
judge_leak(const struct scope *s, struct verdicts *to)
{
	const struct calls *calls = &s->route->calls;
	double *after = xcalloc(calls->count + 1, sizeof(*after));
	int64_t slack_us = MAX(3 * s->record->noise_us, LEAK_MIN_US);
	struct verdict *v = scope_verdict(s, to, "leaked_calls", "nesting/2");
	size_t n = 0, leaked = 0, crowd = 0;

	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i], *e;

		if (c->kind != s->kind || c->outcome == CALL_OPEN)
			continue;
		e = cause(s, c, &crowd);
		if (e == NULL)
			continue;
		n++;
		if (c->end_us > e->end_us + slack_us) {
			after[leaked++] = (double)(e->end_us - c->start_us);
			verdict_line(v, c->line);
		}
	}
	v->n = n;
	stat_sort(after, leaked);
	verdict_number(v, "leaked", (double)leaked);
	if (n < SAMPLES_MIN && crowd > n) {
		verdict_say(v, STATE_NOT_OBSERVABLE, "each of %zu calls could "
		    "be that of several callers", crowd);
		verdict_wants(v, "an id or a trace that the service passes "
				 "on, or one request at a time");
	} else if (n == 0)
		verdict_say(v, STATE_NOT_EXERCISED,
		    "no call of the edge led to a call that waited");
	else if (leaked >= SAMPLES_MIN && leaked * 10 > n) {
		verdict_number(v, "abandoned_after_s",
		    stat_quantile(after, leaked, 0.5) / 1e6);
		verdict_say(v, STATE_CONFIRMED, "%zu of %zu calls went on "
		    "after the edge had been answered or had left",
		    leaked, n);
	} else
		verdict_say(v, n < SAMPLES_MIN ? STATE_INCONCLUSIVE
					       : STATE_ABSENT,
		    "%zu of %zu calls outlived the edge's call", leaked, n);
	free(after);
}

/* --- who gives up first --------------------------------------------------- */

static void
judge_order(const struct scope *s, struct verdicts *to)
{
	const struct calls *edge = &s->edge->calls;
	struct verdict *v = scope_verdict(s, to, "timeout_order", "nesting/2");
	size_t n = 0, left = 0;

	for (size_t i = 0; i < edge->count; i++) {
		const struct call *c = &edge->items[i];

		if (scope_window(s, c->start_us) == NULL ||
		    c->outcome == CALL_OPEN)
			continue;
		n++;
		left += c->outcome == CALL_CLIENT_ABORT;
	}
	v->n = n;
	verdict_number(v, "edge_left_share",
	    n > 0 ? (double)left / (double)n : 0);
	if (n < SAMPLES_MIN)
		verdict_say(v, STATE_NOT_EXERCISED,
		    "only %zu calls came over the edge", n);
	else if (left * 10 > n)
		verdict_say(v, STATE_ABSENT, "inverted: %zu of %zu callers "
		    "left before the service had given up", left, n);
	else
		verdict_say(v, STATE_CONFIRMED, "the service gave up before "
		    "its callers in %zu of %zu calls", n - left, n);
}

void
timeouts_judge(const struct scope *s, struct verdicts *to)
{
	enum wait_kind wait = wait_of(s->kind);

	if (wait == WAIT_NONE)
		return;
	judge_timeout(s, wait, to);
	if (s->edge == NULL || wait == WAIT_BLIND)
		return;
	judge_leak(s, to);
	if (wait != WAIT_TRICKLE)
		judge_order(s, to);
}
