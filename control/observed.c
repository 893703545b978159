/* SPDX-License-Identifier: Apache-2.0 */
/* Reactions become counts, and some of them lines of the log. */
#include "control/observed.h"

#include "base/log.h"

#define ONE 1000000 /* sums are told in millionths */

const struct histogram_scale histogram_attempts = {
    {0, 1 * ONE, 2 * ONE, 3 * ONE, 4 * ONE, 5 * ONE, 6 * ONE, 7 * ONE,
	8 * ONE, 10 * ONE, 15 * ONE, 20 * ONE, 50 * ONE, 100 * ONE,
	1000 * ONE},
    {"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0", "8.0", "10.0",
	"15.0", "20.0", "50.0", "100.0", "1000.0", "+Inf"},
};

static void
on_retry(struct observed *to, const struct reaction *r, int64_t now_us)
{
	counter_add(&to->retries[r->after], 1);
	histogram_add(&to->pauses, &histogram_durations,
	    (int64_t)(r->seconds * 1e6));
	if (!log_enabled(LOG_INFO) ||
	    !log_sample_take(&to->retry_lines, now_us))
		return;
	log_line(LOG_INFO, "retry_observed", "a request was sent again",
	    LOG_STR("route", to->route), LOG_STR("client", to->client),
	    LOG_STR("after", retry_cause_name(r->after)),
	    LOG_UINT("attempt", r->attempts),
	    LOG_DOUBLE("interval_s", r->seconds), LOG_END);
}

static void
on_saved(struct observed *to, const struct reaction *r, int64_t now_us)
{
	(void)now_us;
	counter_add(&to->saved, 1);
	histogram_add(&to->attempts, &histogram_attempts,
	    (int64_t)r->attempts * ONE);
}

static void
on_stopped(struct observed *to, const struct reaction *r, int64_t now_us)
{
	counter_add(&to->stopped, 1);
	histogram_add(&to->attempts, &histogram_attempts,
	    (int64_t)r->attempts * ONE);
	/* One that was never tried again is no news of its own. */
	if (r->attempts == 0 || !log_enabled(LOG_INFO) ||
	    !log_sample_take(&to->left_lines, now_us))
		return;
	log_line(LOG_INFO, "client_gave_up",
	    "a request is not sent again", LOG_STR("route", to->route),
	    LOG_STR("client", to->client), LOG_STR("how", "stopped"),
	    LOG_UINT("retries", r->attempts), LOG_END);
}

static void
on_left(struct observed *to, const struct reaction *r, int64_t now_us)
{
	histogram_add(&to->waits, &histogram_durations,
	    (int64_t)(r->seconds * 1e6));
	if (!log_enabled(LOG_INFO) || !log_sample_take(&to->left_lines, now_us))
		return;
	log_line(LOG_INFO, "client_gave_up",
	    "a client hung up while it waited", LOG_STR("route", to->route),
	    LOG_STR("client", to->client), LOG_STR("how", "left"),
	    LOG_DOUBLE("duration_s", r->seconds), LOG_END);
}

static void
on_breaker(struct observed *to, const struct reaction *r, int64_t now_us)
{
	(void)now_us;
	counter_add(&to->transitions[r->from][r->to], 1);
	log_line(LOG_INFO, "breaker_transition",
	    "a circuit breaker changed its state",
	    LOG_STR("route", to->route), LOG_STR("client", to->client),
	    LOG_STR("from", breaker_state_name(r->from)),
	    LOG_STR("to", breaker_state_name(r->to)), LOG_END);
}

static void
on_steady(struct observed *to, const struct reaction *r, int64_t now_us)
{
	(void)now_us;
	to->recovery_s = r->seconds;
	log_line(LOG_INFO, "recovered", "calls are as before the fault",
	    LOG_STR("route", to->route), LOG_DOUBLE("duration_s", r->seconds),
	    LOG_END);
}

static void (*const tellers[])(struct observed *to, const struct reaction *r,
    int64_t now_us) = {
    [REACTION_RETRY] = on_retry,
    [REACTION_SAVED] = on_saved,
    [REACTION_STOPPED] = on_stopped,
    [REACTION_LEFT] = on_left,
    [REACTION_BREAKER] = on_breaker,
    [REACTION_STEADY] = on_steady,
};

void
observed_tell(struct observed *to, const struct reaction *r, int64_t now_us)
{
	tellers[r->type](to, r, now_us);
}

void
observed_tell_rest(struct observed *to)
{
	uint64_t retries = log_sample_rest(&to->retry_lines);
	uint64_t left = log_sample_rest(&to->left_lines);

	if (retries > 0)
		log_line(LOG_INFO, "retry_observed",
		    "requests were sent again, more often than there are "
		    "lines", LOG_STR("route", to->route),
		    LOG_UINT("count", retries), LOG_END);
	if (left > 0)
		log_line(LOG_INFO, "client_gave_up",
		    "clients gave up, more often than there are lines",
		    LOG_STR("route", to->route), LOG_UINT("count", left),
		    LOG_END);
}
