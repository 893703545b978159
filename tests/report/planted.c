/* SPDX-License-Identifier: Apache-2.0 */
/* Services without a network. */
#include "tests/report/planted.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/xalloc.h"
#include "config/fault.h"
#include "tests/harness/draw.h"
#include "tests/report/planted_asked.h"

#define S(seconds) ((int64_t)((seconds)*1e6))
#define ADDED_US   60 /* by the proxy, to every request */

enum { EDGE, API, PLATFORM, REDIS, DB, REPORTS, ROUTES };

static const char *const names[ROUTES] = {"edge",  "api", "platform",
					  "redis", "db",  "reports"};

struct world {
	struct run *run;
	unsigned without;
	struct stat_rng rng;
	size_t line;
	uint64_t seq, request;
	/* the breaker before platform */
	unsigned failures;
	int64_t open_until;
	/* ends of calls under way on api, for the bulkhead */
	int64_t under_way[8];
};

static double
between(struct world *w, double lo, double hi)
{
	return lo + (hi - lo) * draw_unit(&w->rng);
}

static bool
has(const struct world *w, unsigned mechanism)
{
	return (w->without & mechanism) == 0;
}

/* The fault of that scenario's step acts now. */
static bool
acts(const struct world *w, size_t scenario, size_t step, int64_t at)
{
	const struct run_step *s = &w->run->scenarios[scenario].steps[step];

	return at >= s->armed_us && at < s->lifted_us;
}

static struct call *
call(struct world *w, int route, int64_t start, int64_t end, int outcome)
{
	struct call *c = record_add(&w->run->record.routes[route].calls);

	c->line = ++w->line;
	c->start_us = c->request_us = start;
	c->end_us = c->closed_us = end;
	c->first_us = outcome <= CALL_ERROR ? end : 0;
	c->outcome = (uint8_t)outcome;
	c->status = outcome == CALL_OK ? 200 : outcome == CALL_ERROR ? 503 : 0;
	c->method = intern("GET");
	c->request = c->trace = w->request;
	c->client = 1;
	c->bytes_up = 100;
	c->bytes_down = 1000;
	return c;
}

/* --- the services --------------------------------------------------------- */

/* Platform behind its breaker. Returns when the caller knows; *ok: well. */
static int64_t
use_platform(struct world *w, int64_t at, bool *ok)
{
	int64_t end = at + (int64_t)between(w, 2000, 4000);

	*ok = false;
	if (has(w, WITHOUT_BREAKER) && at < w->open_until)
		return at + 100;
	*ok = !acts(w, 0, 0, at);
	call(w, PLATFORM, at, end, *ok ? CALL_OK : CALL_RESET);
	w->failures = *ok ? 0 : w->failures + 1;
	if (w->failures >= 5)
		w->open_until = end + S(3);
	return end;
}

/* Redis, three retries; without an answer the cache is not used. */
static int64_t
use_redis(struct world *w, int64_t at)
{
	int64_t pause = 20000;

	for (int k = 0;; k++) {
		int64_t end = at + (int64_t)between(w, 400, 900);
		bool down = acts(w, 1, 0, at) && has(w, WITHOUT_PROOF);

		call(w, REDIS, at, end, down ? CALL_RESET : CALL_OK);
		if (!down || k == 3 || !has(w, WITHOUT_RETRIES))
			return end;
		at = end + pause + (int64_t)between(w, 0, 300);
		pause *= has(w, WITHOUT_BACKOFF) ? 2 : 1;
	}
}

static int64_t
use_db(struct world *w, int64_t at, bool *ok)
{
	const struct run_step *outage = &w->run->scenarios[2].steps[0];
	int64_t end = at + (int64_t)between(w, 3000, 6000);

	*ok = false;
	/* The pool waits before it connects again. */
	if (!has(w, WITHOUT_QUICK_POOL) && at >= outage->lifted_us &&
	    at < outage->lifted_us + S(21.9))
		return at + 200;
	if (acts(w, 2, 0, at)) {
		call(w, DB, at, end, CALL_RESET);
		return end;
	}
	if (acts(w, 3, 0, at)) {
		end = has(w, WITHOUT_TIMEOUT)
			  ? at + S(0.3) + (int64_t)between(w, 0, 2000)
			  : w->run->scenarios[3].steps[0].lifted_us;
		call(w, DB, at, end,
		     has(w, WITHOUT_TIMEOUT) ? CALL_CLIENT_ABORT : CALL_RESET)
		    ->kind = intern("hang");
		return end;
	}
	*ok = true;
	call(w, DB, at, end, CALL_OK);
	return end;
}

/* Eight calls at a time, others wait. Only the last scenario brings so many
 * about. Returns when there is room, and where. */
static int64_t
wait_for_room(struct world *w, int64_t at, int64_t **room)
{
	*room = &w->under_way[0];
	if (!has(w, WITHOUT_BULKHEAD) || !acts(w, 4, 0, at))
		return at;
	for (size_t i = 1; i < COUNT_OF(w->under_way); i++) {
		if (w->under_way[i] < **room)
			*room = &w->under_way[i];
	}
	return MAX(at, **room);
}

static int64_t
use_api(struct world *w, int64_t at, bool *ok)
{
	int64_t slow = acts(w, 4, 0, at) ? (int64_t)between(w, 6e5, 1e6) : 0;
	int64_t *room, end;

	at = wait_for_room(w, at, &room);
	*ok = false;
	end = use_db(w, use_redis(w, at + 200) + 200, ok) + slow + 500;
	*room = end;
	call(w, API, at, end, *ok ? CALL_OK : CALL_ERROR);
	return end;
}

/* --- the load ------------------------------------------------------------- */

static struct sample *
sample(struct run *run)
{
	struct samples *all = &run->samples;

	if (all->count == all->room) {
		all->room = all->room > 0 ? all->room * 2 : 1024;
		all->items =
		    xrealloc(all->items, all->room * sizeof(*all->items));
	}
	all->items[all->count] = (struct sample){0};
	return &all->items[all->count++];
}

static void
ask_edge(struct world *w, int64_t at)
{
	bool platform, api;
	int64_t start = at + 300, end;
	struct sample *s = sample(w->run);
	struct call *c;

	w->request = 1000 + ++w->seq;
	end = use_platform(w, start + 100, &platform);
	end = use_api(w, end + 100, &api) + 300;
	if (!platform && !has(w, WITHOUT_FALLBACK))
		api = false;
	c = call(w, EDGE, start, end, api ? CALL_OK : CALL_ERROR);
	c->bytes_down = platform && api ? 4000 : 300;
	c->id = w->seq;
	c->upstream_us = end - start - ADDED_US - (int64_t)(w->seq % 40);
	*s = (struct sample){.load = 0,
			     .request = 0,
			     .seq = w->seq,
			     .id = c->id,
			     .intended_us = at,
			     .start_us = start,
			     .first_us = end,
			     .end_us = end + 200,
			     .status = c->status,
			     .outcome = api ? SAMPLE_OK : SAMPLE_FAILED,
			     .degraded = api && !platform,
			     .bytes = c->bytes_down};
}

static void
ask_health(struct world *w, int64_t at)
{
	bool down = has(w, WITHOUT_HONEST_HEALTH) &&
		    (acts(w, 2, 0, at) || acts(w, 3, 0, at));

	*sample(w->run) =
	    (struct sample){.load = 1,
			    .seq = ++w->seq,
			    .intended_us = at,
			    .start_us = at + 100,
			    .first_us = at + 900,
			    .end_us = at + 1000,
			    .status = down ? 503 : 200,
			    .outcome = down ? SAMPLE_FAILED : SAMPLE_OK,
			    .bytes = 2};
}

static void
ask_reports(struct world *w, int64_t at)
{
	bool hit = !has(w, WITHOUT_ISOLATION) && acts(w, 2, 0, at);

	w->request = 1000000 + ++w->seq;
	call(w, REPORTS, at, at + (int64_t)between(w, 8000, 12000),
	     hit ? CALL_ERROR : CALL_OK);
}

/* One after the other in time, as the services remember. */
static void
let_time_pass(struct world *w)
{
	int64_t next[3] = {S(0.05), S(0.5), S(0.1)};
	static void (*const ask[])(struct world *, int64_t) = {
	    ask_edge, ask_health, ask_reports};

	for (;;) {
		size_t i = next[0] <= next[1] ? 0 : 1;

		i = next[2] < next[i] ? 2 : i;
		if (next[i] >= w->run->duration_us)
			return;
		ask[i](w, next[i]);
		next[i] += i == 0   ? (int64_t)between(w, 25000, 75000)
			   : i == 1 ? S(1)
				    : (int64_t)between(w, 1e5, 3e5);
	}
}

/* --- the run -------------------------------------------------------------- */

static void
arm(struct world *w, size_t scenario)
{
	struct run_scenario *s = &w->run->scenarios[scenario];

	for (size_t i = 0; i < s->asked->steps_count; i++) {
		struct run_step *step = &s->steps[i];
		struct route *r =
		    record_route(&w->run->record, step->asked->route);
		const char *kind = intern(step->asked->fault->kind->name);

		step->asked = &s->asked->steps[i];
		record_arm(r, &(struct window){intern("fault"), kind,
					       step->armed_us, step->lifted_us,
					       40 + scenario});
	}
}

static void
plan(struct world *w)
{
	/* of each scenario: start, first fault, end */
	static const double times[][2] = {
	    {40, 150}, {150, 220}, {220, 420}, {420, 510}, {510, 600}};
	struct run *run = w->run;

	for (size_t i = 0; i < run->asked->scenarios_count; i++) {
		struct run_scenario *s = &run->scenarios[i];

		s->asked = &run->asked->scenarios[i];
		s->state = SCENARIO_RUN;
		s->from_us = S(times[i][0]);
		s->to_us = S(times[i][1]);
		s->steps = xcalloc(s->asked->steps_count, sizeof(*s->steps));
		for (size_t k = 0; k < s->asked->steps_count; k++) {
			const struct conf_step *asked = &s->asked->steps[k];
			int64_t at = s->from_us + asked->at_us;

			s->steps[k] = (struct run_step){
			    .asked = asked,
			    .planned_us = at,
			    .armed_us = at + 1200,
			    .lifted_us = at + asked->for_us + 1500,
			    .matched = 200,
			    .applied = 200,
			    .proof = PROOF_MATCHED,
			    .lift_verified = true};
		}
		arm(w, i);
	}
}

/* What the runner would have filled in. */
static void
note(struct world *w)
{
	struct run *run = w->run;
	struct run_scenario *last =
	    &run->scenarios[run->asked->scenarios_count - 1];

	last->steps[0].asked_value = 800;
	last->steps[0].achieved_value = 800.1;
	last->steps[0].unit = "ms";
	if (!has(w, WITHOUT_PROOF)) {
		run->scenarios[1].steps[0].proof = PROOF_NO_HIT;
		run->scenarios[1].steps[0].matched = 0;
		run->scenarios[1].steps[0].applied = 0;
	}
	if (!has(w, WITHOUT_END)) {
		last->state = SCENARIO_ABORTED;
		last->why = xstrdup("guard: more than 60 % of users failed");
		run->notes = xcalloc(1, sizeof(*run->notes));
		run->notes[run->notes_count++] = (struct run_note){
		    S(545), "guard",
		    xstrdup("users: 71 % of 400 requests failed")};
		run->exit_code = 4;
	}
	run->scenarios[2].verify = (struct run_verify){
	    .done = true,
	    .acked = 900,
	    .ambiguous = 2,
	    .stored = has(w, WITHOUT_DURABILITY) ? 901 : 892,
	    .lost = has(w, WITHOUT_DURABILITY) ? 0 : 9,
	    .applied_in_doubt = 1};
}

void
planted_run(struct run *run, uint64_t seed, unsigned without)
{
	struct world w = {
	    .run = run, .without = without, .rng = {seed}, .line = 100};

	planted_asked(run);
	run->seed = seed;
	run->duration_us = S(600);
	run->start_wall_us = (int64_t)1790000000 * 1000000;
	run->driver_late_p99_us = 800;
	run->scenarios =
	    xcalloc(run->asked->scenarios_count, sizeof(*run->scenarios));
	for (int i = 0; i < ROUTES; i++)
		record_route(&run->record, names[i]);
	run->record.routes[API].edge = EDGE;
	run->record.routes[PLATFORM].edge = EDGE;
	run->record.routes[REDIS].edge = API;
	run->record.routes[DB].edge = API;
	run->record.noise_us = 300;
	plan(&w);
	let_time_pass(&w);
	note(&w);
	run->record.end_us = run->duration_us;
	run->events = w.line;
	record_finish(&run->record);
	run_judge(run);
}
