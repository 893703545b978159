/* SPDX-License-Identifier: Apache-2.0 */
/* As a file would ask for it: the five scenarios of a first cycle. */
#include "tests/report/planted_asked.h"

#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/model.h"

/* The model owns its texts, so they are not const. */
#define T(text) ((char[]){text})
#define AT(n)	.where = {"cycle-1.conf", (n)}

static const struct conf_kind reset_peer = {.name = "reset_peer"};
static const struct conf_kind down = {.name = "down"};
static const struct conf_kind hang = {.name = "hang"};
static const struct conf_kind latency = {.name = "latency"};
static const struct conf_kind conn_limit = {.name = "conn_limit"};

static struct conf_fault faults[] = {
    {.kind = &reset_peer}, {.kind = &down},    {.kind = &down},
    {.kind = &hang},	   {.kind = &latency}, {.kind = &conn_limit}};

static struct conf_step steps[][2] = {
    {{.for_us = 45000000, .route = T("platform"), .fault = &faults[0], AT(40)}},
    {{.for_us = 30000000, .route = T("redis"), .fault = &faults[1], AT(44)}},
    {{.for_us = 120000000, .route = T("db"), .fault = &faults[2], AT(48)}},
    {{.for_us = 45000000, .route = T("db"), .fault = &faults[3], AT(52)}},
    {{.for_us = 30000000, .route = T("api"), .fault = &faults[4], AT(56)},
     {.at_us = 15000000,
      .for_us = 15000000,
      .route = T("api"),
      .fault = &faults[5],
      AT(57)}},
};

static char *laws[] = {T("exponential")};
static char *redis_only[] = {T("redis")};

static struct conf_expect expects[][6] = {
    {{.key = T("breaker.on"), .value = T("platform"), AT(41)},
     {.key = T("breaker.threshold_max"), .value = T("10"), AT(41)},
     {.key = T("breaker.open_max"), .value = T("60s"), AT(41)},
     {.key = T("fallback"), .value = T("graceful"), AT(42)},
     {.key = T("recovery_max"), .value = T("15s"), AT(42)}},
    {{.key = T("retries.max"), .value = T("3"), AT(45)},
     {.key = T("retries.backoff"), .values = {laws, 1}, AT(45)},
     {.key = T("edge_success_min"), .value = T("0.99"), AT(46)},
     {.key = T("blast_radius"), .values = {redis_only, 1}, AT(46)}},
    {{.key = T("fallback"), .value = T("fail-fast"), AT(49)},
     {.key = T("recovery_max"), .value = T("30s"), AT(49)},
     {.key = T("siblings_unaffected"), .value = T("true"), AT(49)},
     {.key = T("lost_acked"), .value = T("0"), AT(50)},
     {.key = T("health_honest"), .value = T("true"), AT(50)}},
    {{.key = T("timeout.on"), .value = T("db"), AT(53)},
     {.key = T("timeout.max"), .value = T("5s"), AT(53)}},
    {{.key = T("bulkhead.on"), .value = T("api"), AT(58)},
     {.key = T("siblings_unaffected"), .value = T("true"), AT(58)}},
};

static struct conf_scenario scenarios[] = {
    {.name = T("service-crash"),
     .steps = steps[0],
     .steps_count = 1,
     .expects = expects[0],
     .expects_count = 5,
     AT(39)},
    {.name = T("redis-outage"),
     .steps = steps[1],
     .steps_count = 1,
     .expects = expects[1],
     .expects_count = 4,
     AT(43)},
    {.name = T("db-outage"),
     .steps = steps[2],
     .steps_count = 1,
     .expects = expects[2],
     .expects_count = 5,
     .verify = {.acked = T("users"), .read = T("list-ids")},
     AT(47)},
    {.name = T("db-partition"),
     .steps = steps[3],
     .steps_count = 1,
     .expects = expects[3],
     .expects_count = 2,
     AT(51)},
    {.name = T("exhaustion"),
     .steps = steps[4],
     .steps_count = 2,
     .expects = expects[4],
     .expects_count = 2,
     AT(55)},
};

static struct conf_request requests[] = {{.weight = 1,
					  .method = T("GET"),
					  .target = T("/api/{seq}"),
					  .idempotent = true},
					 {.weight = 1,
					  .method = T("GET"),
					  .target = T("/health"),
					  .idempotent = true}};

static struct conf_load loads[] = {{.name = T("users"),
				    .target = T("edge"),
				    .rate = 20,
				    .requests = &requests[0],
				    .requests_count = 1,
				    AT(20)},
				   {.name = T("health"),
				    .target = T("edge"),
				    .rate = 1,
				    .probe = T("health"),
				    .requests = &requests[1],
				    .requests_count = 1,
				    AT(22)}};

static struct conf_steady steady[] = {
    {.of = T("users"), .success_min = 0.99, .min_samples = 300, AT(30)}};

static const struct conf_experiment experiment = {
    .name = T("planted-cycle-1"),
    .loads = loads,
    .loads_count = COUNT_OF(loads),
    .steady = steady,
    .steady_count = 1,
    .scenarios = scenarios,
    .scenarios_count = COUNT_OF(scenarios),
    .report = {.slo = 0.999},
    AT(10)};

static const struct run_route routes[] = {
    {"edge", "http", "127.0.0.1:8000", "127.0.0.1:18000", "web team"},
    {"api", "http", "127.0.0.1:8001", "127.0.0.1:18001", "api team"},
    {"platform", "http", "127.0.0.1:8007", "127.0.0.1:18007", "platform team"},
    {"redis", "tcp", "127.0.0.1:7379", "127.0.0.1:6379", NULL},
    {"db", "tcp", "127.0.0.1:6432", "127.0.0.1:5432", "data <b>team</b>"},
    {"reports", "http", "127.0.0.1:8002", "127.0.0.1:18002", NULL}};

void
planted_asked(struct run *run)
{
	run->asked = &experiment;
	run->run_id = xstrdup("run-0001");
	run->file = xstrdup("cycle-1.conf");
	run->config_hash = xstrdup("c0ffee00c0ffee00");
	run->routes_count = COUNT_OF(routes);
	run->routes = xcalloc(COUNT_OF(routes), sizeof(*run->routes));
	memcpy(run->routes, routes, sizeof(routes));
	run->steady_count = 1;
	run->steady = xcalloc(1, sizeof(*run->steady));
	run->steady[0] = (struct run_steady){.asked = &steady[0],
					     .met = true,
					     .n = 780,
					     .success = 1,
					     .success_lo = 0.9951,
					     .success_hi = 1,
					     .p95_us = 16000,
					     .p99_us = 17000};
}
