/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mechanisms. */
#include "report/mechanism.h"

#include <string.h>

#define INFRA CATEGORY_INFRASTRUCTURE
#define APP   CATEGORY_APPLICATION

/* All clients come back at the same time, again and again. */
static bool
is_in_step(const struct verdict *v)
{
	return verdict_has_word(v, "jitter", "none") &&
	       (verdict_has_word(v, "shape", "immediate") ||
		verdict_has_word(v, "shape", "constant"));
}

/* A drip keeps the client waiting for ever. */
static bool
is_idle_only(const struct verdict *v)
{
	return verdict_has_word(v, "kind", "idle");
}

static const struct mechanism rows[] = {
    {"breaker", "Circuit breaker", APP, 3, RISK_HIGH, false,
     "a circuit breaker cuts off callers while it fails",
     "no sound circuit breaker cuts off callers while it fails"},
    {"retries", "Retries", APP, 2, RISK_MEDIUM, false,
     "callers retry what fails", "callers do not retry all that fails"},
    {"backoff", "Backoff", APP, 1, RISK_MEDIUM, false,
     "pauses between attempts grow, or are spread",
     "pauses between attempts are not as they should be", is_in_step},
    {"retry_after", "Retry-After", APP, 1, RISK_LOW, false,
     "retries wait as long as Retry-After asks",
     "retries come earlier than Retry-After asks"},
    {"unsafe_retry", "Unsafe retries", APP, 1, RISK_HIGH, true,
     "requests that are not idempotent are not sent again",
     "requests that are not idempotent are sent again"},
    {"amplification", "Retry budget", APP, 1, RISK_HIGH, true,
     "retries stay within a budget of 20 %", "retries exceed a budget of 20 %"},
    {"timeout", "Time-out", APP, 3, RISK_HIGH, false, "callers give up waiting",
     "not all callers give up waiting", is_idle_only},
    {"timeout_order", "Order of time-outs", APP, 2, RISK_MEDIUM, false,
     "callers wait longer than the service behind them",
     "callers leave before the service behind them gives up"},
    {"leaked_calls", "Leaked calls", APP, 1, RISK_MEDIUM, true,
     "calls end with their caller", "calls go on after their caller left"},
    {"fallback", "Fallback", APP, 2, RISK_MEDIUM, false,
     "callers get an answer while it is faulted",
     "callers notice that it is faulted"},
    {"bulkhead", "Bulkhead", APP, 2, RISK_MEDIUM, false,
     "calls under way are limited", "calls under way are not limited"},
    {"synchronised_retries", "Retries in waves", APP, 1, RISK_MEDIUM, true,
     "retries do not come in waves", "retries come in waves"},
    {"health_honesty", "Health checks", APP, 1, RISK_MEDIUM, false,
     "health checks tell the truth", "health checks do not tell the truth"},
    {"recovery", "Recovery", INFRA, 3, RISK_HIGH, false,
     "all is as before after the fault", "it did not recover from all faults"},
    {"metastable", "Metastable overload", INFRA, 2, RISK_HIGH, true,
     "no overload outlasts the fault", "overload outlasts the fault"},
    {"reconnect", "Reconnects", INFRA, 1, RISK_LOW, false,
     "clients connect again", "clients do not connect again as they should",
     is_in_step},
    {"failover", "Failover", INFRA, 3, RISK_HIGH, false,
     "calls go on elsewhere", "calls do not go on elsewhere"},
    {"isolation", "Isolation of siblings", INFRA, 1, RISK_MEDIUM, false,
     "other dependencies of its caller stay well",
     "other dependencies of its caller get worse"},
    {"cascade", "Cascade", INFRA, 2, RISK_HIGH, true,
     "what does not need it stays well",
     "the fault spreads to what does not need it"},
    {"read_back", "Stored writes", INFRA, 3, RISK_HIGH, true,
     "every acknowledged write is stored once",
     "acknowledged writes are missing or doubled"},
    {"blast_radius", "Blast radius", INFRA, 0, RISK_LOW, true,
     "no other route got worse", "other routes got worse"},
};

const struct mechanism *
mechanism_at(size_t n)
{
	return n < COUNT_OF(rows) ? &rows[n] : NULL;
}

const struct mechanism *
mechanism_find(const char *mech)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (strcmp(rows[i].mech, mech) == 0)
			return &rows[i];
	}
	return NULL;
}

const char *
category_name(enum category c)
{
	return c == CATEGORY_APPLICATION ? "application" : "infrastructure";
}

const char *
risk_name(enum risk r)
{
	static const char *const names[] = {"LOW", "MEDIUM", "HIGH"};

	return names[r];
}
